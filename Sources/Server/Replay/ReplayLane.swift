// SPDX-License-Identifier: Apache-2.0
import AgentContext

/// One agent's entries in the order in which they happened.
///
/// Loops commit at the end of their turns, so the log's order is not quite the order in which
/// decisions were made: one may stand before another whose effect it knew. Each decision's record
/// names the events that it knew of (`ContextStamp`). The lane is given entries some way ahead of
/// the place that replay has reached, decides each one when the context is the one that it names,
/// and finds out from the stamps of later ones in which order their events were added.
struct ReplayLane {
    /// The events that are in the agent's context now.
    private(set) var stamp = ContextStamp()
    /// Decisions that wait for their context, by the number of its events.
    private var waiting: [UInt64: [ReplayEntry]] = [:]
    /// Entries that can be added to the context, in the log's order: what others did to the agent,
    /// and decisions that have been made again.
    private var ready: [ReplayEntry] = []

    mutating func add(_ entry: ReplayEntry) {
        if let context = entry.decision?.context {
            waiting[context.events, default: []].append(entry)
        } else {
            ready.append(entry)
        }
    }

    /// What to do next.
    enum Step {
        case decide(ReplayEntry)
        case apply(ReplayEntry)
        /// The entry's context is not reached by any order of the entries.
        case stuck
    }

    mutating func next() -> Step {
        if let entry = takeDecidable() { return .decide(entry) }
        guard !ready.isEmpty else { return .stuck }
        let place = nextEvent() ?? 0
        let entry = ready.remove(at: place)
        if let fingerprint = entry.fingerprint {
            stamp = ContextStamp(
                events: stamp.events &+ 1, digest: stamp.digest &+ fingerprint)
        }
        return .apply(entry)
    }

    /// A decision that was made with the context as it is now.
    private mutating func takeDecidable() -> ReplayEntry? {
        let place = waiting[stamp.events]?.firstIndex { $0.decision?.context == stamp }
        guard let place else { return nil }
        return waiting[stamp.events]?.remove(at: place)
    }

    /// The event that a decision with one more event knew of.
    private func nextEvent() -> Int? {
        for later in waiting[stamp.events &+ 1] ?? [] {
            guard let context = later.decision?.context else { continue }
            let wanted = context.digest &- stamp.digest
            if let place = ready.firstIndex(where: { $0.fingerprint == wanted }) { return place }
        }
        return nil
    }

    mutating func decided(_ entry: ReplayEntry) {
        let place = ready.firstIndex { $0.index > entry.index } ?? ready.count
        ready.insert(entry, at: place)
    }

    /// Goes on from the context that an entry names.
    mutating func adopt(_ entry: ReplayEntry) {
        guard let context = entry.decision?.context else { return }
        stamp = context
    }

    /// Takes the next event out without a decision about it.
    mutating func giveUp(_ entry: ReplayEntry) {
        guard let events = entry.decision?.context?.events else { return }
        waiting[events]?.removeAll { $0 === entry }
        if waiting[events]?.isEmpty == true { waiting[events] = nil }
    }

    var isEmpty: Bool { ready.isEmpty && waiting.values.allSatisfy(\.isEmpty) }
}
