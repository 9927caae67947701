// SPDX-License-Identifier: Apache-2.0
import Cryptography
import Platform
import TransparencyLog

/// Brings journaled records into the tree and publishes checkpoints. Everything here can be
/// repeated after any failure, and recovery calls the same functions.
///
/// Used by one thread at a time; `LocalLog` guards it.
final class Sequencer {
    private let log: any Storage
    private let journalFolder: any Storage
    private let signer: NoteSigner
    private let builder: LogBuilder
    /// Of the checkpoint that readers see.
    private(set) var publishedSize: Int
    /// Below it, partial tiles of full tiles are gone.
    private var cleanedSize: Int
    /// How often partial tiles may have been written since; nil when that is not known.
    private var partialWrites: Int? = 0

    /// What loops committed and is not in the builder yet: bytes `recentPosition..<used`.
    private var recent = RecentRecords()
    private var recentPosition = 0
    /// Where the records of a bundle end in it, while it is taken.
    private var bundleEnds: [Int] = []

    // What was read from the journal, because it was not there any more or is not yet.
    private var buffer = UnsafeMutableRawBufferPointer.allocate(
        byteCount: DecisionLogLimits.readBytes, alignment: 8)
    private var filled = 0
    private var cursor = Journal.Cursor(ordinal: 0, offset: 0)
    /// The next record's place in `buffer`, and the end of its batch.
    private var position = 0
    private var batchEnd = 0

    /// - Parameters:
    ///   - log: the published folder.
    ///   - cleanedSize: below it no partial tile of a full one is left.
    init(
        log: any Storage, journalFolder: any Storage, signer: NoteSigner, builder: LogBuilder,
        publishedSize: Int, cleanedSize: Int
    ) {
        self.log = log
        self.journalFolder = journalFolder
        self.signer = signer
        self.builder = builder
        self.publishedSize = publishedSize
        self.cleanedSize = cleanedSize
    }

    deinit {
        buffer.deallocate()
        recent.free()
    }

    /// Entries in the tree, published or not.
    var size: Int { builder.size }

    /// Starts to read at `cursor`, whose first record has the sequence number `size`.
    func follow(from cursor: Journal.Cursor) { self.cursor = cursor }

    /// Brings all that is in the journal into the tree, and writes each bundle and tile that is
    /// full. A crash leaves full tiles beyond the checkpoint, the last one in part; recovery writes
    /// the same ones again.
    func sequence(_ journal: Journal) throws {
        while true {
            try take(buffer[..<batchEnd], from: &position)
            try take(recent.bytes[..<recent.used], from: &recentPosition)
            if try nextBuffered() { continue }
            if journal.takeRecent(&recent, from: builder.size) {
                try skipKnown()
            } else if try !read(journal) {
                return
            }
        }
    }

    /// Applies a batch of recovery.
    ///
    /// - Parameter records: its records; those that the tree has already are skipped.
    func apply(_ records: UnsafeRawBufferPointer, first: Int, count: Int) throws {
        let path = "journal"
        try EntryBundle.forEach(records, path: path, count: count) { index, entry in
            guard first + index >= builder.size else { return }
            guard first + index == builder.size else {
                throw LogError(
                    .journalDamaged,
                    "records \(builder.size)..<\(first + index) are missing from the journal")
            }
            try writeFull()
            builder.append(entry)
        }
    }

    /// Brings the records that begin at `position` into the tree.
    private func take(
        _ records: UnsafeMutableRawBufferPointer.SubSequence, from position: inout Int
    ) throws {
        let records = UnsafeMutableRawBufferPointer(rebasing: records)
        while position < records.count {
            try writeFull()
            if try takeBundle(records, from: &position) { continue }
            let record = try record(UnsafeRawBufferPointer(records), at: position)
            builder.append(UnsafeRawBufferPointer(rebasing: records[record]))
            position = record.upperBound
        }
    }

    /// Brings a whole bundle into the tree from where it lies, and writes it; false when another
    /// one is begun, or when too few records are there.
    private func takeBundle(
        _ records: UnsafeMutableRawBufferPointer, from position: inout Int
    ) throws -> Bool {
        guard builder.isBundleEmpty else { return false }
        bundleEnds.removeAll(keepingCapacity: true)
        var end = position
        for _ in 0..<LogLimits.tileWidth {
            guard end < records.count else { return false }
            end = try record(UnsafeRawBufferPointer(records), at: end).upperBound
            bundleEnds.append(end - position)
        }
        let bundle = UnsafeMutableRawBufferPointer(rebasing: records[position..<end])
        // They are in the tree even where the bundle cannot be written: that is tried again.
        position = end
        try builder.append(bundle: bundle, ends: bundleEnds) { path, bytes in try put(path, bytes) }
        return true
    }

    /// Steps over records that are in the tree already; they were read from the journal.
    private func skipKnown() throws {
        let records = UnsafeRawBufferPointer(rebasing: recent.bytes[..<recent.used])
        recentPosition = 0
        for _ in recent.first..<builder.size {
            recentPosition = try record(records, at: recentPosition).upperBound
        }
        cursor = recent.next
        position = 0
        filled = 0
        batchEnd = 0
    }

