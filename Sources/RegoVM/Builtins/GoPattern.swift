// SPDX-License-Identifier: Apache-2.0

/// Regular expressions as Go's `regexp` reads them, where RE2 reads them otherwise: `(?<name>`
/// names a group, and `\C` is nothing.
enum GoPattern {
    /// The expression for RE2; nil when it is the same.
    static func translated(_ text: UnsafeBufferPointer<UInt8>) throws(BuiltinError) -> [UInt8]? {
        guard hasDifference(text) else { return nil }
        var output: [UInt8] = []
        var position = 0
        var isInClass = false
        while position < text.count {
            let byte = text[position]
            if byte == UInt8(ascii: "\\"), position + 1 < text.count {
                guard isInClass || text[position + 1] != UInt8(ascii: "C") else {
                    throw .failed("error parsing regexp: invalid escape sequence: `\\C`")
                }
                let end =
                    text[position + 1] == UInt8(ascii: "Q")
                    ? endOfQuotation(text, position + 2) : position + 2
                output += text[position..<end]
                position = end
                continue
            }
            if byte == UInt8(ascii: "["), !isInClass {
                isInClass = true
                output.append(byte)
                position += 1
                // A bracket that stands first is a member.
                for first in "^]".utf8 where position < text.count && text[position] == first {
                    output.append(first)
                    position += 1
                }
                continue
            }
            if byte == UInt8(ascii: "]") { isInClass = false }
            if !isInClass, isName(text, position) {
                output += "(?P<".utf8
                position += 3
            } else {
                output.append(byte)
                position += 1
            }
        }
        return output
    }

    private static func hasDifference(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        for position in text.indices.dropLast() {
            let pair = (text[position], text[position + 1])
            if pair == (UInt8(ascii: "\\"), UInt8(ascii: "C")) || isName(text, position) {
                return true
            }
        }
        return false
    }

    /// True at `(?<name`, which is no look behind.
    private static func isName(_ text: UnsafeBufferPointer<UInt8>, _ position: Int) -> Bool {
        guard position + 3 < text.count, text[position..<(position + 3)].elementsEqual("(?<".utf8)
        else { return false }
        return text[position + 3] != UInt8(ascii: "=") && text[position + 3] != UInt8(ascii: "!")
    }

    /// Behind the `\E` that ends a quotation, or behind the text.
    private static func endOfQuotation(_ text: UnsafeBufferPointer<UInt8>, _ start: Int) -> Int {
        var position = start
        while position + 1 < text.count {
            if text[position] == UInt8(ascii: "\\"), text[position + 1] == UInt8(ascii: "E") {
                return position + 2
            }
            position += 1
        }
        return text.count
    }
}
