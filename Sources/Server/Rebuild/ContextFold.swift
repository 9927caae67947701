// SPDX-License-Identifier: Apache-2.0
import AgentContext
import Authorization
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

    /// What became of a record.
    enum Outcome: Equatable {
        /// It is part of the context, or says nothing about it.
        case applied
        /// No place was left for its agent. Something in it holds until then, in nanoseconds since
        /// 1970; 0 when nothing in it does.
        case full(until: Int64)
    }

    @discardableResult
    func apply(_ record: UnsafeRawBufferPointer) throws(ContextRecord.Unreadable) -> Outcome {
        arena.reset()
        let record = try ContextRecord.read(record, arena)
        let isApplied =
            switch record {
            case .decision(let event): agents.apply(event)
            case .change(let change): agents.apply(change)
            case .approval(let step): agents.apply(step)
            case .irrelevant: true
            }
        return isApplied ? .applied : .full(until: record.end)
    }

    /// As `apply`, where a record found no place: agents that nothing restricts any more go first.
    ///
    /// - Parameter now: nanoseconds since 1970.
    func apply(
        _ record: UnsafeRawBufferPointer, makingRoomAt now: Int64
    ) throws(ContextRecord.Unreadable) -> Outcome {
        arena.reset()
        let agent: Bytes
        switch try ContextRecord.read(record, arena) {
        case .decision(let event): agent = event.agent
        case .change(let change): agent = change.agent
        case .approval(let step):
            let text = arena.string(step.agent).bytes
            agent = Bytes(start: text.baseAddress, count: text.count)
        case .irrelevant: return .applied
        }
        _ = agents.reserve(agent, now: now)
        return try apply(record)
    }
}

extension ContextRecord {
    /// When the last that it starts ends: labels, restrictions, signals, an open approval.
    /// Nanoseconds since 1970; 0 when it starts nothing.
    var end: Int64 {
        switch self {
        case .decision(let event):
            let labels = event.labels.map { Self.end(event.time, $0.seconds) }
            let restrictions = event.restrictions.map { Self.end(event.time, $0.seconds) }
            return max(labels.max() ?? 0, restrictions.max() ?? 0)
        case .change(let change):
            switch change.content {
            case .restrict(let restriction): return Self.end(change.time, restriction.seconds)
            case .signal(let signal): return Self.end(change.time, signal.seconds)
            case .release: return 0
            }
        case .approval(let step):
            return step.kind == .pending || step.kind == .granted ? step.expires : 0
        case .irrelevant: return 0
        }
    }

    static func end(_ time: Int64, _ seconds: Int64) -> Int64 {
        let lasting = min(max(0, seconds), AgentContext.Limits.markSeconds) * 1_000_000_000
        let (end, overflows) = time.addingReportingOverflow(lasting)
        return overflows ? .max : end
    }
}
