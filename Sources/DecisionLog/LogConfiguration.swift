// SPDX-License-Identifier: Apache-2.0

/// How a log is kept. Folders are given apart, as `Storage`.
public struct LogConfiguration: Sendable {
    /// When a record counts as taken.
    public enum Durability: String, Sendable, CaseIterable {
        /// In the kernel before the answer leaves: survives our own crash; a power loss may take
        /// the records since the last checkpoint.
        case buffered
        /// On the disk (fdatasync) before the answer leaves: survives a power loss.
        case durable
    }

    /// What becomes of a decision whose record the log does not take.
    public enum OnFailure: String, Sendable, CaseIterable {
        /// It is not given: the check is denied.
        case closed
        /// It is given. When the log is back, a record of kind `loss` says how many there were,
        /// from when to when and why; if the process ends before, nothing does.
        case open
    }

    public var durability = Durability.buffered
    public var onFailure = OnFailure.closed
    /// Nanoseconds between checkpoints while there are new records.
    public var checkpointInterval: Int64 = 1_000_000_000
    /// Bytes of a journal segment before a new one is begun.
    public var segmentBytes = 32 << 20
    /// Bytes of records that may wait for the sequencer, with those of files that wait for the
    /// next segments; beyond it records are refused.
    public var journalBytes = 1 << 30
    /// What `open` may do that is not safe on its own.
    public var permissions: Permissions = []

    public init() {}

    /// Steps that somebody must have decided on.
    public struct Permissions: OptionSet, Sendable {
        public let rawValue: Int
        public init(rawValue: Int) { self.rawValue = rawValue }

        /// Begin an empty log when neither log nor journal is there.
        public static let create = Permissions(rawValue: 1)
        /// Begin an empty journal for a log whose journal is gone: records that were only there are
        /// lost.
        public static let newJournal = Permissions(rawValue: 2)
    }
}
