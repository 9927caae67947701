// SPDX-License-Identifier: Apache-2.0
import Authorization
import Synchronization

/// What is known of every agent, in bounded memory; shared by all threads.
///
/// A check reads a snapshot, decides, and applies its event. Between the two another thread may
/// decide about the same agent: each decision sees the context as of its own start.
public final class AgentStore: Sendable {
    public let approvals = ApprovalStore()
    let shards: [Shard]
    /// `shards`, of which no check counts a reference: all threads share these counts.
    nonisolated(unsafe) private let asked: UnsafeMutableBufferPointer<Unmanaged<Shard>>
    private let maximum: Int
    private let total = Atomic<Int>(0)

    /// - Parameter maximumAgents: agents that are remembered at most. When there are more, the
    ///   least recently used is forgotten, but never one under restriction.
    public init(maximumAgents: Int = Limits.agents) {
        maximum = max(1, maximumAgents)
        var number = 1
        while number < Limits.shards && maximum / (number * 2) >= Shard.pageStates { number *= 2 }
        shards = (0..<number).map { _ in Shard() }
        asked = .allocate(capacity: number)
        _ = asked.initialize(from: shards.map { .passUnretained($0) })
    }

    deinit { asked.deallocate() }

    /// How the store answers for an agent.
    public enum Lookup: Sendable {
        case known
        /// Not seen before; from now on it has a place.
        case new
        /// No place is left, because every agent is under restriction: the check must be denied.
        case full
        /// The agent has no name, so there is no context for it.
        case nobody
    }

    /// Agents that are remembered now.
    public var count: Int { total.load(ordering: .relaxed) }

    /// Copies what is known of an agent.
    ///
    /// - Parameters:
    ///   - session: of the request; empty when it names none.
    ///   - now: nanoseconds since 1970.
    public func load(
        _ agent: Bytes, session: Bytes = .empty, now: Int64, into snapshot: AgentSnapshot
    ) -> Lookup {
        snapshot.clear(now, session: session)
        guard !agent.isEmpty else { return .nobody }
        let hash = AgentState.hash(agent)
        snapshot.ask(for: agent, hash)
        let isKnown = withShard(of: hash) { storage in
            guard let index = storage.find(agent, hash) else { return false }
            snapshot.copy(storage.state(index), agent)
            return true
        }
        if isKnown { return .known }
        return insert(agent, hash, shard(hash), now) ? .new : .full
    }

    /// Gives an agent a place if it has none.
    ///
    /// - Returns: false when no place is left.
    public func reserve(_ agent: Bytes, now: Int64) -> Bool {
        let hash = AgentState.hash(agent)
        let shard = shard(hash)
        if shard.withLock({ $0.find(agent, hash) != nil }) { return true }
        return insert(agent, hash, shard, now)
    }

    /// Applies the event of a decision, live or from the log.
    ///
    /// - Returns: false when no place was left, so that the event is not remembered.
    @discardableResult
    public func apply(_ event: ContextEvent) -> Bool {
        var event = event
        return apply(&event)
    }

    /// As `apply(_:)`.
    ///
    /// - Parameter event: not changed; `inout` because passing it on by value would count a
    ///   reference to each of its tables.
    @discardableResult
    public func apply(_ event: inout ContextEvent) -> Bool {
        update(event.agent, event.agentHash, event.time) { storage, index in
            storage.state(index).pointee.apply(&event)
            storage.touch(index, at: event.time)
        }
    }

    /// Applies what an operator or a detector did, live or from the log.
    ///
    /// - Returns: false when no place was left, so that it is not remembered.
    @discardableResult
    public func apply(_ change: AgentChange) -> Bool {
        update(change.agent, nil, change.time) { storage, index in
            storage.state(index).pointee.apply(change)
            storage.relist(index, at: change.time)
        }
    }

    /// Applies a step of an approval, live or from the log.
    ///
    /// - Returns: false when no place was left for the agent.
    @discardableResult
    public func apply(_ step: ApprovalStep) -> Bool {
        approvals.apply(step)
        var agent = step.agent
        return agent.withUTF8 { bytes in
            update(Bytes(UnsafeRawBufferPointer(bytes)), nil, step.time) { storage, index in
                storage.state(index).pointee.apply(step)
                storage.relist(index, at: step.time)
            }
        }
    }

    /// Changes an agent's state, after giving it a place if it has none. Nobody has no state.
    ///
    /// - Parameter hash: the agent's, where it is known.
    /// - Returns: false when no place was left.
    @inline(__always)
    private func update(
        _ agent: Bytes, _ hash: UInt64?, _ now: Int64,
        _ change: (inout Shard.Storage, UInt32) -> Void
    ) -> Bool {
        guard !agent.isEmpty else { return true }
        let hash = hash ?? AgentState.hash(agent)
        func changeKnown() -> Bool {
            withShard(of: hash) { storage in
                guard let index = storage.find(agent, hash) else { return false }
                change(&storage, index)
                return true
            }
        }
        if changeKnown() { return true }
        return insert(agent, hash, shard(hash), now) && changeKnown()
    }

    /// Forgets an agent as if it had been evicted: for replay, which sees in the log that it was.
    public func forget(_ agent: Bytes) {
        let hash = AgentState.hash(agent)
        let isFound = shard(hash).withLock { storage in
            guard let index = storage.find(agent, hash) else { return false }
            storage.remove(index)
            return true
        }
        if isFound { total.wrappingSubtract(1, ordering: .relaxed) }
    }

    /// Names an agent in this process, without its text.
    public struct Handle: Sendable {
        let hash: UInt64
    }

    /// Makes everything unfamiliar to an agent again.
    public func forgetFamiliar(_ agent: Handle) {
        shard(agent.hash).withLock { storage in
            guard let index = storage.find(hash: agent.hash) else { return }
            storage.state(index).pointee.forgetFamiliar()
        }
    }

    func shard(_ hash: UInt64) -> Shard { shards[place(hash)] }

    private func withShard<Result>(
        of hash: UInt64, _ body: (inout Shard.Storage) -> Result
    ) -> Result {
        asked[place(hash)]._withUnsafeGuaranteedRef { $0.withLock(body) }
    }

    /// The shard of a hash. The table inside a shard uses the low bits.
    private func place(_ hash: UInt64) -> Int {
        Int(truncatingIfNeeded: hash >> 48) & (shards.count - 1)
    }

    /// Gives an agent a place, or finds that another thread did.
    private func insert(_ agent: Bytes, _ hash: UInt64, _ shard: Shard, _ now: Int64) -> Bool {
        guard makeRoom(now, shard) else { return false }
        let isNew = shard.withLock { storage in
            guard storage.find(agent, hash) == nil else { return false }
            _ = storage.insert(agent, hash)
            return true
        }
        if !isNew { total.wrappingSubtract(1, ordering: .relaxed) }
        return true
    }

    /// Reserves a place. No lock is held on entry, and never two at once.
    private func makeRoom(_ now: Int64, _ preferred: Shard) -> Bool {
        if total.wrappingAdd(1, ordering: .relaxed).newValue <= maximum { return true }
        for list in Shard.List.allCases {
            if preferred.withLock({ $0.evict(from: list, at: now) }) { return released() }
            for shard in shards where shard !== preferred {
                if shard.withLock({ $0.evict(from: list, at: now) }) { return released() }
            }
        }
        total.wrappingSubtract(1, ordering: .relaxed)
        return false
    }

    private func released() -> Bool {
        total.wrappingSubtract(1, ordering: .relaxed)
        return true
    }
}
