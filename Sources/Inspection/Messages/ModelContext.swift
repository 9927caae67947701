// SPDX-License-Identifier: Apache-2.0
import Authorization
import RegoVM

/// The Model Context Protocol over HTTP, both generations: with sessions (up to 2025-11-25) and
/// without (from 2026-07-28, where headers repeat the method and the name).
extension Inspection {
    mutating func inspectModelContext(_ method: Bytes, _ params: Value) {
        facts.trafficProtocol = .mcp
        facts.effect = ModelContextMethod.effect(of: method)
        if params.hasVariants(Self.isParameterVariant) { facts.doubts.insert(.ambiguousKeys) }
        var name = Value.undefined
        if method.equals("tools/call") {
            name = params["name"]
            facts.tool = name.text
            takeArguments(params["arguments"])
        } else if method.equals("prompts/get") {
            name = params["name"]
            facts.resource = name.text
            takeArguments(params["arguments"])
        } else if method.hasPrefix("resources/") && params["uri"].isDefined {
            name = params["uri"]
            facts.resource = name.text
        } else if method.hasPrefix("tasks/") {
            // SEP-2663: the header names the task.
            name = params["taskId"]
            if name.isString { facts.resource = name.text }
        }
        if ModelContextMethod.needsName(method) && !(name.isString && name.count > 0) {
            facts.doubts.insert(.malformedMessage)
        }
        compareHeaders(method, name.text, params["_meta"])
    }

    private static func isParameterVariant(_ key: Bytes) -> Bool {
        key.isVariant(of: "name") || key.isVariant(of: "arguments") || key.isVariant(of: "uri")
            || key.isVariant(of: "taskId") || key.isVariant(of: "messages")
            || key.isVariant(of: "systemPrompt")
    }

    private mutating func takeArguments(_ arguments: Value) {
        switch arguments.kind {
        case .undefined: break
        case .object: facts.arguments = arguments
        default: facts.doubts.insert(.malformedMessage)
        }
    }

    /// The first protocol version that requires the headers.
    private static let headersSince: StaticString = "2026-07-28"

    /// Versions are dates, so they sort as text.
    private static func requiresHeaders(_ version: Bytes) -> Bool {
        let since = Bytes(headersSince)
        guard version.count == since.count else { return false }
        for index in 0..<since.count where version[index] != since[index] {
            return version[index] > since[index]
        }
        return true
    }

    mutating func compareHeaders(_ method: Bytes, _ name: Bytes, _ meta: Value) {
        let requiresHeaders = Self.requiresHeaders(headers.mcpProtocolVersion)
        if let claimed = headers.mcpMethod {
            if claimed != method { facts.doubts.insert(.mismatch) }
        } else if requiresHeaders {
            facts.doubts.insert(.mismatch)
        }
        if let claimed = headers.mcpName {
            if EncodedHeader.decode(claimed, arena) != name { facts.doubts.insert(.mismatch) }
        } else if requiresHeaders && ModelContextMethod.needsName(method) {
            facts.doubts.insert(.mismatch)
        }
        if meta.kind == .object { compareVersion(meta["io.modelcontextprotocol/protocolVersion"]) }
        if headers.hasParameters && !parametersMatch { facts.doubts.insert(.mismatch) }
    }

    /// The body of the later generation repeats the protocol version.
    private mutating func compareVersion(_ version: Value) {
        guard version.isDefined else { return }
        if !version.isString || version.text != headers.mcpProtocolVersion {
            facts.doubts.insert(.mismatch)
        }
    }

    /// Each `Mcp-Param-*` header repeats some argument of the call; which one only the tool's
    /// schema says, so a value that no argument has is what is looked for.
    private var parametersMatch: Bool {
        for field in context.attributes.pointee.headers where field.name.hasPrefix("mcp-param-") {
            guard let value = EncodedHeader.decode(field.value, arena) else { return false }
            var left = Limits.argumentValues
            guard EncodedHeader.occurs(value, in: facts.arguments, arena, 0, &left) else {
                return false
            }
        }
        return true
    }
}

/// Methods that an MCP client sends.
enum ModelContextMethod {
    static func isKnown(_ method: Bytes) -> Bool {
        method.equals("initialize") || method.equals("ping")
    }

    static func needsName(_ method: Bytes) -> Bool {
        method.equals("tools/call") || method.equals("prompts/get")
            || method.equals("resources/read")
    }

    static func effect(of method: Bytes) -> Effect {
        if method.equals("tools/call") { return .execute }
        if isKnown(method) || method.hasPrefix("notifications/") || isListing(method) {
            return .read
        }
        return isReading(method) ? .read : isWriting(method) ? .write : .unknown
    }

    private static func isListing(_ method: Bytes) -> Bool {
        guard method.hasSuffix("/list") else { return false }
        return method.equals("tools/list") || method.equals("resources/list")
            || method.equals("resources/templates/list") || method.equals("prompts/list")
            || method.equals("roots/list") || method.equals("tasks/list")
    }

    private static func isReading(_ method: Bytes) -> Bool {
        method.equals("resources/read") || method.equals("resources/subscribe")
            || method.equals("resources/unsubscribe") || method.equals("prompts/get")
            || method.equals("completion/complete") || method.equals("server/discover")
            || method.equals("tasks/get") || method.equals("tasks/result")
            || method.equals("subscriptions/listen")
    }

    private static func isWriting(_ method: Bytes) -> Bool {
        method.equals("logging/setLevel") || method.equals("tasks/cancel")
            || method.equals("tasks/update")
    }
}
