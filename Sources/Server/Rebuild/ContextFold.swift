// SPDX-License-Identifier: Apache-2.0
import AgentContext
import RegoVM

/// Applies records to the agents' context. The same fold serves the rebuild at the start and
/// whatever is recorded while serving, so that both give the same context.
///
/// Belongs to one thread at a time.
final class ContextFold {
    private let agents: AgentStore
    private let arena = Arena()

    init(_ agents: AgentStore) { self.agents = agents }

    deinit { arena.destroy() }

    /// - Returns: false when no place was left for the agent.
    @discardableResult
    func apply(_ record: UnsafeRawBufferPointer) throws(ContextRecord.Unreadable) -> Bool {
        arena.reset()
        switch try ContextRecord.read(record, arena) {
        case .decision(let event): return agents.apply(event)
        case .change(let change): return agents.apply(change)
        case .approval(let step): agents.apply(step)
        case .irrelevant: break
        }
        return true
    }
}
