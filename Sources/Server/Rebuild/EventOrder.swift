// SPDX-License-Identifier: Apache-2.0
import AgentContext

/// An entry of the log whose place among the others of its agent is to be found.
protocol OrderedEntry: AnyObject {
    /// In the log.
    var index: Int { get }
    var place: EventPlace { get }
    /// It is part of the context.
    var isApplied: Bool { get set }
}

extension OrderedEntry {
    var agent: String { place.agent }
    var stamp: ContextStamp? { place.stamp }
    var fingerprint: UInt64? { place.fingerprint }
    var isOperation: Bool { place.isOperation }
}

/// One agent's entries in the order in which they happened.
///
/// Loops commit at the end of their turns, so the log's order is not quite the order in which
/// events came to the context: one may stand before another whose effect it knew. Each decision's
/// record names the events that it knew of, and their order (`ContextStamp`). Given entries some
/// way ahead, this finds the order that leads from each of these stamps to the next. What no later
/// decision tells apart comes in the log's order.
struct EventOrder<Entry: OrderedEntry> {
    /// The events that are in the agent's context now.
    private(set) var stamp = ContextStamp()
    /// Decisions that wait for their context, by the number of its events, alike ones in the log's
    /// order.
    private var waiting: [Entry] = []
    /// Entries that can be added to the context, in the log's order: what others did to the agent,
    /// and decisions that have been made.
    private var ready: [Entry] = []
    /// Those of `ready` that come next, the last one first.
    private var planned: [Entry] = []

    /// What to do next.
    enum Step {
        /// The context is as it was when this decision was made.
        case decide(Entry)
        case apply(Entry)
        /// No order was found that leads to the context that the entry names whose turn it is.
        case stuck
    }

    mutating func add(_ entry: Entry) {
        guard let events = entry.stamp?.events else { return addReady(entry) }
        // Nearly always the newest of all.
        if let last = waiting.last?.stamp?.events, last > events {
            waiting.insert(entry, at: place(of: events + 1))
        } else {
            waiting.append(entry)
        }
    }

    /// - Parameter head: the entry of the log whose turn it is: all before it are applied.
    mutating func next(_ head: Entry) -> Step {
        if let entry = takeDecidable() { return .decide(entry) }
        if planned.isEmpty { planned = plan() }
        if planned.isEmpty {
            guard ready.contains(where: { $0 === head }) else { return .stuck }
            planned = [head]
        }
        let entry = planned.removeLast()
        ready.removeAll { $0 === entry }
        if let fingerprint = entry.fingerprint { stamp.add(fingerprint) }
        return .apply(entry)
    }

    /// The decision that `next` gave out has been made.
    mutating func decided(_ entry: Entry) { addReady(entry) }

    /// Goes on from the context that an entry names.
    ///
    /// - Parameter isDecided: the entry needs no decision any more.
    mutating func adopt(_ entry: Entry, isDecided: Bool) {
        guard let named = entry.stamp else { return }
        stamp = named
        planned.removeAll()
        guard isDecided else { return }
        waiting.removeAll { $0 === entry }
        addReady(entry)
    }

    var isEmpty: Bool { ready.isEmpty && waiting.isEmpty }

    private mutating func addReady(_ entry: Entry) {
        if let last = ready.last, last.index > entry.index {
            ready.insert(entry, at: ready.firstIndex { $0.index > entry.index } ?? ready.count)
        } else {
            ready.append(entry)
        }
    }

    /// The first place in `waiting` of a decision that knew of at least so many events.
    private func place(of events: UInt64) -> Int {
        var range = 0..<waiting.count
        while let middle = range.isEmpty ? nil : (range.lowerBound + range.upperBound) / 2 {
            if waiting[middle].stamp?.events ?? 0 < events {
                range = (middle + 1)..<range.upperBound
            } else {
                range = range.lowerBound..<middle
            }
        }
        return range.lowerBound
    }

    private mutating func takeDecidable() -> Entry? {
        for place in place(of: stamp.events)..<waiting.count {
            if waiting[place].stamp == stamp { return waiting.remove(at: place) }
            if waiting[place].stamp?.events != stamp.events { return nil }
        }
        return nil
    }

    /// - Returns: what leads to the next decision, the last to be applied first; empty when nothing
    ///   does.
    private func plan() -> [Entry] {
        // Several, as some may tell of a context that the agent has later, begun anew.
        for entry in waiting[place(of: stamp.events &+ 1)...].prefix(Self.targets) {
            guard let target = entry.stamp else { continue }
            var search = OrderSearch(ready, from: stamp, to: target)
            if let order = search.run() { return order.reversed() }
        }
        return []
    }

    private static var targets: Int { 4 }
}

/// Looks for the order in which events lead from one stamp to another, the one that is nearest to
/// the log's first. Decisions that have been made did not know of each other, so each of them may
/// be next; there is one of each thread at most. Operations keep their order.
struct OrderSearch<Entry: OrderedEntry> {
    /// Events between the moments at which two decisions looked at their context.
    private static var longestGap: UInt64 { 256 }

    private let start: ContextStamp
    private let target: ContextStamp
    private var candidates: [Entry] = []
    private var isUsed: [Bool] = []
    private var order: [Entry] = []
    private var steps = 1 << 16

    /// - Parameter entries: not all of which need be part of the order; in the order of the log.
    init(_ entries: [Entry], from start: ContextStamp, to target: ContextStamp) {
        self.start = start
        self.target = target
        let gap = target.events &- start.events
        guard target.events > start.events, gap <= Self.longestGap, gap <= entries.count else {
            return
        }
        var operations = 0
        for entry in entries {
            if entry.isOperation { operations += 1 }
            if !entry.isOperation || operations <= gap { candidates.append(entry) }
        }
        isUsed = Array(repeating: false, count: candidates.count)
    }

    /// - Returns: nil when no order was found.
    mutating func run() -> [Entry]? {
        !candidates.isEmpty && extend(start) ? order : nil
    }

    private mutating func extend(_ stamp: ContextStamp) -> Bool {
        let isLast = stamp.events &+ 1 == target.events
        // The last one follows from the others.
        let wanted = isLast ? stamp.difference(to: target) : nil
        var hasOperation = false
        for place in candidates.indices where !isUsed[place] {
            let entry = candidates[place]
            if entry.isOperation {
                if hasOperation { continue }
                hasOperation = true
            }
            guard let fingerprint = entry.fingerprint, wanted ?? fingerprint == fingerprint else {
                continue
            }
            order.append(entry)
            if isLast { return true }
            guard steps > 0 else { return false }
            steps -= 1
            isUsed[place] = true
            if extend(stamp.adding(fingerprint)) { return true }
            isUsed[place] = false
            order.removeLast()
        }
        return false
    }
}
