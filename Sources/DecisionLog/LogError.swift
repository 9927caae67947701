// SPDX-License-Identifier: Apache-2.0
import Platform
import TransparencyLog

/// Why the log cannot be opened, or does not take a record.
public struct LogError: Error, Equatable, Sendable {
    /// Stable: the event of a log line and the reason of a denial.
    public enum Code: String, Sendable, CaseIterable {
        /// The record is longer than an entry may be; nothing was taken.
        case recordTooLong = "log_record_too_long"
        /// The loop turn holds more than `DecisionLogLimits.batchBytes`; commit first.
        case batchFull = "log_batch_full"
        /// The sequencer is behind by all that the journal may hold.
        case journalFull = "log_journal_full"
        /// The storage failed; the message says how.
        case storage = "log_storage_failed"
        /// The storage is full.
        case storageFull = "log_storage_full"
        case closed = "log_closed"
        case locked = "log_locked"
        case missingLog = "log_missing"
        case missingJournal = "log_journal_missing"
        case checkpointDiffers = "log_checkpoint_differs"
        case journalDamaged = "log_journal_damaged"
        case key = "log_key"
        /// The system gives no random bytes.
        case entropy = "log_no_entropy"
        /// What is stored is no log, or not this one.
        case content = "log_content"
    }

    public let code: Code
    /// Lower case, without full stop.
    public let message: String
    /// What to do about it, for a person.
    public let hint: String?

    public init(_ code: Code, _ message: String, hint: String? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
    }

    init(_ error: StorageError) {
        let code: Code = error.isLocked ? .locked : error.isFull ? .storageFull : .storage
        self.init(code, error.description)
    }

    /// Wraps what the steps of the sequencer throw.
    init(any error: any Error) {
        switch error {
        case let error as LogError: self = error
        case let error as StorageError: self.init(error)
        case let error as TransparencyError: self.init(.content, error.description)
        default: self.init(.content, "\(error)")
        }
    }
}

extension LogError: CustomStringConvertible {
    public var description: String { message }
}
