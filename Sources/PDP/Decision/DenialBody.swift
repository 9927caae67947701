// SPDX-License-Identifier: Apache-2.0
import Authorization
import Inspection
import RegoVM

/// What the client is told about a denial when the policy gave no body of its own.
///
/// MCP and A2A clients break on an HTTP status that is not 2xx, so they get HTTP 200, unless the
/// policy named a status, with a JSON-RPC error (JSON-RPC 2.0 section 5.1) that echoes the
/// request's id. All others get the status with a small JSON object.
enum DenialBody {
    /// JSON-RPC error code of a denial, from the range that the specification leaves to servers.
    static let errorCode: Int64 = -32001

    /// - Parameter contact: where to ask for an approval; empty to say nothing.
    static func write(
        for facts: ActionFacts, _ decision: Decision, contact: String, in arena: Arena
    ) {
        var output = ByteBuilder(arena, capacity: 512)
        if facts.isMessage {
            output.append("{\"jsonrpc\":\"2.0\",\"id\":")
            JSONWriter.append(facts.messageID, to: &output)
            output.append(",\"error\":{\"code\":")
            output.append(errorCode)
            output.append(",\"message\":")
            JSONWriter.appendString(summary(decision).buffer, to: &output)
            output.append(",\"data\":")
            details(decision, contact, to: &output)
            output.append("}}")
            if decision.httpStatus == nil { decision.httpStatus = 200 }
        } else {
            details(decision, contact, to: &output)
        }
        decision.body = Bytes(start: output.bytes.baseAddress, count: output.count)
        let contentType = Bytes("content-type")
        for field in decision.headers where field.name.equalsIgnoringCase(contentType) { return }
        decision.headers.append(.init(name: contentType, value: Bytes("application/json")))
    }

    private static func summary(_ decision: Decision) -> Bytes {
        guard let first = decision.reasons.first else { return Bytes("denied by policy") }
        return first.message.isEmpty ? first.code : first.message
    }

    /// `{"decision_id": ..., "action": ..., "reasons": [{"code": ..., "message": ...}]}`, and
    /// `"approval": {"id": ..., "ask": ...}` or `"retry_after"` (seconds) where they apply.
    private static func details(
        _ decision: Decision, _ contact: String, to output: inout ByteBuilder
    ) {
        output.append("{\"decision_id\":\"")
        output.append(decision.id)
        output.append("\",\"action\":\"")
        output.append(decision.action.word)
        output.append("\",\"reasons\":[")
        for (index, reason) in decision.reasons.enumerated() {
            if index > 0 { output.append(UInt8(ascii: ",")) }
            output.append("{\"code\":")
            JSONWriter.appendString(reason.code.buffer, to: &output)
            if !reason.message.isEmpty {
                output.append(",\"message\":")
                JSONWriter.appendString(reason.message.buffer, to: &output)
            }
            output.append("}")
        }
        output.append("]")
        if let approval = decision.approval {
            ApprovalDesk.describe(approval, contact, to: &output)
        }
        if let seconds = decision.retryAfter {
            output.append(",\"retry_after\":")
            output.append(Int64(seconds))
        }
        output.append("}")
    }
}

extension ByteBuilder {
    /// The id's 36 characters.
    mutating func append(_ id: DecisionID) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: DecisionID.textLength) { text in
            id.write(to: text.baseAddress.unsafelyUnwrapped)
            append(UnsafeBufferPointer(text))
        }
    }
}
