// SPDX-License-Identifier: Apache-2.0
import AgentContext
import Authorization
import RegoVM
import TransparencyLog

/// Finds the records that still mean something for the agents' context, whatever their age: those
/// that a log must keep when it is pruned, or the next start would release agents.
///
/// That are labels, restrictions and signals that have not ended, approvals that can still be
/// given or used, and what was done about them later. Of records that make the same mark last
/// longer and longer the first and the last are kept: when it began, and when it ends.
public final class LastingRecords {
    private struct Key: Hashable {
        var agent: String
        var kind: UInt8
        var name: String
    }

    /// Which records make a mark what it is.
    private struct Span {
        var first: Int
        var last: Int
        /// Nanoseconds since 1970.
        var expires: Int64
    }

    private struct Kept {
        let bytes: [UInt8]
        /// Marks that need it; something that was done about marks is needed for good.
        var uses: Int
    }

    private let now: Int64
    private let arena = Arena()
    private var spans: [Key: Span] = [:]
    private var records: [Int: Kept] = [:]
    /// Agents with something that is kept.
    private var agents: Set<String> = []

    /// - Parameter now: nanoseconds since 1970; what has ended by then is not kept.
    public init(now: Int64) { self.now = now }

    deinit { arena.destroy() }

    /// What is to be kept of all that was added.
    public var entries: KeptEntries {
        KeptEntries(records.map { KeptEntries.Entry(index: $0.key, bytes: $0.value.bytes) })
    }

    /// Looks at the next record of the log.
    ///
    /// - Throws: `ContextRebuild.Failure` when it cannot be read: nobody knows what it means.
    public func add(
        _ index: Int, _ record: UnsafeRawBufferPointer
    ) throws(ContextRebuild.Failure) {
        guard RecordAge.mayHold(record) else { return }
        arena.reset()
        do throws(ContextRecord.Unreadable) {
            switch try ContextRecord.read(record, arena) {
            case .decision(let event): add(event, index, record)
            case .change(let change): add(change, index, record)
            case .approval(let step):
                if step.expires > now || agents.contains(step.agent) {
                    keep(index, record, of: step.agent)
                }
            case .irrelevant: break
            }
        } catch {
            throw ContextRebuild.Failure(entry: index, reason: error.reason)
        }
    }

    private func add(_ event: ContextEvent, _ index: Int, _ record: UnsafeRawBufferPointer) {
        let agent = event.agent.string
        for label in event.labels {
            mark(agent, 0, label.name, label.seconds, event.time, index, record)
        }
        for restriction in event.restrictions {
            mark(agent, 1, restriction.name, restriction.seconds, event.time, index, record)
        }
    }

    private func add(_ change: AgentChange, _ index: Int, _ record: UnsafeRawBufferPointer) {
        let agent = change.agent.string
        switch change.content {
        case .restrict(let restriction):
            mark(agent, 1, restriction.name, restriction.seconds, change.time, index, record)
        case .signal(let signal):
            // A later word of the same detector counts, also when it is a milder one.
            let ends = Self.end(change.time, signal.seconds)
            if ends > now || agents.contains(agent) { keep(index, record, of: agent) }
        case .release:
            guard agents.contains(agent) else { return }
            keep(index, record, of: agent)
            // What comes after it begins anew.
            for key in spans.keys where key.agent == agent && key.kind == 1 { spans[key] = nil }
        }
    }

    private func mark(
        _ agent: String, _ kind: UInt8, _ name: Bytes, _ seconds: Int64, _ time: Int64,
        _ index: Int, _ record: UnsafeRawBufferPointer
    ) {
        let expires = Self.end(time, seconds)
        guard seconds > 0, expires > now else { return }
        let key = Key(agent: agent, kind: kind, name: name.string)
        guard let span = spans[key] else {
            spans[key] = Span(first: index, last: index, expires: expires)
            return keep(index, record, of: agent)
        }
        guard expires > span.expires else { return }
        if span.last != span.first { drop(span.last) }
        spans[key] = Span(first: span.first, last: index, expires: expires)
        keep(index, record, of: agent)
    }

    private static func end(_ time: Int64, _ seconds: Int64) -> Int64 {
        let lasting = min(max(0, seconds), AgentContext.Limits.markSeconds) * 1_000_000_000
        let (end, overflows) = time.addingReportingOverflow(lasting)
        return overflows ? .max : end
    }

    private func keep(_ index: Int, _ record: UnsafeRawBufferPointer, of agent: String) {
        agents.insert(agent)
        records[index, default: Kept(bytes: Array(record), uses: 0)].uses += 1
    }

    private func drop(_ index: Int) {
        guard let kept = records[index] else { return }
        records[index] = kept.uses > 1 ? Kept(bytes: kept.bytes, uses: kept.uses - 1) : nil
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
    ) throws -> KeptEntries {
        let lasting = LastingRecords(now: now)
        for entry in kept.entries where entry.index < first {
            let result = entry.bytes.withUnsafeBytes { bytes in
                Result { () throws(ContextRebuild.Failure) in try lasting.add(entry.index, bytes) }
            }
            try result.get()
        }
        let end = min(end, size) / LogLimits.tileWidth * LogLimits.tileWidth
        if first < end {
            try EntryReader(tiles, size: size).forEach(in: first..<end) { index, record in
                try lasting.add(index, record)
                let done = index + 1
                if done % LogLimits.progressInterval == 0 || done == end { progress(done, end) }
            }
        }
        return lasting.entries
    }
}
