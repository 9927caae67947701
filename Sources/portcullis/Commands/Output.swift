// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Standard output and standard error, unbuffered.
enum Output {
    static func print(_ text: String) { write(Array(text.utf8), to: 1) }
    static func print(_ bytes: [UInt8]) { write(bytes, to: 1) }
    static func error(_ text: String) { write(Array(text.utf8), to: 2) }
    static func error(_ bytes: [UInt8]) { write(bytes, to: 2) }

    /// Waits, or returns at once when nobody reads any more: the other end of a pipe or a
    /// connection is closed, or the terminal is gone.
    ///
    /// - Parameter nanoseconds: of the wait; whole milliseconds count.
    /// - Returns: whether somebody may still read.
    static func pause(_ nanoseconds: Int64, descriptor: Int32 = 1) -> Bool {
        // The kernel tells of POLLERR and POLLHUP unasked.
        var output = pollfd(fd: descriptor, events: 0, revents: 0)
        return poll(&output, 1, Int32(nanoseconds / 1_000_000)) <= 0
    }

    /// Ends the program when what was asked for did not come out.
    private static func giveUp(_ descriptor: Int32) {
        let reason = errno
        guard descriptor == 1 else { return }
        error("standard output: \(String(cString: strerror(reason)))\n")
        exit(ExitStatus.failure)
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) {
        var start = 0
        while start < bytes.count {
            let count = bytes[start...].withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress, $0.count)
            }
            if count > 0 {
                start += count
            } else if errno != EINTR {
                return giveUp(descriptor)
            }
        }
    }
}
