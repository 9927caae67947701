// SPDX-License-Identifier: Apache-2.0
import RegoVM

/// One entry of a log as a record (`record.schema.json`). Valid only while it is handed out.
public struct Record {
    public let index: Int
    public let bytes: UnsafeRawBufferPointer
    /// The JSON object; `.undefined` when the entry is none.
    public let json: Value

    init(index: Int, bytes: UnsafeRawBufferPointer, arena: Arena) {
        self.index = index
        self.bytes = bytes
        let document = try? JSONReader.read(bytes.bindMemory(to: UInt8.self), into: arena)
        json = document.map { $0.kind == .object ? $0 : .undefined } ?? .undefined
    }

    /// `decision` unless it says otherwise.
    public var kind: String { json["kind"].asString ?? "decision" }

    public var isDecision: Bool {
        let kind = json["kind"]
        return kind.isUndefined ? json["answer"].kind == .object : kind.equals("decision")
    }

    /// The id by which it is known: of the decision, or of what else it is.
    public var id: Value { json["decision_id"].isString ? json["decision_id"] : json["id"] }

    /// RFC 3339 in UTC with nine decimals, so that times compare as texts do.
    public var time: Value { json["time"] }

    /// Of a decision `agent.id`; other kinds may name the agent as a string.
    public var agent: Value { json["agent"].isString ? json["agent"] : json["agent"]["id"] }

    public var tool: Value { json["action"]["tool"] }
    public var operation: Value { json["action"]["operation"] }
    public var destination: Value { json["action"]["destination"]["host"] }

    /// `allow`, `deny`, ...
    public var answer: Value { json["answer"]["action"] }
    public var isAllowed: Bool { json["answer"]["allowed"].isTrue }
    /// Our own failure, not a policy's denial.
    public var isError: Bool { json["answer"]["error"].isTrue }

    /// The codes of its reasons.
    public var reasons: [Value] { json["answer"]["reasons"].elements.map { $0["code"] } }

    /// What people see as the outcome: the answer's action, or `error`.
    public var outcome: String {
        isError ? "error" : answer.asString ?? (isAllowed ? "allow" : "deny")
    }
}
