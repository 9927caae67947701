// SPDX-License-Identifier: Apache-2.0
import Authorization
import RegoVM

/// The Model Context Protocol over HTTP, both generations: with sessions (up to 2025-11-25) and
/// without (from 2026-07-28, where headers repeat the method and the name).
extension Inspection {
    mutating func inspectModelContext(_ method: Bytes, _ params: Value, _ arena: Arena) {
        facts.trafficProtocol = .mcp
        facts.effect = ModelContextMethod.effect(of: method)
        if hasAmbiguousParameters(params) { facts.doubts.insert(.ambiguousKeys) }
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
        }
        if ModelContextMethod.needsName(method) && !(name.isString && name.count > 0) {
            facts.doubts.insert(.malformedMessage)
        }
        compareHeaders(method, name.text, arena)
    }

    private func hasAmbiguousParameters(_ params: Value) -> Bool {
        for key in params.keys {
            let key = key.text
            if key.differsInCase("name") || key.differsInCase("arguments")
                || key.differsInCase("uri")
            {
                return true
            }
        }
        return false
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
    private var requiresHeaders: Bool {
        let version = headers.mcpProtocolVersion
        let since = Bytes(Self.headersSince)
        guard version.count == since.count else { return false }
        for index in 0..<since.count where version[index] != since[index] {
            return version[index] > since[index]
        }
        return true
    }

    private mutating func compareHeaders(_ method: Bytes, _ name: Bytes, _ arena: Arena) {
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
        if isKnown(method) || method.hasPrefix("notifications/") || method.hasSuffix("/list") {
            return .read
        }
        return isReading(method) ? .read : isWriting(method) ? .write : .unknown
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

/// Header values of SEP-2243: plain text, or `=?base64?...?=` for what plain text cannot carry.
enum EncodedHeader {
    /// - Returns: the decoded value; nil when it is not well formed.
    static func decode(_ value: Bytes, _ arena: Arena) -> Bytes? {
        let opening: StaticString = "=?base64?"
        guard value.hasPrefix(opening) else { return value }
        guard value.hasSuffix("?="), value.count >= opening.utf8CodeUnitCount + 2,
            value.count <= Limits.encodedNameBytes
        else { return nil }
        return base64(value[opening.utf8CodeUnitCount..<value.count - 2], arena)
    }

    /// Base64 with padding (RFC 4648 section 4).
    private static func base64(_ text: Bytes, _ arena: Arena) -> Bytes? {
        guard text.count % 4 == 0 else { return nil }
        var length = text.count
        while length > 0, text.count - length < 2, text[length - 1] == UInt8(ascii: "=") {
            length -= 1
        }
        let memory = arena.allocate(UInt8.self, count: text.count)
        var written = 0
        var bits: UInt32 = 0
        var held = 0
        for index in 0..<length {
            guard let digit = digit(text[index]) else { return nil }
            bits = bits << 6 | digit
            held += 6
            guard held >= 8 else { continue }
            held -= 8
            memory[written] = UInt8(truncatingIfNeeded: bits >> UInt32(held))
            written += 1
        }
        return Bytes(start: memory, count: written)
    }

    private static func digit(_ byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(byte - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(byte - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
