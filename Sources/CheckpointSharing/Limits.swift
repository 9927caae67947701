// SPDX-License-Identifier: Apache-2.0

/// Bounds of this module, each with its unit.
enum SharingLimits {
    /// Nanoseconds that one request may take.
    static let requestTime: UInt64 = 10_000_000_000
    /// Characters of a refusal that an error shows.
    static let refusalText = 200
    /// Hashes in one request to a witness (C2SP tlog-witness).
    static let proofHashes = 63
}
