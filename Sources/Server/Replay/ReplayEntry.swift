// SPDX-License-Identifier: Apache-2.0
import AgentContext
import Authorization
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
            agent = event.agent.string
            fingerprint = decision.context == nil ? nil : event.decision.fingerprint
        case .change(let change):
            content = .change
            agent = change.agent.string
            fingerprint = change.id.fingerprint
        case .approval(let step):
            content = .change
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
