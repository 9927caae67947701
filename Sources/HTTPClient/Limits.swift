// SPDX-License-Identifier: Apache-2.0

/// Bounds of the client, each with its unit.
enum ClientLimits {
    /// Idle transfers, each with its open connections, that are kept for later requests.
    static let idleTransfers = 32
    /// Connections that one idle transfer keeps open.
    static let idleConnections = 4
    /// Threads that ask the resolver at once.
    static let lookups = 32
}
