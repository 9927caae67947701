// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Counts of one loop by reason; written as `LoopCounters` are.
final class ReasonCounters<Reason: CaseIterable & Hashable & Sendable>: Sendable {
    /// One for each reason, in the order of `allCases`.
    nonisolated(unsafe) private let counts: UnsafeMutablePointer<Atomic<UInt64>>

    init() {
        let count = Reason.allCases.count
        counts = .allocate(capacity: count)
        for index in 0..<count { (counts + index).initialize(to: Atomic(0)) }
    }

    deinit {
        counts.deinitialize(count: Reason.allCases.count)
        counts.deallocate()
    }

    func count(_ reason: Reason) {
        for (index, candidate) in Reason.allCases.enumerated() where candidate == reason {
            counts[index].bump()
        }
    }

    /// Reasons that never occurred stay absent.
    func add(to sum: inout [Reason: UInt64]) {
        for (index, reason) in Reason.allCases.enumerated() {
            let count = counts[index].load(ordering: .relaxed)
            if count > 0 { sum[reason, default: 0] += count }
        }
    }
}
