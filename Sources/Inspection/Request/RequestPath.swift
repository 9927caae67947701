// SPDX-License-Identifier: Apache-2.0
import Authorization
import RegoVM

/// The path of a request target, in the one spelling that rules are matched against.
///
/// Envoy passes the target as it came (unless told to normalise), and servers differ in what they
/// make of `//`, `/./`, `/../`, `%2e`, `%2f`, `\`, `;` and NUL. The normalised path is what the
/// most willing server would open; `isAmbiguous` says that another one may open something else.
struct RequestPath {
    var text: Bytes
    var query: Bytes
    var isAmbiguous = false

    init(target: Bytes, arena: Arena) {
        var end = target.count
        query = .empty
        if let mark = target.firstIndex(of: UInt8(ascii: "?")) {
            end = mark
            query = target[mark + 1..<target.count]
        }
        text = target[0..<end]
        // Empty for CONNECT, `*` for OPTIONS.
        if let first = text.first, first != UInt8(ascii: "/"), !text.equals("*") {
            isAmbiguous = true
        }
        guard Self.needsNormalising(text) else { return }
        normalise(arena)
    }

    /// True when a byte or a pair of bytes occurs that normalising could change.
    private static func needsNormalising(_ path: Bytes) -> Bool {
        var previous: UInt8 = 0
        for byte in path.buffer {
            switch byte {
            case UInt8(ascii: "%"), UInt8(ascii: "\\"), UInt8(ascii: ";"), UInt8(ascii: "#"):
                return true
            case 0..<0x21, 0x7F: return true
            case UInt8(ascii: "/"), UInt8(ascii: "."):
                if previous == UInt8(ascii: "/") { return true }
            default: break
            }
            previous = byte
        }
        return false
    }

    private mutating func normalise(_ arena: Arena) {
        let memory = arena.allocate(UInt8.self, count: text.count + 1)
        let decoded = decode(into: memory)
        text = Bytes(start: memory, count: removeSegments(memory, decoded))
        // Overlong and other ill-formed UTF-8 is where decoders differ.
        if !UTF8Text.isValid(text.buffer) { isAmbiguous = true }
    }

    /// Percent-decodes once. What decodes to something that changes the path's structure, or does
    /// not decode, is ambiguous.
    private mutating func decode(into memory: UnsafeMutablePointer<UInt8>) -> Int {
        var written = 0
        var index = 0
        while index < text.count {
            var byte = text[index]
            var wasEncoded = false
            if byte == UInt8(ascii: "%") {
                if index + 2 < text.count, let high = ASCII.hexadecimal(text[index + 1]),
                    let low = ASCII.hexadecimal(text[index + 2])
                {
                    byte = high << 4 | low
                    wasEncoded = true
                    index += 2
                } else {
                    isAmbiguous = true
                }
            }
            switch byte {
            case UInt8(ascii: "\\"):
                isAmbiguous = true
                byte = UInt8(ascii: "/")
            case UInt8(ascii: "/"), UInt8(ascii: "."), UInt8(ascii: "%"), UInt8(ascii: "?"),
                UInt8(ascii: "#"):
                if wasEncoded || byte == UInt8(ascii: "#") { isAmbiguous = true }
            case UInt8(ascii: ";"), 0..<0x20, 0x7F: isAmbiguous = true
            default: break
            }
            memory[written] = byte
            written += 1
            index += 1
        }
        return written
    }

    /// Drops empty and `.` segments and climbs for `..` (RFC 3986 section 5.2.4), in place.
    private mutating func removeSegments(_ memory: UnsafeMutablePointer<UInt8>, _ count: Int) -> Int
    {
        let slash = UInt8(ascii: "/")
        var read = 0
        var written = 0
        while read < count {
            var end = read + (memory[read] == slash ? 1 : 0)
            let start = end
            while end < count, memory[end] != slash { end += 1 }
            let length = end - start
            let isLast = end == count
            // Servers that know path parameters look for dot segments before the `;`.
            let name = parameterStart(memory, start, end) - start
            if length == 0 && !isLast {
                isAmbiguous = true
            } else if name == 1 && memory[start] == UInt8(ascii: ".") {
                isAmbiguous = true
            } else if name == 2 && memory[start] == UInt8(ascii: ".")
                && memory[start + 1] == UInt8(ascii: ".")
            {
                isAmbiguous = true
                while written > 0 {
                    written -= 1
                    if memory[written] == slash { break }
                }
            } else {
                for index in read..<end { memory[written + index - read] = memory[index] }
                written += end - read
            }
            read = end
        }
        if written == 0 && count > 0 {
            memory[0] = slash
            written = 1
        }
        return written
    }

    private func parameterStart(_ memory: UnsafeMutablePointer<UInt8>, _ start: Int, _ end: Int)
        -> Int
    {
        var index = start
        while index < end, memory[index] != UInt8(ascii: ";") { index += 1 }
        return index
    }
}
