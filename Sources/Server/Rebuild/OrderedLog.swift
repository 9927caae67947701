// SPDX-License-Identifier: Apache-2.0
import AgentContext

/// Entries of a log on their way from the order of the log into the order in which they happened
/// (`EventOrder`), some thousands at a time. Those of different agents stay in the log's order.
struct OrderedLog<Entry: OrderedEntry> {
    /// Entries that are read ahead of the one that is taken.
    private static var lookahead: Int { 4096 }
    /// Agents whose place in their history is remembered, when none of their entries is on its way.
    private static var agents: Int { 1 << 20 }

    private var window: [Entry] = []
    private var first = 0
    private var orders: [String: EventOrder<Entry>] = [:]

    /// What is to be done with an entry. Each is decided before it is applied, if at all.
    enum Step {
        /// The context is as it was when this decision was made.
        case decide(Entry)
        /// Adds the event to the context.
        case apply(Entry)
        /// The decision knew of events that the log does not have, so that the context is another
        /// one. It is not given out to be decided.
        case missing(Entry)
        /// The entry's agent had been forgotten before it.
        case forgotten(Entry)
    }

    typealias Take = (Step) throws -> Void

    /// Adds the next entry of the log.
    mutating func add(_ entry: Entry, _ take: Take) throws {
        window.append(entry)
        if entry.fingerprint != nil { orders[entry.agent, default: EventOrder()].add(entry) }
        guard window.count - first > Self.lookahead else { return }
        try finish(window[first], take)
        first += 1
        if first > Self.lookahead {
            window.removeFirst(first)
            first = 0
            sweep()
        }
    }

    /// Takes all that are left.
    mutating func finish(_ take: Take) throws {
        for entry in window[first...] { try finish(entry, take) }
        window.removeAll()
        first = 0
    }

    private mutating func finish(_ entry: Entry, _ take: Take) throws {
        guard entry.fingerprint != nil else {
            // Nobody's decisions, and those made without context, depend on nothing else.
            try take(.decide(entry))
            entry.isApplied = true
            return try take(.apply(entry))
        }
        while !entry.isApplied {
            switch orders[entry.agent, default: EventOrder()].next(entry) {
            case .decide(let next):
                try take(.decide(next))
                orders[entry.agent]?.decided(next)
            case .apply(let next):
                next.isApplied = true
                try take(.apply(next))
            case .stuck:
                let isForgotten = entry.stamp?.events == 0
                try take(isForgotten ? .forgotten(entry) : .missing(entry))
                orders[entry.agent]?.adopt(entry, isDecided: !isForgotten)
            }
        }
    }

    private mutating func sweep() {
        guard orders.count > Self.agents else { return }
        orders = orders.filter { !$0.value.isEmpty }
    }
}
