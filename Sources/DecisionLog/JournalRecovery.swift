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
    /// Segments without records: the last one when its making was cut short, and any whose header
    /// a power loss took.
    private(set) var unwritten: [Int] = []
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
        var starts: [(ordinal: Int, first: Int)] = []
        for ordinal in ordinals {
            if let header = try header(ordinal) { starts.append((ordinal, header.first)) }
        }
        // Records below it are in the tree or were handed out.
        var known = published
        for (index, segment) in starts.enumerated() {
            // Segments before this one ended too early, or are not there.
            if boot.mayHaveGaps, segment.first > known { return }
            // Each segment voids what all earlier ones say from its own start on.
            let voidFrom = starts[(index + 1)...].map(\.first).min() ?? Int.max
            let end = try walk(
                storage.read(segmentName(segment.ordinal)) ?? [], segment.ordinal,
                from: segment.first, voidFrom: voidFrom, published: published, body)
            guard let end else { return }
            known = max(known, min(end, voidFrom))
        }
    }

    /// Nil for a segment without records.
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
            guard try boot.mayHaveGaps || wasCutShort(ordinal, header, file.size) else {
                throw LogError(
                    .journalDamaged, "`\(segmentName(ordinal))` does not begin as a segment does")
            }
            unwritten.append(ordinal)
            return nil
        }
        return header
    }

    /// Whether a crash came before the header of the last segment: nothing is in its file, or the
    /// header of the segment that it is written over. A batch of its own came after its header.
    private func wasCutShort(_ ordinal: Int, _ old: SegmentHeader?, _ size: Int) throws -> Bool {
        guard ordinal == ordinals.last else { return false }
        if size <= SegmentHeader.length { return true }
        guard boot.hasReusedFiles, let old, old.ordinal < ordinal else { return false }
        return try (storage.read(segmentName(ordinal)) ?? []).withUnsafeBytes {
            nextBatch($0, after: SegmentHeader.length - 1, ordinal) == nil
        }
    }

    /// - Returns: the sequence number after the last record; nil when a power loss left a gap, and
    ///   nothing after it counts.
    private mutating func walk(
        _ segment: [UInt8], _ ordinal: Int, from start: Int, voidFrom: Int, published: Int,
        _ body: (Batch) throws -> Void
    ) throws -> Int? {
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
                    return expected
                }
                // The rest is void.
                guard next.header.first < voidFrom else { return expected }
                guard next.header.first <= max(published, expected), next.header.first >= expected
                else {
                    if boot.mayHaveGaps {
                        droppedBytes += bytes.count - offset
                        return nil
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
            return expected
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
