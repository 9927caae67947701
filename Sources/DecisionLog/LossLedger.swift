// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Decisions that were answered although the log did not take their records, which
/// `LogConfiguration.OnFailure.open` permits. Kept until a loss record says so in the log.
final class LossLedger: Sendable {
    /// What one loss record tells.
    struct Loss: Equatable, Sendable {
        /// Decisions that left no record.
        var decisions = 0
        /// Decisions whose answer left before their record was on the disk; the record may be in
        /// the log all the same.
        var early = 0
        /// Nanoseconds since 1970-01-01T00:00:00Z.
        var from: Int64
        var to: Int64
        /// How many decisions each failure cost.
        var reasons: [LogError.Code: Int] = [:]

        mutating func add(_ other: Loss) {
            decisions += other.decisions
            early += other.early
            from = min(from, other.from)
            to = max(to, other.to)
            reasons.merge(other.reasons) { $0 + $1 }
        }
    }

    private let loss = Mutex<Loss?>(nil)
    /// Looked at by every commit, so without the lock.
    private let holds = Atomic(false)

    var isEmpty: Bool { !holds.load(ordering: .acquiring) }

    func add(_ more: Loss) {
        loss.withLock { loss in
            loss?.add(more)
            loss = loss ?? more
            holds.store(true, ordering: .releasing)
        }
    }

    /// Hands everything to whoever writes the record; `add` gives it back when that fails.
    func take() -> Loss? {
        loss.withLock { loss in
            defer { loss = nil }
            holds.store(false, ordering: .releasing)
            return loss
        }
    }
}
