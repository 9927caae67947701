// SPDX-License-Identifier: Apache-2.0
import AgentContext
import Authorization
import DecisionLog
import Glibc
import Platform
import RegoVM
import TransparencyLog

/// Rebuilds the agents' context from the log before the first check is answered, so that a restart
/// or a crash releases nobody.
public enum ContextRebuild {
    /// What was done.
    public struct Report: Equatable, Sendable {
        /// Entries that were read.
        public var entries = 0
        /// Records that were folded; the others are too old to matter, or say nothing of agents.
        public var folded = 0
        public var nanoseconds: Int64 = 0

        public init() {}
    }

    /// The context cannot be known, so nothing may be decided.
    public struct Failure: Error, CustomStringConvertible {
        public enum Code: String, Sendable {
            case unreadable = "context_unreadable"
            /// What an entry says still holds, and no place is left for its agent.
            case full = "context_full"
        }

        public let code: Code
        public let entry: Int
        public let reason: String

        init(entry: Int, reason: String) {
            code = .unreadable
            self.entry = entry
            self.reason = reason
        }

        private init(fullAt entry: Int) {
            code = .full
            self.entry = entry
            reason = "every agent that is remembered is under restriction"
        }

        static func full(_ entry: Int) -> Failure { Failure(fullAt: entry) }

        public var description: String {
            switch code {
            case .unreadable:
                "entry \(entry) of the log cannot be read into the agents' context: \(reason)"
            case .full:
                "entry \(entry) of the log still holds, and its agent has no place in the context: "
                    + reason
            }
        }
        public var hint: String {
            switch code {
            case .unreadable:
                "run `portcullis log verify`; a newer version's log needs that version, and "
                    + "`agents.maximum: 0` starts without any context"
            case .full:
                "raise `agents.maximum` to what it was, or to more agents than are restricted"
            }
        }
    }

    /// Folds the published entries of a log into an empty store.
    ///
    /// - Parameters:
    ///   - first: entries below it are not there: the log says that it keeps them no more.
    ///   - kept: what it keeps of them, because it still holds.
    ///   - size: entries of the checkpoint.
    ///   - lookBack: nanoseconds; of records that are older only what may still hold is folded:
    ///     labels, restrictions, and what operators and detectors did.
    /// - Throws: `Failure`, or what reading the log throws.
    public static func run(
        _ tiles: some TileSource, from first: Int = 0, keeping kept: KeptEntries = KeptEntries(),
        size: Int, into agents: AgentStore, lookBack: Int64 = .max, clock: any Clock = SystemClock()
    ) throws -> Report {
        let start = clock.monotonic()
        let now = clock.wall()
        let oldest = lookBack < now ? now - lookBack : 0
        let fold = ContextFold(agents)
        let arena = Arena()
        defer { arena.destroy() }
        var report = Report()
        var order = OrderedLog<RebuildEntry>()
        func apply(_ index: Int, _ record: UnsafeRawBufferPointer) throws(Failure) {
            var isFull = false
            do throws(ContextRecord.Unreadable) {
                var outcome = try fold.apply(record)
                // What has ended since needs no place.
                if case .full(let end) = outcome, end > now {
                    outcome = try fold.apply(record, makingRoomAt: now)
                    isFull = outcome != .applied
                }
            } catch {
                throw Failure(entry: index, reason: error.reason)
            }
            if isFull { throw .full(index) }
            report.folded += 1
        }
        func take(_ step: OrderedLog<RebuildEntry>.Step) throws {
            // What a decision knew of tells its place and no more: the log says what happened.
            guard case .apply(let entry) = step else { return }
            try entry.bytes.withUnsafeBytes { try apply(entry.index, $0) }
        }
        for entry in kept.entries where entry.index < first {
            report.entries += 1
            // What lies around it is not there, so nothing tells its place.
            try entry.bytes.withUnsafeBytes { try apply(entry.index, $0) }
        }
        try EntryReader(tiles, size: size).forEach(in: min(first, size)..<size) { index, record in
            report.entries += 1
            if RecordAge.isBefore(oldest, record) && !RecordAge.mayHold(record) { return }
            arena.reset()
            let entry: RebuildEntry?
            do throws(ContextRecord.Unreadable) {
                entry = try RebuildEntry(index, record, arena)
            } catch {
                throw Failure(entry: index, reason: error.reason)
            }
            guard let entry else { return }
            try order.add(entry, take)
        }
        try order.finish(take)
        agents.expire(at: now)
        report.nanoseconds = clock.monotonic() - start
        return report
    }
}

/// One entry of the log on its way into the context.
private final class RebuildEntry: OrderedEntry {
    let index: Int
    let bytes: [UInt8]
    let place: EventPlace
    var isApplied = false

    /// - Returns: nil for kinds that no decision depends on.
    init?(
        _ index: Int, _ record: UnsafeRawBufferPointer, _ arena: Arena
    ) throws(ContextRecord.Unreadable) {
        let fields = try ContextRecord.fields(record, arena)
        guard let place = try EventPlace(try ContextRecord(fields), fields) else { return nil }
        self.index = index
        bytes = Array(record)
        self.place = place
    }
}

/// Looks at the bytes of a record without reading it as JSON: most of an old log is skipped so.
enum RecordAge {
    /// Bytes of a record in which its time stands.
    private static let head = 128

    /// Whether the record is older than a moment; false when its time is not where it should be.
    static func isBefore(_ oldest: Int64, _ record: UnsafeRawBufferPointer) -> Bool {
        guard oldest > 0 else { return false }
        let record = Bytes(record)
        let key: StaticString = "\"time\":\""
        guard let start = record[0..<min(head, record.count)].end(of: key),
            start + 30 <= record.count,
            let time = RecordTimestamp.parse(record[start..<(start + 30)])
        else { return false }
        return time < oldest
    }

    /// Whether something in the record may hold longer than a look back goes. A text that looks
    /// like a key of these cannot stand inside a JSON string, whose quotes are escaped.
    static func mayHold(_ record: UnsafeRawBufferPointer) -> Bool {
        let record = Bytes(record)
        if record.end(of: "\"labels\":[") != nil { return true }
        if record.end(of: "\"restrictions\":[") != nil { return true }
        let head = record[0..<min(head, record.count)]
        return head.end(of: "\"kind\":\"") != nil && head.end(of: "\"kind\":\"decision\"") == nil
    }
}

extension Bytes {
    /// The place after the first occurrence of `text`. Looks for its last byte, which is rare in
    /// records for the texts asked for here.
    fileprivate func end(of text: StaticString) -> Int? {
        let length = text.utf8CodeUnitCount
        let last = text.utf8Start[length - 1]
        var place = length - 1
        while place < count, let start {
            guard let found = memchr(start + place, Int32(last), count - place) else { return nil }
            let end = UnsafeRawPointer(start).distance(to: UnsafeRawPointer(found)) + 1
            if self[(end - length)..<end].equals(text) { return end }
            place = end
        }
        return nil
    }
}
