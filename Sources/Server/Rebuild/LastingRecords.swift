// SPDX-License-Identifier: Apache-2.0
import AgentContext
import Authorization
import RegoVM
import TransparencyLog

/// Finds the records that still mean something for the agents' context, whatever their age: those
/// that a log must keep when it is pruned, or the next start would release agents.
///
/// That are labels, restrictions and signals that have not ended, approvals that can still be
/// given or used, and what was lifted since. Of records that make the same mark last longer and
/// longer no more are kept than make it last without a gap.
public final class LastingRecords {
    private struct Name: Hashable {
        enum Kind { case label, restriction, signal }

        var kind: Kind
        var text: String
    }

    /// The records that make a mark what it is: the one that it began with, and some by which it
    /// lasted without a gap until its end.
    private struct Span {
        struct Link {
            let record: Int
            /// Nanoseconds since 1970.
            let expires: Int64
        }

        private(set) var links: [Link]

        var expires: Int64 { links[links.count - 1].expires }

        /// Whether it ended so long before an event that no wrong clock explains it.
        func isOver(at time: Int64) -> Bool {
            let grace = AgentContext.Limits.endedMarkSeconds * 1_000_000_000
            return expires <= time && time - expires >= grace
        }

        init(_ record: Int, expires: Int64) {
            links = [Link(record: record, expires: expires)]
        }

        /// The mark lasts longer.
        mutating func extend(_ record: Int, expires: Int64, at time: Int64) {
            while links.count > 1, links[links.count - 2].expires > time { links.removeLast() }
            links.append(Link(record: record, expires: expires))
        }
    }

    /// What `MarkList` knows of an agent, with the records that it comes from.
    private struct Agent {
        /// Marks at which those that have ended are forgotten.
        private static let tidy = 256
        private static let isolation = Name(kind: .restriction, text: "isolate")

        var spans: [Name: Span] = [:]
        /// Records that lift restrictions.
        var releases: [Int] = []
        /// The record since which the agent was never without a mark.
        private var begin = 0
        /// Since then there was no room for some mark, which isolated it instead. Which of many
        /// marks have room depends on all of them.
        private var isCrowded = false

        mutating func mark(_ name: Name, _ expires: Int64, at time: Int64, _ index: Int) {
            guard expires > time else { return }
            if spans.values.allSatisfy({ $0.isOver(at: time) }) {
                begin = index
                isCrowded = false
            }
            if name.kind != .signal, let span = spans[name], span.expires > time {
                if expires > span.expires {
                    spans[name]?.extend(index, expires: expires, at: time)
                }
                return
            }
            if spans.count > Self.tidy { spans = spans.filter { !$0.value.isOver(at: time) } }
            if name.kind != .signal, name != Self.isolation, !hasRoom(name, at: time) {
                isCrowded = true
                return mark(Self.isolation, expires, at: time, index)
            }
            spans[name] = Span(index, expires: expires)
        }

        private func hasRoom(_ name: Name, at time: Int64) -> Bool {
            typealias Limits = AgentContext.Limits
            let held = spans.count { $0.key.kind == name.kind && $0.value.expires > time }
            return held < (name.kind == .label ? Limits.labels : Limits.restrictions)
                && name.text.utf8.count <= Limits.markNameBytes
        }

        /// The records that still mean something.
        func needed(at now: Int64) -> Set<Int> {
            let held = spans.values.filter { $0.expires > now }
            var needed = Set(held.flatMap { $0.links.map(\.record) })
            let oldest = needed.min() ?? .max
            needed.formUnion(releases.filter { $0 > oldest })
            return needed
        }

        /// The record from which on all are needed; nil when none is.
        func bound(at now: Int64) -> Int? {
            isCrowded && spans.values.contains { $0.expires > now } ? begin : nil
        }

        /// All that may come to be needed.
        var mentioned: Set<Int> {
            Set(spans.values.flatMap { $0.links.map(\.record) } + releases)
        }
    }

    private let now: Int64
    private let end: Int
    private let arena = Arena()
    private var agents: [String: Agent] = [:]
    private var approvals: [Int] = []
    /// The records that are named above, and some that were.
    private var records: [Int: [UInt8]] = [:]
    private var sweepsAt = 4096

    /// - Parameters:
    ///   - end: records below it are to go.
    ///   - now: nanoseconds since 1970; what has ended by then is not kept.
    public init(below end: Int, now: Int64) {
        self.end = end
        self.now = now
    }

    deinit { arena.destroy() }

