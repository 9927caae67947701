// SPDX-License-Identifier: Apache-2.0
import Authorization
import RegoVM

/// RFC 3986, section 2.1, read.
enum PercentDecoding {
    /// The decoded text, which shares `text` when there is nothing to decode.
    ///
    /// - Parameters:
    ///   - plusIsSpace: as in queries and forms.
    ///   - failure: what to throw for a "%" without two hexadecimal digits.
    static func decode(
        _ text: Bytes, plusIsSpace: Bool, in arena: Arena, or failure: InputFailure.Code
    ) throws(InputFailure) -> Bytes {
        guard needsDecoding(text, plusIsSpace) else { return text }
        let memory = arena.allocate(UInt8.self, count: text.count)
        var count = 0
        var index = 0
        while index < text.count {
            var byte = text[index]
            if byte == UInt8(ascii: "%") {
                guard index + 2 < text.count, let high = ASCII.hexadecimal(text[index + 1]),
                    let low = ASCII.hexadecimal(text[index + 2])
                else { throw InputFailure(failure, at: index) }
                byte = high << 4 | low
                index += 2
            } else if plusIsSpace, byte == UInt8(ascii: "+") {
                byte = UInt8(ascii: " ")
            }
            memory[count] = byte
            count += 1
            index += 1
        }
        return Bytes(start: UnsafePointer(memory), count: count)
    }

    private static func needsDecoding(_ text: Bytes, _ plusIsSpace: Bool) -> Bool {
        for byte in text.buffer {
            if byte == UInt8(ascii: "%") || (plusIsSpace && byte == UInt8(ascii: "+")) {
                return true
            }
        }
        return false
    }
}

extension Value {
    /// A string that shares `bytes`, or, when they are not UTF-8, a copy repaired with U+FFFD.
    static func text(_ bytes: Bytes, in arena: Arena) -> Value {
        UTF8Text.isValid(bytes.buffer) ? .string(sharing: bytes.buffer) : arena.string(bytes.string)
    }

    /// A string that shares `bytes`, which the CheckRequest reader has found to be UTF-8.
    static func checked(_ bytes: Bytes) -> Value { .string(sharing: bytes.buffer) }
}

extension Bytes {
    /// Where `part` first occurs from `start` on.
    func index(of part: Bytes, from start: Int = 0) -> Int? {
        guard let first = part.isEmpty ? nil : part[0] else { return start <= count ? start : nil }
        var index = start
        while let candidate = firstIndex(of: first, from: index) {
            guard candidate + part.count <= count else { return nil }
            if self[candidate..<candidate + part.count] == part { return candidate }
            index = candidate + 1
        }
        return nil
    }

    func contains(_ literal: StaticString) -> Bool { index(of: Bytes(literal)) != nil }
}
