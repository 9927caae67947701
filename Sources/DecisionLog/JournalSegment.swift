// SPDX-License-Identifier: Apache-2.0
import Cryptography
import Platform

/// One file of the journal, which grows by whole batches.
///
/// Its file may have been another segment's: then what that one wrote lies beyond `size`, and is
/// written over. Nothing there is taken for a batch, because a batch's checksum holds the number of
/// its segment.
struct JournalSegment {
    let ordinal: Int
    let file: any PlacedFile
    /// Sequence numbers of its first record and of the one after its last.
    let first: Int
    private(set) var end: Int
    /// Bytes that count; beyond them may lie what a failed append or an older use left.
    private(set) var size: Int
    /// Bytes of the file; `size` or more.
    private(set) var fileSize: Int
    var syncedSize = 0
    /// Whether a failed append may have left bytes beyond `size`.
    private var isTorn = false
    /// Whether its file may be used again.
    var isReusable = true

    /// Writes the header of a segment without records.
    ///
    /// - Parameter fileSize: bytes that `file` has.
    init(
        _ file: any PlacedFile, fileSize: Int, ordinal: Int, first: Int, origin: Digest
    ) throws(StorageError) {
        self.file = file
        self.ordinal = ordinal
        self.first = first
        end = first
        size = SegmentHeader.length
        self.fileSize = max(fileSize, size)
        try withUnsafeTemporaryAllocation(byteCount: SegmentHeader.length, alignment: 8) {
            (bytes) throws(StorageError) in
            SegmentHeader(ordinal: ordinal, first: first, origin: origin).write(to: bytes)
            try file.write(
                UnsafeRawBufferPointer(bytes), UnsafeRawBufferPointer(start: nil, count: 0), at: 0)
        }
    }

    /// Adds one batch. When it throws, none of its records was taken.
    mutating func append(
        _ records: UnsafeRawBufferPointer, count: Int, sum: UInt64
    ) throws(StorageError) {
        try repair()
        let header = BatchHeader(
            payloadLength: records.count, first: end, count: count, payloadSum: sum)
        isTorn = true
        try withUnsafeTemporaryAllocation(byteCount: BatchHeader.length, alignment: 8) {
            (bytes) throws(StorageError) in
            header.write(to: bytes, ordinal: ordinal)
            try file.write(UnsafeRawBufferPointer(bytes), records, at: size)
        }
        isTorn = false
        end += count
        size += header.totalLength
        fileSize = max(fileSize, size)
    }

    /// Cuts off what a failed append left.
    mutating func repair() throws(StorageError) {
        guard isTorn else { return }
        try file.truncate(to: size)
        isTorn = false
        fileSize = size
    }
}
