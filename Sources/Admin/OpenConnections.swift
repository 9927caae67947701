// SPDX-License-Identifier: Apache-2.0
import CMicrohttpd
import Glibc
import Platform
import Synchronization

/// The connections of one listener, so that none that trickles its request keeps a place for long:
/// the daemon's own time-out begins anew with each byte. Whoever comes makes room for the next: of
/// the connections whose requests are not whole, those overdue end, and the oldest when the places
/// run out.
final class OpenConnections: Sendable {
    private struct Entry {
        let descriptor: Int32
        /// Monotonic nanoseconds of its start or its last answer.
        var since: Int64
        /// A request is whole, and its answer is being made.
        var isWorking = false
    }

    /// By the connection's address.
    private let entries = Mutex<[UInt: Entry]>([:])
    private let clock = SystemClock()

    func opened(_ connection: OpaquePointer) {
        let key = UInt(bitPattern: connection)
        let descriptor = http_connection_descriptor(connection)
        let now = clock.monotonic()
        entries.withLock { entries in
            entries[key] = Entry(descriptor: descriptor, since: now)
            let waiting = entries.values.filter { !$0.isWorking && $0.descriptor != descriptor }
            for entry in waiting where now - entry.since > Limits.requestTime { Self.end(entry) }
            if entries.count >= Int(Limits.connections),
                let oldest = waiting.min(by: { $0.since < $1.since })
            {
                Self.end(oldest)
            }
        }
    }

    /// Its thread sees the end, and closes it.
    private static func end(_ entry: Entry) { _ = shutdown(entry.descriptor, Int32(SHUT_RDWR)) }

    var isEmpty: Bool { entries.withLock { $0.isEmpty } }

    func working(_ connection: OpaquePointer) {
        let key = UInt(bitPattern: connection)
        entries.withLock { $0[key]?.isWorking = true }
    }

    func answered(_ connection: OpaquePointer) {
        let key = UInt(bitPattern: connection)
        let now = clock.monotonic()
        entries.withLock { entries in
            entries[key]?.since = now
            entries[key]?.isWorking = false
        }
    }

    func closed(_ connection: OpaquePointer) {
        let key = UInt(bitPattern: connection)
        _ = entries.withLock { $0.removeValue(forKey: key) }
    }
}
