// SPDX-License-Identifier: Apache-2.0
import Glibc
import Synchronization

/// Where time comes from, so that tests can set it.
public protocol Clock: Sendable {
    /// Nanoseconds since 1970-01-01T00:00:00Z; may jump.
    func wall() -> Int64
    /// Nanoseconds since some start; never goes back.
    func monotonic() -> Int64
}

/// The kernel's clocks.
public struct SystemClock: Clock {
    public init() {}
    public func wall() -> Int64 { nanoseconds(CLOCK_REALTIME) }
    public func monotonic() -> Int64 { nanoseconds(CLOCK_MONOTONIC) }

    private func nanoseconds(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}

/// A clock that stands still until it is moved.
public final class ManualClock: Clock {
    private let state: Mutex<(wall: Int64, monotonic: Int64)>

    public init(wall: Int64 = 0, monotonic: Int64 = 0) {
        state = Mutex((wall, monotonic))
    }

    public func wall() -> Int64 { state.withLock { $0.wall } }
    public func monotonic() -> Int64 { state.withLock { $0.monotonic } }

    /// Moves both clocks by `nanoseconds`, which is not negative.
    public func advance(by nanoseconds: Int64) {
        precondition(nanoseconds >= 0)
        state.withLock {
            $0.wall += nanoseconds
            $0.monotonic += nanoseconds
        }
    }
}
