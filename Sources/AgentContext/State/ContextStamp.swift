// SPDX-License-Identifier: Apache-2.0
import Authorization

/// Which events an agent's context is made of, and in which order they came. Decisions go into the
/// record with the stamp that they were made with, so that who reads the log knows what they knew.
public struct ContextStamp: Equatable, Sendable {
    /// Events since the agent was first seen, or was forgotten.
    public internal(set) var events: UInt64 = 0
    /// A polynomial over their fingerprints, modulo 2^64: another one for other events, and for the
    /// same ones in another order.
    public internal(set) var digest: UInt64 = 0

    /// The polynomial's variable: the multiplier of a generator whose low bits are mixed well too
    /// (Steele, Vigna: Computationally easy, spectrally good multipliers, 2021).
    private static let base: UInt64 = 0xD134_2543_DE82_EF95

    public init() {}

    public init(events: UInt64, digest: UInt64) {
        self.events = events
        self.digest = digest
    }

    /// - Parameter fingerprint: of the event that came.
    public mutating func add(_ fingerprint: UInt64) {
        events &+= 1
        digest = digest &* Self.base &+ fingerprint
    }

    /// As it is after one more event.
    public func adding(_ fingerprint: UInt64) -> ContextStamp {
        var stamp = self
        stamp.add(fingerprint)
        return stamp
    }

    /// The fingerprint of the only event between this stamp and a later one.
    public func difference(to later: ContextStamp) -> UInt64 {
        later.digest &- digest &* Self.base
    }
}

extension ApprovalStep {
    /// Names the step; the same for the step of a check and for its record.
    public var fingerprint: UInt64 {
        switch kind {
        case .pending: approval.fingerprint
        case .granted: approval.fingerprint &+ 1
        case .denied: approval.fingerprint &+ 2
        case .used: approval.fingerprint &+ 3
        }
    }
}
