// SPDX-License-Identifier: Apache-2.0
import Authorization
import Cryptography
import DecisionLog
import RegoVM

/// What replay needs of one record, in memory of its own.
struct RecordedDecision {
    var id = DecisionID()
    var time: Int64 = 0
    var content: ContentReference?
    /// Why no text was kept, when it was to be.
    var isDropped = false
    var isTruncated = false
    /// JSON pointers that a mask policy removed or replaced.
    var pointers: [String] = []
    var revision = ""
    /// Of the threat lists; empty when there were none.
    var threats = ""
    /// The route's name, or the entrypoint's.
    var route = ""
    var bodyBytes = 0
    /// Codes of the reasons.
    var reasons: [String] = []
    var action = ""
    /// That the decision waited for or used; nil for none.
    var approval: DecisionID?
    /// It came about by something else than the request, the context and the policy.
    var isAccident = false

    private static let accidents: Set<String> = [
        "context_full", "eval_cancel_error", "log_refused", "log_unavailable",
        "mask_refused",
    ]

    init(_ record: RecordFields) throws(ContextRecord.Unreadable) {
        id = try record.id("decision_id")
        time = try record.time("time")
        isTruncated = record["truncated"].isTrue
        if record["content"].isDefined { try readContent(try record.object("content")) }
        pointers = Self.texts(record["erased"]) + Self.texts(record["masked"])
        let policy = try record.object("policy")
        revision = try policy.optionalText("revision").string
        threats = try policy.optionalText("threats").string
        route = try policy.optionalText("route").string
        if route.isEmpty { route = try policy.optionalText("entrypoint").string }
        if record["request"].isDefined {
            bodyBytes = Int(try record.object("request")["body_bytes"].asInteger ?? 0)
        }
        if record["approval"].isDefined {
            approval = try record.object("approval").id("id")
        }
        let answer = try record.object("answer")
        action = try answer.text("action").string
        if answer["reasons"].kind == .array {
            reasons = answer["reasons"].elements.map { $0["code"].asString ?? "" }
        }
        isAccident = reasons.contains(where: Self.accidents.contains)
    }

    private mutating func readContent(
        _ content: RecordFields
    ) throws(ContextRecord.Unreadable) {
        if content["dropped"].isDefined {
            isDropped = true
            return
        }
        self.content = try content.contentReference()
    }

    private static func texts(_ list: Value) -> [String] {
        list.kind == .array ? list.elements.compactMap(\.asString) : []
    }
}
