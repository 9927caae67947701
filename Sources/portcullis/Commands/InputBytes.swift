// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Files that are named on the command line, pipes included; `-` is standard input.
enum InputBytes {
    struct Unreadable: Error, CustomStringConvertible {
        let path: String
        let reason: String
        var description: String { "\(path): \(reason)" }
    }

    static func read(_ path: String) throws(Unreadable) -> [UInt8] {
        let descriptor = path == "-" ? 0 : open(path, O_RDONLY)
        guard descriptor >= 0 else { throw unreadable(path, errno) }
        defer { if descriptor != 0 { close(descriptor) } }
        var bytes: [UInt8] = []
        while true {
            var failure: Int32 = 0
            let part = [UInt8](unsafeUninitializedCapacity: 256 << 10) { buffer, count in
                repeat {
                    count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
                    failure = count < 0 ? errno : 0
                } while failure == EINTR
                count = max(count, 0)
            }
            guard failure == 0 else { throw unreadable(path, failure) }
            if part.isEmpty { return bytes }
            bytes += part
        }
    }

    private static func unreadable(_ path: String, _ number: Int32) -> Unreadable {
        Unreadable(path: path, reason: String(cString: strerror(number)).lowercased())
    }
}
