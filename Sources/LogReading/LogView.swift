// SPDX-License-Identifier: Apache-2.0
import RegoVM
import TransparencyLog

/// A log as its checkpoint had it at one moment; the log may grow meanwhile.
///
/// Every entry that is handed out fits its hash in the tree's tiles. That the tiles are those that
/// the log signed is for `LogVerifier` to say.
public struct LogView<Source: TileSource> {
    public let source: Source
    public let checkpoint: Checkpoint
    /// Entries below it are not here, as the log says.
    public let firstKept: Int
    /// What is kept of entries below it, because it still means something.
    public let kept: KeptEntries
    private let entries: EntryReader<Source>
    private let arena = Arena(limit: ReadingLimits.recordValues)

    /// - Parameter keys: of the log; without any, the checkpoint's signature is not checked.
    public init(_ source: Source, keys: [VerifierKey] = []) throws {
        self.source = source
        guard let note = try source.read(TilePath.checkpoint) else {
            throw TransparencyError(.missing, at: TilePath.checkpoint, "missing")
        }
        if keys.isEmpty {
            checkpoint = try Checkpoint(
                body: SignedNote(note, at: TilePath.checkpoint).text, at: TilePath.checkpoint)
        } else {
            checkpoint = try Checkpoint(note: note, keys: keys, at: TilePath.checkpoint)
        }
        let statement = try source.read(TilePath.pruned).map {
            try PruningStatement(note: $0, keys: keys, at: TilePath.pruned)
        }
        if let statement {
            kept = try KeptEntries(of: statement, in: source, size: checkpoint.size)
        } else {
            kept = KeptEntries()
        }
        firstKept = try Self.firstPresent(
            source, checkpoint.size, below: statement?.firstKept ?? 0)
        entries = EntryReader(source, size: checkpoint.size)
    }

    /// What was pruned may have been moved to a place that is read too.
    private static func firstPresent(
        _ source: Source, _ size: Int, below bound: Int
    ) throws -> Int {
        let width = LogLimits.tileWidth
        var low = 0
        var high = min(bound, size) / width
        while low < high {
            let middle = (low + high) / 2
            if try source.hasBundle(middle, size: size) { high = middle } else { low = middle + 1 }
        }
        return low * width
    }

    public var size: Int { checkpoint.size }

    /// Gives back its memory; the view is not used afterwards.
    public func destroy() { arena.destroy() }

    /// Hands out the records of a range in order: what is kept of those that were pruned, then
    /// all that are here.
    ///
    /// - Parameter body: answers false to stop. The record is valid during the call.
    public func scan(
        _ range: Range<Int>, while body: (Record) throws -> Bool
    ) throws {
        for entry in kept.entries where entry.index < firstKept && range.contains(entry.index) {
            arena.reset()
            let goesOn = try entry.bytes.withUnsafeBytes {
                try body(Record(index: entry.index, bytes: $0, arena: arena))
            }
            guard goesOn else { return }
        }
        let range = range.clamped(to: firstKept..<max(firstKept, size))
        try entries.scan(range) { index, bytes in
            arena.reset()
            return try body(Record(index: index, bytes: bytes, arena: arena))
        }
    }

    /// The indexes of the last `count` records that `filter` wants, in order.
    public func last(_ count: Int, _ filter: RecordFilter) throws -> [Int] {
        var found: [Int] = []
        var end = size
        while end > firstKept, found.count < count {
            let start = max(firstKept, (end - 1) / LogLimits.tileWidth * LogLimits.tileWidth)
            var part: [Int] = []
            try scan(start..<end) { record in
                if filter.matches(record) { part.append(record.index) }
                return true
            }
            found = part.suffix(count - found.count) + found
            end = start
        }
        return found
    }

    /// One record's bytes.
    public func entry(_ index: Int) throws -> [UInt8] {
        if let entry = kept.entries.first(where: { $0.index == index }) { return entry.bytes }
        guard index >= firstKept || index < 0 else {
            throw TransparencyError(
                .missing, "entry \(index) was pruned: the log keeps entries from \(firstKept) on")
        }
        return try entries.entry(index)
    }
}

extension TileSource {
    /// Whether the full bundle is there, plain or compressed.
    fileprivate func hasBundle(_ index: Int, size: Int) throws -> Bool {
        let path = TilePath.entries(index)
        return try read(path) != nil || read(TilePath.compressed(path)) != nil
    }
}
