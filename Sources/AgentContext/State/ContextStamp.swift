// SPDX-License-Identifier: Apache-2.0
import Authorization

/// Which events an agent's context is made of: how many, and a digest of which ones. Decisions go
/// into the record with the stamp that they were made with, so that replay knows what they knew.
public struct ContextStamp: Equatable, Sendable {
    /// Events since the agent was first seen, or was forgotten.
    public internal(set) var events: UInt64 = 0
    /// The sum of their fingerprints: the same in whatever order they came.
    public internal(set) var digest: UInt64 = 0

    public init() {}

    public init(events: UInt64, digest: UInt64) {
        self.events = events
        self.digest = digest
    }

    /// - Parameter fingerprint: of the event.
    mutating func add(_ fingerprint: UInt64) {
        events &+= 1
        digest &+= fingerprint
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
