// SPDX-License-Identifier: Apache-2.0
import Authorization
import RegoVM

/// The agents that are remembered, for people. Not for the path of a check.
extension AgentStore {
    /// The most recently seen first.
    ///
    /// - Parameter now: nanoseconds since 1970; what is over by then is left out.
    public func summaries(_ filter: AgentFilter, now: Int64) -> [AgentSummary] {
        var found: [(seen: Int64, shard: Int, index: UInt32)] = []
        for (number, shard) in shards.enumerated() {
            forEachState(of: shard) { index, state in
                guard state.pointee.key.contains(filter.contains) else { return }
                if filter.isRestrictedOnly, !state.pointee.marks.has(.restriction, at: now) {
                    return
                }
                found.append((state.pointee.lastSeen, number, index))
            }
        }
        found.sort { $0.seen > $1.seen }
        return found.prefix(max(0, filter.limit)).compactMap { place in
            shards[place.shard].withLock { storage in
                let state = storage.state(place.index)
                // It may have been forgotten in between.
                return state.pointee.key.isEmpty ? nil : AgentSummary(state, now)
            }
        }
    }

    /// Fills the snapshot of an agent that is remembered, and makes no place for one that is not.
    ///
    /// - Returns: false when the agent is not known.
    public func peek(_ agent: Bytes, now: Int64, into snapshot: AgentSnapshot) -> Bool {
        snapshot.clear(now)
        guard !agent.isEmpty else { return false }
        let hash = AgentState.hash(agent)
        return shard(hash).withLock { storage in
            guard let index = storage.find(agent, hash) else { return false }
            snapshot.copy(storage.state(index), agent)
            return true
        }
    }

    /// Forgets marks that are over everywhere, after old records were applied.
    public func expire(at now: Int64) {
        for shard in shards {
            shard.withLock { storage in
                for index in storage.places.indices {
                    let index = UInt32(index)
                    guard !storage.isUnused(index) else { continue }
                    storage.state(index).pointee.marks.expire(at: now)
                    storage.relist(index, at: now)
                }
            }
        }
    }

    /// Bytes that are held for agents: states, keys, marks, and what finds them.
    public var memoryBytes: Int {
        shards.reduce(0) { sum, shard in sum + shard.withLock { $0.memoryBytes } }
    }

    /// Calls `body` for each agent, with the lock held for one page of them at a time, so that no
    /// check waits long.
    private func forEachState(
        of shard: Shard, _ body: (UInt32, UnsafeMutablePointer<AgentState>) -> Void
    ) {
        var next = 0
        var isMore = true
        while isMore {
            isMore = shard.withLock { storage in
                let end = min(next + Shard.pageStates, storage.places.count)
                for index in next..<end where !storage.isUnused(UInt32(index)) {
                    body(UInt32(index), storage.state(UInt32(index)))
                }
                next = end
                return next < storage.places.count
            }
        }
    }
}

extension AgentSummary {
    /// Called with the shard's lock held.
    fileprivate init(_ state: UnsafeMutablePointer<AgentState>, _ now: Int64) {
        func marks(_ kind: AgentContext.Mark.Kind) -> [AgentSummary.Mark] {
            var list: [AgentSummary.Mark] = []
            state.pointee.marks.forEach(kind, at: now) { mark in
                list.append(
                    AgentSummary.Mark(name: mark.withName { $0.string }, expires: mark.expires))
            }
            return list
        }
        self.init(
            id: state.pointee.key.string, lastSeen: state.pointee.lastSeen,
            requests: state.pointee.total, restrictions: marks(.restriction), labels: marks(.label))
    }
}

extension Bytes {
    /// True when `text` occurs in the bytes; an empty text does.
    fileprivate func contains(_ text: String) -> Bool {
        let wanted = Array(text.utf8)
        guard !wanted.isEmpty else { return true }
        guard count >= wanted.count else { return false }
        for start in 0...(count - wanted.count)
        where self[start..<(start + wanted.count)].buffer.elementsEqual(wanted) {
            return true
        }
        return false
    }
}
