// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Files that are named on the command line; `-` is standard input.
enum InputBytes {
    struct Unreadable: Error, CustomStringConvertible {
        let path: String
        var description: String { "\(path): cannot be read" }
    }

    static func read(_ path: String) throws(Unreadable) -> [UInt8] {
        if path == "-" { return StandardInput.read() }
        guard let bytes = FileManager.default.contents(atPath: path) else {
            throw Unreadable(path: path)
        }
        return Array(bytes)
    }
}
