// SPDX-License-Identifier: Apache-2.0

/// Turns the bytes of string and number tokens into values.
enum LiteralDecoding {
    /// A string's text between its quotes, with JSON's escapes (and `\{` in a template).
    /// nil when an escape is malformed.
    static func text(_ bytes: ArraySlice<UInt8>, isTemplate: Bool) -> String? {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var index = bytes.startIndex
        while index < bytes.endIndex {
            let byte = bytes[index]
            index += 1
            // JSON has no bare control characters. OPA notices only beside an escape.
            guard byte >= 0x20 else { return nil }
            guard byte == UInt8(ascii: "\\") else {
                result.append(byte)
                continue
            }
            guard index < bytes.endIndex else { return nil }
            let escape = bytes[index]
            index += 1
            if escape == UInt8(ascii: "u") {
                guard let scalar = unicodeEscape(bytes, &index) else { return nil }
                result.append(contentsOf: String(Character(scalar)).utf8)
            } else if let plain = simpleEscape(escape, isTemplate) {
                result.append(plain)
            } else {
                return nil
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// A raw template's text, where only `\{` is an escape.
    static func rawTemplateText(_ bytes: ArraySlice<UInt8>) -> String {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        for (index, byte) in zip(bytes.indices, bytes) {
            let next = index + 1
            let escapesBrace =
                byte == UInt8(ascii: "\\") && next < bytes.endIndex
                && bytes[next] == UInt8(ascii: "{")
            if !escapesBrace { result.append(byte) }
        }
        return String(decoding: result, as: UTF8.self)
    }

    private static func simpleEscape(_ escape: UInt8, _ isTemplate: Bool) -> UInt8? {
        switch escape {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): escape
        case UInt8(ascii: "{"): isTemplate ? escape : nil
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "t"): 0x09
        default: nil
        }
    }

    /// The scalar of `XXXX` after `\u`; a surrogate without its other half becomes U+FFFD.
    private static func unicodeEscape(
        _ bytes: ArraySlice<UInt8>, _ index: inout Int
    ) -> Unicode.Scalar? {
        guard let first = hexadecimal(bytes, index) else { return nil }
        index += 4
        if let scalar = Unicode.Scalar(first) { return scalar }
        if first < 0xDC00, index + 1 < bytes.endIndex, bytes[index] == UInt8(ascii: "\\"),
            bytes[index + 1] == UInt8(ascii: "u"),
            let second = hexadecimal(bytes, index + 2), 0xDC00...0xDFFF ~= second
        {
            index += 6
            return Unicode.Scalar(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00))
        }
        return "\u{FFFD}"
    }

    private static func hexadecimal(_ bytes: ArraySlice<UInt8>, _ start: Int) -> UInt32? {
        guard start + 4 <= bytes.endIndex else { return nil }
        var value: UInt32 = 0
        for index in start..<(start + 4) {
            let byte = bytes[index]
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                value = value << 4 | UInt32(byte - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"), UInt8(ascii: "A")...UInt8(ascii: "F"):
                value = value << 4 | UInt32((byte | 0x20) - UInt8(ascii: "a") + 10)
            default:
                return nil
            }
        }
        return value
    }

    /// The power of ten of a number's first digit that is not zero, or 0 for zero itself; for
    /// `1234.5` it is 3, for `0.02` it is -2. The exponent's size is clamped, not its meaning.
    static func magnitude(_ number: ArraySlice<UInt8>) -> Int {
        var integerDigits = 0
        var leadingZeros = 0
        var sawDigit = false
        var inFraction = false
        var index = number.startIndex
        scan: while index < number.endIndex {
            switch number[index] {
            case UInt8(ascii: "."): inFraction = true
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                sawDigit = sawDigit || number[index] != UInt8(ascii: "0")
                if sawDigit, !inFraction { integerDigits += 1 }
                if !sawDigit, inFraction { leadingZeros += 1 }
            default: break scan
            }
            index += 1
        }
        guard sawDigit else { return 0 }
        let own = integerDigits > 0 ? integerDigits - 1 : -1 - leadingZeros
        return own + exponent(number[index...])
    }

    /// The value of `e+12`, clamped to nine digits.
    private static func exponent(_ bytes: ArraySlice<UInt8>) -> Int {
        var value = 0
        var isNegative = false
        for byte in bytes.dropFirst() {
            if byte == UInt8(ascii: "-") { isNegative = true }
            guard byte &- UInt8(ascii: "0") < 10 else { continue }
            value = min(value * 10 + Int(byte - UInt8(ascii: "0")), 1_000_000_000)
        }
        return isNegative ? -value : value
    }
}
