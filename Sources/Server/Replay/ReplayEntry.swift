// SPDX-License-Identifier: Apache-2.0
import AgentContext
import Authorization
import DecisionLog
import RegoVM

/// One entry of the log on its way through a replay.
final class ReplayEntry: OrderedEntry {
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
    let place: EventPlace
    var isDecided = false
    var isApplied = false

    /// - Returns: nil for kinds that no decision depends on.
    init?(
        _ index: Int, _ entry: UnsafeRawBufferPointer, _ arena: Arena
    ) throws(ContextRecord.Unreadable) {
        let fields = try ContextRecord.fields(entry, arena)
        let record = try ContextRecord(fields)
        guard let place = try EventPlace(record, fields) else { return nil }
        self.index = index
        bytes = Array(entry)
        self.place = place
        switch record {
        case .decision:
            let decision = try RecordedDecision(fields)
            content = .decision(decision)
            text = decision.content.map {
                RecordedText(
                    reference: $0, owner: decision.id, decision: decision.id, time: decision.time)
            }
        case .approval(let step):
            content = .change
            text = step.text.flatMap { ContentReference($0) }.map {
                RecordedText(
                    reference: $0, owner: step.approval, decision: step.decision, time: step.time)
            }
        case .change, .irrelevant:
            content = .change
            text = nil
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
