// SPDX-License-Identifier: Apache-2.0
import Authorization
import RegoVM

/// Header values of SEP-2243: plain text, or `=?base64?...?=` for what plain text cannot carry.
enum EncodedHeader {
    /// - Returns: the decoded value; nil when it is not well formed.
    static func decode(_ value: Bytes, _ arena: Arena) -> Bytes? {
        let opening: StaticString = "=?base64?"
        guard value.hasPrefix(opening) else { return value }
        guard value.hasSuffix("?="), value.count >= opening.utf8CodeUnitCount + 2,
            value.count <= Limits.encodedNameBytes
        else { return nil }
        return base64(value[opening.utf8CodeUnitCount..<value.count - 2], arena)
    }

    /// True when a scalar inside `arguments` is written as `text`; numbers are compared as numbers.
    static func occurs(
        _ text: Bytes, in arguments: Value, _ arena: Arena, _ depth: Int, _ left: inout Int
    ) -> Bool {
        guard depth < Limits.argumentDepth, left > 0 else { return false }
        left -= 1
        switch arguments.kind {
        case .object:
            for value in arguments.values where occurs(text, in: value, arena, depth + 1, &left) {
                return true
            }
            return false
        case .string: return arguments.text == text
        case .boolean: return text.equals(arguments.isTrue ? "true" : "false")
        case .integer, .decimal:
            guard let number = try? JSONReader.read(text.buffer, into: arena) else { return false }
            return number.isNumber && number.isEqual(to: arguments)
        default: return false
        }
    }

    /// Base64 with padding (RFC 4648 section 4).
    private static func base64(_ text: Bytes, _ arena: Arena) -> Bytes? {
        guard text.count % 4 == 0 else { return nil }
        var length = text.count
        while length > 0, text.count - length < 2, text[length - 1] == UInt8(ascii: "=") {
            length -= 1
        }
        let memory = arena.allocate(UInt8.self, count: text.count)
        var written = 0
        var bits: UInt32 = 0
        var held = 0
        for index in 0..<length {
            guard let digit = digit(text[index]) else { return nil }
            bits = bits << 6 | digit
            held += 6
            guard held >= 8 else { continue }
            held -= 8
            memory[written] = UInt8(truncatingIfNeeded: bits >> UInt32(held))
            written += 1
        }
        return Bytes(start: memory, count: written)
    }

    private static func digit(_ byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(byte - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(byte - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
