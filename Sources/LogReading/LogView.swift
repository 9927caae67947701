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
    /// Entries below it may be absent, as the log says: whole bundles, wherever they are.
    public let prunedBelow: Int
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
        let pruned = try PrunedPart(of: source, keys: keys, size: checkpoint.size)
        kept = pruned.kept
        prunedBelow = pruned.end
        entries = EntryReader(
            source, size: checkpoint.size, prunedBelow: pruned.end, keeping: pruned.kept)
    }

    public var size: Int { checkpoint.size }

    /// The first entry that is here: what was pruned may have been moved to a place that is read
    /// too. Some after it may be absent.
    public func firstPresent() throws -> Int {
        var bundle = 0
        while bundle * LogLimits.tileWidth < prunedBelow, try !entries.isPresent(bundle) {
            bundle += 1
        }
        return bundle * LogLimits.tileWidth
    }

    func isPresent(_ bundle: Int) throws -> Bool {
        try bundle * LogLimits.tileWidth >= prunedBelow || entries.isPresent(bundle)
    }

    /// The first entry from which on all are here.
    public func firstWhole() throws -> Int {
        var bundle = (prunedBelow + LogLimits.tileWidth - 1) / LogLimits.tileWidth
        while bundle > 0, try entries.isPresent(bundle - 1) { bundle -= 1 }
        return bundle * LogLimits.tileWidth
    }

    /// Gives back its memory; the view is not used afterwards.
    public func destroy() { arena.destroy() }

    /// Hands out the records of a range in order: all that are here, and what is kept of others.
    ///
    /// - Parameter body: answers false to stop. The record is valid during the call.
    public func scan(
        _ range: Range<Int>, while body: (Record) throws -> Bool
    ) throws {
        try entries.scan(range) { index, bytes in
            arena.reset()
            return try body(Record(index: index, bytes: bytes, arena: arena))
        }
    }

    /// The indexes of the last `count` records that `filter` wants, in order.
    public func last(_ count: Int, _ filter: RecordFilter) throws -> [Int] {
        var found: [Int] = []
        var end = size
        while end > 0, found.count < count {
            let start = (end - 1) / LogLimits.tileWidth * LogLimits.tileWidth
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
        if (0..<prunedBelow).contains(index), try !entries.isPresent(index / LogLimits.tileWidth) {
            throw TransparencyError(
                .missing,
                "entry \(index) was pruned: the log keeps all entries from \(prunedBelow) on")
        }
        return try entries.entry(index)
    }
}
