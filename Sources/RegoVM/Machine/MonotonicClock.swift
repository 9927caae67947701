// SPDX-License-Identifier: Apache-2.0
import Glibc

/// The clock of deadlines.
enum MonotonicClock {
    /// Nanoseconds of CLOCK_MONOTONIC.
    static func now() -> UInt64 {
        var time = timespec()
        // Fails only for a clock that does not exist.
        guard clock_gettime(CLOCK_MONOTONIC, &time) == 0 else { return .max }
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
