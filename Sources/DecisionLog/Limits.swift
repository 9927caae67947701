// SPDX-License-Identifier: Apache-2.0
import TransparencyLog

/// Bounds of this module; what an operator may change stands in `LogConfiguration`.
public enum DecisionLogLimits {
    /// Bytes of one record: an entry bundle gives its length as a uint16.
    public static let recordBytes = LogLimits.entryLength
    /// Bytes of the records that one loop turn may hold.
    public static let batchBytes = 8 << 20
    /// Bytes that a writer's buffer starts with; it grows to what its turns need.
    static let initialBatchBytes = 64 << 10
    /// Bytes the sequencer reads from the journal at a time, and the backlog that wakes it.
    static let readBytes = 1 << 20
    /// Bytes of committed records that wait in memory for the sequencer. More than what wakes it.
    static let recentBytes = 2 << 20
    /// Nanoseconds that the sequencer waits after a failure.
    static let retryNanoseconds: Int64 = 200_000_000
    /// Nanoseconds without records after which published segments are no longer kept in memory.
    static let restNanoseconds: Int64 = 10_000_000_000
    /// Bytes of a loss record.
    static let lossRecordBytes = 4_096
    /// Files that wait for the next journal segments have this share of the journal's bytes at
    /// most, as a divisor. They hold what is recorded between two checkpoints at full load.
    static let spareShare = 4
    /// Digits of a journal segment's number in its name.
    static let segmentDigits = 16
    /// Bytes of a content segment before a new one is begun.
    static let contentSegmentBytes = 1 << 20...64 << 20
    /// Bytes of the texts that a loop turn holds before it writes them.
    static let contentBufferBytes = 1 << 20
    /// Bytes of one text at most, whatever is configured.
    public static let contentTextBytes = 64 << 20
    /// Nanoseconds between two looks for segments to remove.
    static let contentSweepNanoseconds: Int64 = 60_000_000_000
    /// Nanoseconds between two attempts to write texts again after a failure.
    static let contentRetryNanoseconds: Int64 = 1_000_000_000
    /// Content segments that a reader keeps open.
    static let openSegments = 64
}
