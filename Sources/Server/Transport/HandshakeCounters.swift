// SPDX-License-Identifier: Apache-2.0
import Synchronization
import TLS

/// Counts of one loop's TLS handshakes; written as `LoopCounters` are.
final class HandshakeCounters: Sendable {
    private let full = Atomic<UInt64>(0)
    private let resumed = Atomic<UInt64>(0)
    /// One for each reason, in the order of `HandshakeFailure.allCases`.
    nonisolated(unsafe) private let failed: UnsafeMutablePointer<Atomic<UInt64>>

    init() {
        let count = HandshakeFailure.allCases.count
        failed = .allocate(capacity: count)
        for index in 0..<count { (failed + index).initialize(to: Atomic(0)) }
    }

    deinit {
        failed.deinitialize(count: HandshakeFailure.allCases.count)
        failed.deallocate()
    }

    func count(isResumed: Bool) {
        if isResumed { resumed.bump() } else { full.bump() }
    }

    func count(_ failure: HandshakeFailure) {
        guard let index = HandshakeFailure.allCases.firstIndex(of: failure) else { return }
        failed[index].bump()
    }

    func add(to sum: inout TransportStatistics) {
        sum.handshakes += full.load(ordering: .relaxed)
        sum.resumptions += resumed.load(ordering: .relaxed)
        for (index, failure) in HandshakeFailure.allCases.enumerated() {
            let count = failed[index].load(ordering: .relaxed)
            if count > 0 { sum.handshakeFailures[failure, default: 0] += count }
        }
    }
}
