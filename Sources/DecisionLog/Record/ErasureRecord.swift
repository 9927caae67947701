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
        Self.text("by", by, RecordLimits.name, &json)
        Self.text("reason", reason, RecordLimits.message, &json)
        json.key("selection")
        json.beginObject()
        json.list("decisions", decisions.count) { json, index in
            Self.value(decisions[index], RecordLimits.name, &json)
        }
        Self.text("agent", agent, RecordLimits.identity, &json)
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

    private static func text(
        _ name: StaticString, _ text: String, _ limit: Int, _ json: inout JSONBuffer
    ) {
        guard !text.isEmpty else { return }
        json.key(name)
        value(text, limit, &json)
    }

    private static func value(_ text: String, _ limit: Int, _ json: inout JSONBuffer) {
        var text = text
        text.withUTF8 { json.value(Bytes(UnsafeRawBufferPointer($0)), limit: limit) }
    }
}
