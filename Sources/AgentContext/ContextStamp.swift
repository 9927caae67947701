// SPDX-License-Identifier: Apache-2.0
import Authorization

/// Which events an agent's context is made of: how many, and a digest of which ones. Both go into
/// the record, so that replay knows what a decision knew.
public struct ContextStamp: Equatable, Sendable {
    /// Events since the agent was first seen, or was forgotten.
    public internal(set) var events: UInt64 = 0
    /// The sum of their ids' fingerprints: the same in whatever order they came.
    public internal(set) var digest: UInt64 = 0

    public init() {}

    mutating func add(_ id: DecisionID) {
        events &+= 1
        digest &+= id.fingerprint
    }
}
