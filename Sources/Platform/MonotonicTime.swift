// SPDX-License-Identifier: Apache-2.0
import CLinux

/// Time for deadlines, in nanoseconds since some fixed moment; it never goes back.
public enum MonotonicTime {
    public static let millisecond: UInt64 = 1_000_000
    public static let second: UInt64 = 1_000_000_000

    public static func now() -> UInt64 { linux_monotonic_time() }
}
