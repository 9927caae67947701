// SPDX-License-Identifier: Apache-2.0
import AgentContext
import Authorization
import DecisionLog
import RegoVM

/// One entry of the log on its way through a replay.
final class ReplayEntry {
    enum Content {
        case decision(RecordedDecision)
        /// What somebody did to the agent.
        case change
    }

    let index: Int
    let bytes: [UInt8]
    let content: Content
    /// What lies beside the log for this entry; nil for nothing.
    let text: RecordedText?
    /// Empty for entries that are nobody's.
    let agent: String
    /// Adds to the agent's stamp; nil for what is not part of its context.
    let fingerprint: UInt64?
    var isDecided = false
    var isApplied = false

    /// - Returns: nil for kinds that no decision depends on.
    init?(
        _ index: Int, _ entry: UnsafeRawBufferPointer, _ arena: Arena
    ) throws(ContextRecord.Unreadable) {
        let record = try ContextRecord.fields(entry, arena)
        self.index = index
        bytes = Array(entry)
        switch try ContextRecord(record) {
        case .decision(let event):
            let decision = try RecordedDecision(record)
            content = .decision(decision)
            text = decision.content.map {
                RecordedText(
                    reference: $0, owner: decision.id, decision: decision.id, time: decision.time)
            }
            agent = event.agent.string
            fingerprint = decision.context == nil ? nil : event.decision.fingerprint
        case .change(let change):
            content = .change
            text = nil
            agent = change.agent.string
            fingerprint = change.id.fingerprint
        case .approval(let step):
            content = .change
            text = step.text.flatMap { ContentReference($0) }.map {
                RecordedText(
                    reference: $0, owner: step.approval, decision: step.decision, time: step.time)
            }
            agent = step.agent
            fingerprint = step.fingerprint
        case .irrelevant: return nil
        }
    }

    var decision: RecordedDecision? {
        if case .decision(let decision) = content { return decision }
        return nil
    }
}

/// A text beside the log, and whose it is.
struct RecordedText {
    let reference: ContentReference
    /// As the text's entry names it: a decision or an approval.
    let owner: DecisionID
    let decision: DecisionID?
    /// Nanoseconds since 1970.
    let time: Int64
}
