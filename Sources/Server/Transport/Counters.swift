// SPDX-License-Identifier: Apache-2.0
import HTTP2
import Synchronization
import TLS

/// Counts of one loop. Only the loop's thread writes, so an increment is a load and a store.
final class LoopCounters: Sendable {
    let calls = Atomic<UInt64>(0)
    let faults = ReasonCounters<SessionFault>()
    let stalls = Atomic<UInt64>(0)
    let expired = Atomic<UInt64>(0)
    let handshakes = HandshakeCounters()
}

extension Atomic<UInt64> {
    func bump() {
        store(load(ordering: .relaxed) &+ 1, ordering: .relaxed)
    }
}

/// What a server has done since it started.
public struct TransportStatistics: Sendable, Equatable {
    public var connectionsAccepted: UInt64 = 0
    /// Closed as they came because `TransportLimits.connections` were open.
    public var connectionsRefused: UInt64 = 0
    public var connectionsOpen = 0
    /// Unary calls handed to services.
    public var calls: UInt64 = 0
    /// Connections ended because of what their peer sent; reasons that never occurred are absent.
    public var faults: [SessionFault: UInt64] = [:]
    /// Connections closed because their peer did not read.
    public var stalls: UInt64 = 0
    /// Calls answered with DEADLINE_EXCEEDED, or whose request did not come in time.
    public var expired: UInt64 = 0
    /// TLS handshakes with certificates, and those that took up an earlier session.
    public var handshakes: UInt64 = 0
    public var resumptions: UInt64 = 0
    /// Handshakes that came to nothing; reasons that never occurred are absent.
    public var handshakeFailures: [HandshakeFailure: UInt64] = [:]
}
