// SPDX-License-Identifier: Apache-2.0
import AgentContext
import RegoVM

/// What a record says about its event's place among those of its agent.
struct EventPlace {
    /// Empty for what is nobody's.
    let agent: String
    /// What a decision knew of; nil when no context was kept of the agent, and for other kinds.
    let stamp: ContextStamp?
    /// Names the event among those of its agent; nil for what is not part of its context.
    let fingerprint: UInt64?
    /// Operators and detectors did it: one after the other, each in the log before the context.
    let isOperation: Bool
}

extension EventPlace {
    /// - Returns: nil for kinds that no decision depends on.
    init?(_ record: ContextRecord, _ fields: RecordFields) throws(ContextRecord.Unreadable) {
        switch record {
        case .decision(let event):
            agent = event.agent.string
            let isKnown = fields["context"].isDefined
            stamp = isKnown ? try ContextStamp(fields.object("context")) : nil
            fingerprint = isKnown ? event.decision.fingerprint : nil
            isOperation = false
        case .change(let change):
            agent = change.agent.string
            stamp = nil
            fingerprint = change.id.fingerprint
            isOperation = true
        case .approval(let step):
            agent = step.agent
            stamp = nil
            fingerprint = step.fingerprint
            isOperation = step.kind == .granted || step.kind == .denied
        case .irrelevant: return nil
        }
    }
}

extension ContextStamp {
    /// `context` of a record.
    fileprivate init(_ context: RecordFields) throws(ContextRecord.Unreadable) {
        guard let digest = UInt64(try context.text("before").string, radix: 16) else {
            throw ContextRecord.Unreadable(reason: "expected 16 hexadecimal digits for `before`")
        }
        self.init(events: UInt64(clamping: try context.integer("events")), digest: digest)
    }
}
