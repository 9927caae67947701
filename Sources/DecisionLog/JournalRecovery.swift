// SPDX-License-Identifier: Apache-2.0
import Cryptography
import Platform

/// Reads what a former process left in the journal.
struct JournalRecovery {
    /// Oldest first.
    private(set) var ordinals: [Int] = []
    private let storage: any Storage
    private let origin: Digest
    private let boot: JournalBoot
    /// The last segment when it has no records, because its making was cut short.
    private(set) var unwritten: Int?
    /// Bytes after the last whole batch: a commit that was cut short by a crash, and not answered.
    private(set) var droppedBytes = 0

    /// What one commit wrote.
    struct Batch {
        let first: Int
        let count: Int
        let records: UnsafeRawBufferPointer
    }

    init(_ storage: any Storage, origin: Digest) throws(StorageError) {
        self.storage = storage
        self.origin = origin
        boot = try JournalBoot(storage)
        ordinals = try storage.list("").compactMap(segmentOrdinal).sorted()
    }

    /// Hands out every whole batch in order. A batch that a later segment voids is left out.
    ///
    /// - Parameter published: records below it are in the tree already, and may be damaged.
    /// - Throws: when batches that are needed are damaged.
    mutating func forEach(published: Int, _ body: (Batch) throws -> Void) throws {
        // Each segment voids what earlier ones say from its own start on.
        var starts: [(ordinal: Int, first: Int)] = []
        for ordinal in ordinals {
            if let header = try header(ordinal) { starts.append((ordinal, header.first)) }
        }
        for (index, segment) in starts.enumerated() {
            let end = index + 1 < starts.count ? starts[index + 1].first : Int.max
            let isWhole = try walk(
                storage.read(segmentName(segment.ordinal)) ?? [], segment.ordinal,
                from: segment.first, voidFrom: end, published: published, body)
            guard isWhole else { return }
        }
    }

    /// Nil for a segment whose making was cut short: it has no records.
    private mutating func header(_ ordinal: Int) throws -> SegmentHeader? {
        guard let file = try storage.openForReading(segmentName(ordinal)) else { return nil }
        let header = try withUnsafeTemporaryAllocation(
            byteCount: SegmentHeader.length, alignment: 8
        ) { bytes in
            let got = try file.read(at: 0, into: bytes)
            return SegmentHeader(UnsafeRawBufferPointer(rebasing: bytes[..<got]))
        }
        if let header, header.origin != origin {
            throw LogError(
                .journalDamaged, "`\(segmentName(ordinal))` belongs to a log of another origin",
                hint: "each log needs a journal folder of its own")
        }
        guard let header, header.ordinal == ordinal else {
            let isEmpty = try file.size <= SegmentHeader.length
            guard ordinal == ordinals.last, try isEmpty || isUnused(ordinal, header) else {
                throw LogError(
                    .journalDamaged, "`\(segmentName(ordinal))` does not begin as a segment does")
            }
            unwritten = ordinal
            return nil
        }
        return header
    }

    /// Whether a file has the name of the segment that was to be written over it, and its old
    /// header. A batch of that segment was written after the header.
    private func isUnused(_ ordinal: Int, _ old: SegmentHeader?) throws -> Bool {
        guard boot.hasReusedFiles, let old, old.ordinal < ordinal else { return false }
        if boot.mayHaveGaps { return true }
        return try (storage.read(segmentName(ordinal)) ?? []).withUnsafeBytes {
            nextBatch($0, after: SegmentHeader.length - 1, ordinal) == nil
        }
    }

    /// - Returns: false when a power loss left a gap, after which nothing counts.
    private mutating func walk(
        _ segment: [UInt8], _ ordinal: Int, from start: Int, voidFrom: Int, published: Int,
        _ body: (Batch) throws -> Void
    ) throws -> Bool {
        try segment.withUnsafeBytes { bytes in
            var offset = SegmentHeader.length
            var expected = start
            while offset < bytes.count, expected < voidFrom {
                if let (header, batch) = batch(bytes, offset, ordinal), header.first == expected {
                    try body(batch)
                    expected += header.count
                    offset += header.totalLength
                    continue
                }
                // A commit cut short, at the end; or damage, when whole batches follow it.
                guard let next = nextBatch(bytes, after: offset, ordinal) else {
                    droppedBytes += cutShort(bytes, offset, ordinal)
                    return true
                }
                guard next.header.first <= max(published, expected), next.header.first >= expected
                else {
                    if boot.mayHaveGaps {
                        droppedBytes += bytes.count - offset
                        return false
                    }
                    throw LogError(
                        .journalDamaged,
                        "`\(segmentName(ordinal))` is damaged at byte \(offset): records from "
                            + "\(expected) on are lost, those from \(next.header.first) on are not",
                        hint: "restore the journal folder, or move it away and start with a new "
                            + "journal: the records in it that are not published are lost then")
                }
                offset = next.offset
                expected = next.header.first
            }
            return true
        }
    }

    /// Bytes at `offset` of a batch that is not whole. Without its header they may be an older
    /// segment's, in a file that was written over.
    private func cutShort(_ bytes: UnsafeRawBufferPointer, _ offset: Int, _ ordinal: Int) -> Int {
        let rest = UnsafeRawBufferPointer(rebasing: bytes[offset...])
        if let header = BatchHeader(rest, ordinal: ordinal) {
            return min(rest.count, header.totalLength)
        }
        return boot.hasReusedFiles && rest.count >= BatchHeader.length ? 0 : rest.count
    }

    /// The batch at `offset`; nil when it is not whole.
    private func batch(
        _ bytes: UnsafeRawBufferPointer, _ offset: Int, _ ordinal: Int
    ) -> (BatchHeader, Batch)? {
        let rest = UnsafeRawBufferPointer(rebasing: bytes[offset...])
        guard let header = BatchHeader(rest, ordinal: ordinal), rest.count >= header.totalLength
        else { return nil }
        let records = UnsafeRawBufferPointer(
            rebasing: rest[BatchHeader.length..<header.totalLength])
        guard Checksum.of(records) == header.payloadSum else { return nil }
        return (header, Batch(first: header.first, count: header.count, records: records))
    }

    private func nextBatch(
        _ bytes: UnsafeRawBufferPointer, after offset: Int, _ ordinal: Int
    ) -> (offset: Int, header: BatchHeader)? {
        var place = offset + 1
        while place + BatchHeader.length <= bytes.count {
            if let (header, _) = batch(bytes, place, ordinal) { return (place, header) }
            place += 1
        }
        return nil
    }
}
