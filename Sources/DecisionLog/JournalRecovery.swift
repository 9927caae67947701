// SPDX-License-Identifier: Apache-2.0
import Cryptography
import Platform

/// Reads what a former process left in the journal.
struct JournalRecovery {
    /// Oldest first.
    private(set) var ordinals: [Int] = []
    private let storage: any Storage
    private let origin: Digest
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
            try walk(
                storage.read(segmentName(segment.ordinal)) ?? [], segment.ordinal,
                from: segment.first, voidFrom: end, published: published, body)
        }
    }

    /// Nil for a segment whose making was cut short: it has no records.
    private func header(_ ordinal: Int) throws -> SegmentHeader? {
        let file = try storage.openForAppending(segmentName(ordinal))
        defer { file.close() }
        let header = try withUnsafeTemporaryAllocation(
            byteCount: SegmentHeader.length, alignment: 8
        ) { bytes in
            let got = try file.read(at: 0, into: bytes)
            return SegmentHeader(UnsafeRawBufferPointer(rebasing: bytes[..<got]))
        }
        guard let header, header.ordinal == ordinal else {
            guard try file.size <= SegmentHeader.length, ordinal == ordinals.last else {
                throw LogError(
                    .journalDamaged, "`\(segmentName(ordinal))` does not begin as a segment does")
            }
            return nil
        }
        guard header.origin == origin else {
            throw LogError(
                .journalDamaged, "`\(segmentName(ordinal))` belongs to a log of another origin",
                hint: "each log needs a journal folder of its own")
        }
        return header
    }

    private mutating func walk(
        _ segment: [UInt8], _ ordinal: Int, from start: Int, voidFrom: Int, published: Int,
        _ body: (Batch) throws -> Void
    ) throws {
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
                    droppedBytes += bytes.count - offset
                    return
                }
                guard next.header.first <= max(published, expected), next.header.first >= expected
                else {
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
        }
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
