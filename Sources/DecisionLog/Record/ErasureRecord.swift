// SPDX-License-Identifier: Apache-2.0
import Authorization

/// That texts of the content store were erased: the kind `erasure` of `record.schema.json`.
public struct ErasureRecord {
    public var id: DecisionID
    /// Nanoseconds since 1970.
    public var time: Int64
    /// Ids that were asked for; empty for a selection by agent and time.
    public var decisions: [String] = []
    /// Empty: every agent's.
    public var agent = ""
    /// Nanoseconds since 1970; nil for no bound.
    public var from: Int64?
    public var until: Int64?
    public var by = ""
    public var reason = ""
    /// Texts that are erased.
    public var erased = 0
    /// Texts that were gone before.
    public var missing = 0

    public init(id: DecisionID, time: Int64) {
        self.id = id
        self.time = time
    }

    /// The record's bytes. Not for the path of a check.
    public func encoded() -> [UInt8] {
        let writer = RecordWriter()
        return withExtendedLifetime(writer) {
            Array(writer.encode(kind: "erasure", id: id, time: time, write).buffer)
        }
    }

    private func write(_ json: inout JSONBuffer) {
        json.text("by", by, RecordLimits.name)
        json.text("reason", reason, RecordLimits.message)
        json.key("selection")
        json.beginObject()
        json.list("decisions", decisions.count) { json, index in
            json.value(decisions[index], limit: RecordLimits.name)
        }
        json.text("agent", agent, RecordLimits.identity)
        if let from {
            json.key("from")
            json.time(from)
        }
        if let until {
            json.key("until")
            json.time(until)
        }
        json.endObject()
        json.number("erased", erased)
        json.number("missing", missing)
    }
}
