// SPDX-License-Identifier: Apache-2.0
import Synchronization
import TLS

/// Counts of one loop's TLS handshakes; written as `LoopCounters` are.
final class HandshakeCounters: Sendable {
    private let full = Atomic<UInt64>(0)
    private let resumed = Atomic<UInt64>(0)
    let failures = ReasonCounters<HandshakeFailure>()

    func count(isResumed: Bool) {
        if isResumed { resumed.bump() } else { full.bump() }
    }

    func add(to sum: inout TransportStatistics) {
        sum.handshakes += full.load(ordering: .relaxed)
        sum.resumptions += resumed.load(ordering: .relaxed)
        failures.add(to: &sum.handshakeFailures)
    }
}
