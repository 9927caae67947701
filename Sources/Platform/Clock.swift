// SPDX-License-Identifier: Apache-2.0
import Glibc

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
