// SPDX-License-Identifier: Apache-2.0
import TransparencyLog

/// Records as they were committed, so that the sequencer need not read them back from the disk. It
/// holds one unbroken run of them; what does not fit is read from the journal.
struct RecentRecords: @unchecked Sendable {
    private(set) var bytes: UnsafeMutableRawBufferPointer
    /// Bytes of `bytes` that hold records, in the form of an entry bundle.
    private(set) var used = 0
    /// Sequence numbers of the first record and of the one after the last.
    private(set) var first = 0
    private(set) var end = 0
    /// Where the journal goes on after the last.
    private(set) var next = Journal.Cursor(ordinal: 0, offset: 0)

    init() {
        bytes = .allocate(byteCount: DecisionLogLimits.recentBytes, alignment: 8)
    }

    func free() { bytes.deallocate() }

    var isEmpty: Bool { used == 0 }

    mutating func removeAll() { used = 0 }

    /// Takes a copy of a batch, when it continues the run and there is room.
    ///
    /// - Parameters:
    ///   - first: sequence number of the batch's first record.
    ///   - next: where the journal goes on after it.
    mutating func append(
        _ records: UnsafeRawBufferPointer, first: Int, count: Int, next: Journal.Cursor
    ) {
        guard isEmpty || end == first, records.count <= bytes.count - used,
            let source = records.baseAddress, let memory = bytes.baseAddress
        else { return }
        if isEmpty { self.first = first }
        (memory + used).copyMemory(from: source, byteCount: records.count)
        used += records.count
        end = first + count
        self.next = next
    }
}