    /// The bytes of the record that begins at `position` with its length.
    private func record(
        _ records: UnsafeRawBufferPointer, at position: Int
    ) throws(LogError) -> Range<Int> {
        let start = position + LogLimits.entryPrefixLength
        guard start <= records.count else { throw outOfBatch() }
        let length = Int(records[position]) << 8 | Int(records[position + 1])
        guard start + length <= records.count else { throw outOfBatch() }
        return start..<(start + length)
    }

    private func outOfBatch() -> LogError {
        LogError(.journalDamaged, "a record reaches beyond its batch")
    }

    /// Turns to the next batch in `buffer`; false when there is no whole one.
    private func nextBuffered() throws -> Bool {
        guard let batch = try bufferedBatch() else { return false }
        position += BatchHeader.length
        batchEnd = position + batch.payloadLength
        cursor.offset += batch.totalLength
        return true
    }

    /// Reads from the journal, from the first batch on that was not taken; false when there is
    /// none.
    private func read(_ journal: Journal) throws -> Bool {
        filled = try journal.read(&cursor, into: buffer)
        position = 0
        batchEnd = 0
        guard filled > 0 else { return false }
        let head = UnsafeRawBufferPointer(rebasing: buffer[..<filled])
        guard let batch = BatchHeader(head, ordinal: cursor.ordinal) else {
            throw damaged()
        }
        if batch.totalLength > buffer.count {
            buffer.deallocate()
            buffer = .allocate(byteCount: batch.totalLength, alignment: 8)
            filled = 0
        }
        return true
    }

    /// The whole batch at `position`; nil when it is not in `buffer`.
    private func bufferedBatch() throws -> BatchHeader? {
        let rest = UnsafeRawBufferPointer(rebasing: buffer[position..<max(position, filled)])
        guard rest.count >= BatchHeader.length else { return nil }
        guard let batch = BatchHeader(rest, ordinal: cursor.ordinal) else { throw damaged() }
        guard rest.count >= batch.totalLength else { return nil }
        let records = rest[BatchHeader.length..<batch.totalLength]
        guard batch.first == builder.size,
            Checksum.of(UnsafeRawBufferPointer(rebasing: records)) == batch.payloadSum
        else { throw damaged() }
        return batch
    }

    private func damaged() -> LogError {
        LogError(
            .journalDamaged,
            "`\(segmentName(cursor.ordinal))` at byte \(cursor.offset) is not what was written")
    }

    private func writeFull() throws {
        guard builder.isBundleFull else { return }
        try builder.writeFull { path, bytes in try put(path, bytes) }
    }

    /// Writes a tile or bundle, which nobody reads before the checkpoint that names it. What a
    /// crash leaves of it, recovery writes again before that.
    private func put(_ path: String, _ bytes: UnsafeRawBufferPointer) throws {
        try log.write(path, bytes)
    }

    /// Replaces a checkpoint, which must be whole at any time.
    private func putCheckpoint(_ storage: any Storage, _ note: [UInt8]) throws {
        try note.withUnsafeBytes {
            try storage.replace(TilePath.checkpoint, with: $0, isFlushed: true)
        }
        try storage.sync()
    }
}

// Publishing.
extension Sequencer {
    /// Signs and publishes the tree as it is.
    func publish() throws {
        // 1. The full and partial tiles. A crash leaves files that no checkpoint names; recovery
        //    makes the same ones from the journal.
        try writeFull()
        partialWrites? += 1
        try builder.writePartial { path, bytes in try put(path, bytes) }
        // 2. Flush them: a signed tree must not vanish in a power loss, or the next start would
        //    sign another one of the same size.
        try log.sync()
        // 3. Sign, and remember what was signed before anybody sees it. A crash leaves it newer
        //    than the published checkpoint; recovery checks it against the tiles and publishes it.
        let checkpoint = builder.checkpoint(origin: signer.verifierKey.name)
        let note = try checkpoint.signed(by: signer).bytes
        try putCheckpoint(journalFolder, note)
        // 4. Publish. From here on the records are in the log for everybody.
        try publish(note, size: checkpoint.size)
    }

    /// The last step alone, for a checkpoint that was signed and remembered before a crash.
    func publish(_ note: [UInt8], size: Int) throws {
        try putCheckpoint(log, note)
        publishedSize = size
    }

    /// Removes partial tiles whose full tile is published. A crash leaves some, which no reader
    /// minds; the next start removes them.
    func removeStalePartials() throws {
        let old = TileShape(size: cleanedSize)
        let new = TileShape(size: publishedSize)
        for level in 0..<new.levels {
            var stale = old.fullTiles(level: level)..<new.fullTiles(level: level)
            // Those that were begun and filled between two checkpoints were never partial.
            if partialWrites == 1 { stale = stale.prefix(1) }
            for index in stale {
                try removePartials(of: TilePath.hashes(level: level, index: index))
                if level == 0 { try removePartials(of: TilePath.entries(index)) }
            }
        }
        cleanedSize = publishedSize
        partialWrites = 0
    }

    /// Makes the next `removeStalePartials` look at all tiles from record `first` on.
    func partialsMayRemain(from first: Int) {
        cleanedSize = min(cleanedSize, first)
        partialWrites = nil
    }

    private func removePartials(of path: String) throws {
        let folder = path + ".p"
        let names = try log.list(folder)
        guard !names.isEmpty else { return }
        for name in names { try log.remove(folder + "/" + name) }
        try log.remove(folder)
    }
}