    /// What may go of the log that was looked at, and what must stay of that.
    public var plan: Plan {
        let bound = min(end, agents.values.compactMap { $0.bound(at: now) }.min() ?? end)
        let needed = agents.values.reduce(into: Set(approvals)) {
            $0.formUnion($1.needed(at: now))
        }
        let kept = needed.filter { $0 < bound }.compactMap { index in
            records[index].map { KeptEntries.Entry(index: index, bytes: $0) }
        }
        return Plan(end: bound, kept: KeptEntries(kept))
    }

    /// What may go of a log, and what must stay.
    public struct Plan {
        /// Records below it may go. It is below what was asked for when an agent had more marks
        /// than there is room for and was isolated: only all of its records show that.
        public let end: Int
        /// What is to be kept of them.
        public let kept: KeptEntries
    }

    /// Looks at the next record of the log. All must be looked at, also those that stay.
    ///
    /// - Throws: `ContextRebuild.Failure` when it cannot be read: nobody knows what it means.
    public func add(
        _ index: Int, _ record: UnsafeRawBufferPointer
    ) throws(ContextRebuild.Failure) {
        guard RecordAge.mayHold(record) else { return }
        arena.reset()
        do throws(ContextRecord.Unreadable) {
            switch try ContextRecord.read(record, arena) {
            case .decision(let event): add(event, index)
            case .change(let change): add(change, index)
            case .approval(let step):
                guard step.expires > now else { return }
                approvals.append(index)
            case .irrelevant: return
            }
        } catch {
            throw ContextRebuild.Failure(entry: index, reason: error.reason)
        }
        if index < end { records[index] = Array(record) }
        if records.count > sweepsAt { sweep() }
    }

    private func add(_ event: ContextEvent, _ index: Int) {
        guard !event.agent.isEmpty else { return }
        for label in event.labels {
            agents[event.agent.string, default: Agent()].mark(
                Name(kind: .label, text: label.name.string),
                ContextRecord.end(event.time, label.seconds), at: event.time, index)
        }
        for restriction in event.restrictions {
            agents[event.agent.string, default: Agent()].mark(
                Name(kind: .restriction, text: restriction.name.string),
                ContextRecord.end(event.time, restriction.seconds), at: event.time, index)
        }
    }

    private func add(_ change: AgentChange, _ index: Int) {
        var agent = agents[change.agent.string, default: Agent()]
        switch change.content {
        case .restrict(let restriction):
            agent.mark(
                Name(kind: .restriction, text: restriction.name.string),
                ContextRecord.end(change.time, restriction.seconds), at: change.time, index)
        case .signal(let signal):
            // The last word about a session counts, also when it is a milder one.
            let name = signal.session.string + "\n" + signal.kind.string
            agent.mark(
                Name(kind: .signal, text: name), ContextRecord.end(change.time, signal.seconds),
                at: change.time, index)
        case .release(let name):
            agent.releases.append(index)
            agent.spans = agent.spans.filter {
                $0.key.kind != .restriction || !name.isEmpty && $0.key.text != name.string
            }
        }
        agents[change.agent.string] = agent
    }

    /// Forgets records that nothing needs any more.
    private func sweep() {
        let mentioned = agents.values.reduce(into: Set(approvals)) {
            $0.formUnion($1.mentioned)
        }
        records = records.filter { mentioned.contains($0.key) }
        sweepsAt = max(sweepsAt, 2 * records.count)
    }
}

extension LastingRecords {
    /// Finds what is to be kept when a log's entries below `end` go.
    ///
    /// - Parameters:
    ///   - first: entries below it are gone already.
    ///   - kept: what is kept of those.
    ///   - progress: is given the entries that were looked at and those in all.
    public static func find(
        _ tiles: some TileSource, from first: Int, keeping kept: KeptEntries, below end: Int,
        size: Int, now: Int64, progress: (Int, Int) -> Void = { _, _ in }
    ) throws -> Plan {
        let lasting = LastingRecords(below: max(first, end), now: now)
        for entry in kept.entries where entry.index < first {
            let result = entry.bytes.withUnsafeBytes { bytes in
                Result { () throws(ContextRebuild.Failure) in try lasting.add(entry.index, bytes) }
            }
            try result.get()
        }
        try EntryReader(tiles, size: size).forEach(in: min(first, size)..<size) { index, record in
            try lasting.add(index, record)
            let done = index + 1
            if done % LogLimits.progressInterval == 0 || done == size { progress(done, size) }
        }
        return lasting.plan
    }
}
