// SPDX-License-Identifier: Apache-2.0
import CLinux
import Glibc

/// SIGTERM and SIGINT, which end the program, and SIGHUP, which makes it take up changes, as
/// something to wait for instead of something that interrupts.
public enum TerminationSignals {
    public static let reload = SIGHUP
    private static let numbers: [Int32] = [SIGTERM, SIGINT, reload]

    /// Blocks them for this thread and all threads it starts: call it before any other starts.
    public static func block() throws(SystemError) {
        _ = try checked(linux_block_signals(numbers, numbers.count), "pthread_sigmask")
    }

    /// Waits for the next one and returns its number.
    public static func wait() throws(SystemError) -> Int32 {
        try checked(linux_wait_signal(numbers, numbers.count), "sigwait")
    }
}
