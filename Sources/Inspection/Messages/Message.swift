// SPDX-License-Identifier: Apache-2.0
import Authorization
import RegoVM

/// JSON-RPC 2.0: what MCP and A2A have in common.
extension Inspection {
    /// - Returns: false when the body is no JSON-RPC.
    mutating func inspectMessage(_ content: Value) -> Bool {
        if content.kind == .array { return inspectBatch(content) }
        guard content.kind == .object else { return false }
        let version = content["jsonrpc"]
        guard version.isDefined || (isMessageExpected && content["method"].isDefined) else {
            return hasAmbiguousKeys(content) && rejectAmbiguous()
        }
        if !version.equals("2.0") { facts.doubts.insert(.malformedMessage) }
        let isPost = http.method.equals("POST")
        if !isPost { facts.doubts.insert(.malformedMessage) }
        if headers.mediaType != .json { facts.doubts.insert(.contentType) }
        let id = content["id"]
        takeID(id)
        let method = content["method"]
        let params = content["params"]
        if method.isUndefined {
            inspectReply(content)
        } else if method.isString {
            inspectCall(method.text, params)
        } else {
            facts.trafficProtocol = .mcp
            facts.doubts.insert(.malformedMessage)
        }
        var known = version.isDefined ? 2 : 1
        if id.isDefined { known += 1 }
        if params.isDefined { known += 1 }
        if content.count != known || method.isUndefined { lookForOtherMembers(content) }
        if !isPost { raiseEffect() }
        return true
    }

    /// A message has the members of JSON-RPC 2.0 (sections 4 and 5) and no others: neither MCP nor
    /// A2A adds one. Servers of other APIs ignore what they do not know, so a body for one of them
    /// with `jsonrpc` and a harmless `method` on top would pass for MCP.
    ///
    /// JSON-RPC that is neither MCP nor A2A may have more (Zabbix has `auth`): its effect is
    /// unknown anyway. What Envoy's filters tell has members of theirs.
    @inline(never)
    private mutating func lookForOtherMembers(_ content: Value) {
        let isReply = content["method"].isUndefined
        var hasOthers = false
        for key in content.keys where !key.equals("jsonrpc") && !key.equals("id") {
            let isKnown =
                isReply
                ? key.equals("result") || key.equals("error")
                : key.equals("method") || key.equals("params")
            if !isKnown { hasOthers = true }
        }
        guard hasOthers else { return }
        if hasAmbiguousKeys(content) {
            facts.doubts.insert(.ambiguousKeys)
        } else if facts.trafficProtocol != .unknown, !facts.doubts.contains(.bodyMissing) {
            facts.doubts.insert(.malformedMessage)
            raiseEffect()
        }
    }

    var isMessageExpected: Bool { headers.isMCP || expected == .mcp || expected == .a2a }

    private mutating func rejectAmbiguous() -> Bool {
        facts.trafficProtocol = .mcp
        facts.doubts.insert(.ambiguousKeys)
        return true
    }

    private mutating func takeID(_ id: Value) {
        switch id.kind {
        case .decimal where facts.doubts.contains(.bodyMissing): break
        case .undefined, .string, .integer, .decimal, .null: facts.messageID = id
        default: facts.doubts.insert(.malformedMessage)
        }
    }

    /// A client's reply to a request of the server (sampling, elicitation).
    private mutating func inspectReply(_ content: Value) {
        facts.trafficProtocol = .mcp
        facts.operation = Bytes("response")
        facts.effect = .write
        facts.messageID = .undefined
        if content["result"].isUndefined && content["error"].isUndefined {
            facts.doubts.insert(.malformedMessage)
        }
        if headers.mcpMethod != nil { facts.doubts.insert(.mismatch) }
    }

    private mutating func inspectCall(_ method: Bytes, _ params: Value) {
        facts.operation = method
        switch params.kind {
        case .undefined, .object: break
        default: facts.doubts.insert(.malformedMessage)
        }
        if inspectAgentCall(method, params) {
            // A2A has no such headers; whoever goes by them takes the call for another one.
            return compareHeaders(method, .empty, params["_meta"])
        }
        if isMessageExpected || ModelContextMethod.isKnown(method)
            || method.firstIndex(of: UInt8(ascii: "/")) != nil
        {
            inspectModelContext(method, params)
        } else {
            facts.trafficProtocol = .unknown
            facts.effect = .unknown
        }
    }

    /// True when a key equals one of JSON-RPC's in all but case. Go's encoding/json, for one, takes
    /// such a key for the name itself, and the later one wins.
    private func hasAmbiguousKeys(_ message: Value) -> Bool {
        message.hasVariants { key in
            key.isVariant(of: "id") || key.isVariant(of: "method") || key.isVariant(of: "params")
                || key.isVariant(of: "jsonrpc")
        }
    }
}

extension Value {
    /// True when this is an object, and one of its keys a variant in case of a name that matters.
    @inline(__always)
    func hasVariants(_ isVariant: (Bytes) -> Bool) -> Bool {
        for key in keys where isVariant(key.text) { return true }
        return false
    }
}
