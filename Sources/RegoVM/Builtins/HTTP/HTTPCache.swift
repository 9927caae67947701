// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Responses of `http.send` that outlive their decision, shared by all threads. When it is full,
/// the oldest responses go first.
public final class HTTPCache: Sendable {
    struct Entry: Sendable {
        var response: HTTPResponse
        /// Nanoseconds since 1970 from which on the response is stale.
        var expiry: Int64
        fileprivate var number = 0
        fileprivate var bytes = 0

        init(response: HTTPResponse, expiry: Int64) {
            self.response = response
            self.expiry = expiry
        }
    }

    fileprivate struct State {
        var entries: [String: Entry] = [:]
        /// Keys by age, with the entry's number; those of replaced entries stay until they are the
        /// oldest.
        var ages: [(key: String, number: Int)] = []
        var oldest = 0
        var nextNumber = 0
        var bytes = 0
        var flights: [String: HTTPFlight] = [:]
    }

    private let capacity: Int
    private let state = Mutex(State())

    /// - Parameter bytes: that all responses together may take; 0 keeps none.
    public init(bytes: Int = Limits.httpCacheBytes) { capacity = bytes }

    /// Bytes that the responses take.
    public var bytes: Int { state.withLock { $0.bytes } }

    func entry(_ key: String) -> Entry? { state.withLock { $0.entries[key] } }

    func remove(_ key: String) { state.withLock { $0.remove(key) } }

    func insert(_ key: String, _ entry: Entry) {
        var entry = entry
        entry.bytes = key.utf8.count * 2 + entry.response.size
        guard entry.bytes <= capacity else { return }
        state.withLock { state in
            state.remove(key)
            while state.bytes + entry.bytes > capacity, state.removeOldest() {}
            entry.number = state.nextNumber
            state.nextNumber += 1
            state.bytes += entry.bytes
            state.ages.append((key, entry.number))
            state.entries[key] = entry
        }
    }

    // MARK: Single flight

    /// Who sends a request that several decisions want at once.
    enum Role {
        /// The caller sends it, and must `land` the flight.
        case leader(HTTPFlight)
        /// Somebody else does.
        case follower(HTTPFlight)
    }

    func join(_ key: String) -> Role {
        state.withLock { state in
            if let flight = state.flights[key] { return .follower(flight) }
            let flight = HTTPFlight()
            state.flights[key] = flight
            return .leader(flight)
        }
    }

    func land(_ flight: HTTPFlight, _ key: String, _ outcome: HTTPFlight.Outcome) {
        state.withLock { state in
            if state.flights[key] === flight { state.flights[key] = nil }
        }
        flight.land(outcome)
    }
}

extension HTTPCache.State {
    fileprivate mutating func remove(_ key: String) {
        guard let entry = entries.removeValue(forKey: key) else { return }
        bytes -= entry.bytes
    }

    /// False when there is nothing to remove.
    fileprivate mutating func removeOldest() -> Bool {
        guard oldest < ages.count else { return false }
        let (key, number) = ages[oldest]
        oldest += 1
        if oldest * 2 > ages.count {
            ages.removeFirst(oldest)
            oldest = 0
        }
        if entries[key]?.number == number { remove(key) }
        return true
    }
}

extension HTTPResponse {
    /// Bytes that it takes, about.
    var size: Int {
        headers.reduce(body.count + status.utf8.count + 256) {
            $0 + $1.name.utf8.count + $1.value.utf8.count + 64
        }
    }
}
