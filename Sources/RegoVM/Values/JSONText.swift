// SPDX-License-Identifier: Apache-2.0
import CText

/// Grammar of JSON strings (RFC 8259 section 7).
enum JSONText {
    /// The first byte from `start` that is a quote, a backslash, a control character or not ASCII.
    @inline(__always)
    static func plainEnd(_ text: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        guard let base = text.baseAddress else { return start }
        return start &+ text_plain_run(base + start, text.count &- start)
    }

    /// Decodes the escape that begins with the backslash at `start`; it never takes more memory
    /// than text. A lone surrogate becomes U+FFFD, as in Go.
    ///
    /// - Returns: where the text goes on and how many bytes were written; nil when there is no such
    ///   escape.
    static func unescape(
        _ text: UnsafeBufferPointer<UInt8>, at start: Int, into memory: UnsafeMutablePointer<UInt8>
    ) -> (end: Int, written: Int)? {
        guard start &+ 1 < text.count else { return nil }
        let escape = text[start &+ 1]
        var end = start &+ 2
        guard escape == UInt8(ascii: "u") else {
            guard let plain = simpleEscape(escape) else { return nil }
            memory[0] = plain
            return (end, 1)
        }
        guard let unit = hexadecimal(text, end) else { return nil }
        end &+= 4
        var scalar = unit
        if unit >= 0xD800 && unit < 0xE000 {
            scalar = 0xFFFD
            if unit < 0xDC00, end &+ 1 < text.count, text[end] == UInt8(ascii: "\\"),
                text[end &+ 1] == UInt8(ascii: "u"), let low = hexadecimal(text, end &+ 2),
                low >= 0xDC00 && low < 0xE000
            {
                scalar = 0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00)
                end &+= 6
            }
        }
        return (end, UTF8Text.encode(scalar, into: memory))
    }

    private static func simpleEscape(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): byte
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "t"): 0x09
        default: nil
        }
    }

    private static func hexadecimal(_ raw: UnsafeBufferPointer<UInt8>, _ start: Int) -> UInt32? {
        guard start + 4 <= raw.count else { return nil }
        var result: UInt32 = 0
        for index in start..<start + 4 {
            let byte = raw[index]
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
            default: return nil
            }
            result = result << 4 | UInt32(digit)
        }
        return result
    }
}

/// Grammar of JSON numbers (RFC 8259 section 6).
public enum JSONNumber {
    /// True when a number that is digits so far does not go on with `next`.
    @inline(__always)
    static func ends(before next: UInt8) -> Bool {
        next != UInt8(ascii: ".") && next | 0x20 != UInt8(ascii: "e")
    }

    /// One past the number that starts at `start`; nil when none does.
    static func end(_ text: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
        var position = start
        func digits() -> Bool {
            let first = position
            while position < text.count, text[position] >= 0x30, text[position] <= 0x39 {
                position &+= 1
            }
            return position > first
        }
        if position < text.count, text[position] == UInt8(ascii: "-") { position &+= 1 }
        guard position < text.count else { return nil }
        if text[position] == UInt8(ascii: "0") {
            position &+= 1
            if position < text.count, text[position] >= 0x30, text[position] <= 0x39 { return nil }
        } else {
            guard digits() else { return nil }
        }
        if position < text.count, text[position] == UInt8(ascii: ".") {
            position &+= 1
            guard digits() else { return nil }
        }
        if position < text.count, text[position] | 0x20 == UInt8(ascii: "e") {
            position &+= 1
            if position < text.count,
                text[position] == UInt8(ascii: "+") || text[position] == UInt8(ascii: "-")
            {
                position &+= 1
            }
            guard digits() else { return nil }
        }
        return position
    }

    /// True when the whole of `text` is one JSON number.
    public static func isValid(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        text.count > 0 && end(text, from: 0) == text.count
    }

    /// The value of plain digits with an optional sign that fits 64 bits; nil for all others, also
    /// for `-0`, `1.0` and `1e3`, which keep their text.
    static func integer(_ text: UnsafeBufferPointer<UInt8>) -> Int64? {
        var position = 0
        let negative = text.count > 0 && text[0] == UInt8(ascii: "-")
        if negative { position = 1 }
        let digits = text.count - position
        guard digits > 0, digits <= 19 else { return nil }
        var magnitude: UInt64 = 0
        while position < text.count {
            let digit = text[position] &- 0x30
            guard digit <= 9 else { return nil }
            magnitude = magnitude &* 10 &+ UInt64(digit)
            position &+= 1
        }
        if negative {
            guard magnitude > 0, magnitude <= UInt64(Int64.max) &+ 1 else { return nil }
            return Int64(truncatingIfNeeded: 0 &- magnitude)
        }
        return Int64(exactly: magnitude)
    }
}

/// UTF-8 (RFC 3629).
public enum UTF8Text {
    /// True when `bytes` are well-formed UTF-8: no overlong forms, no surrogates, nothing above
    /// U+10FFFF.
    public static func isValid(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        var index = asciiEnd(bytes, from: 0)
        while index < bytes.count {
            let width = width(bytes, at: index)
            guard width > 0 else { return false }
            index = asciiEnd(bytes, from: index &+ width)
        }
        return true
    }

    /// The first byte from `start` that is not ASCII.
    private static func asciiEnd(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        guard let base = bytes.baseAddress else { return start }
        return start &+ text_ascii_run(base + start, bytes.count &- start)
    }

    /// The length of the well-formed sequence at `index`, whose first byte is not ASCII; 0 when it
    /// is ill-formed (Unicode, table 3-7).
    static func width(_ bytes: UnsafeBufferPointer<UInt8>, at index: Int) -> Int {
        guard let base = bytes.baseAddress, index < bytes.count else { return 0 }
        return max(0, Int(text_sequence(base + index, bytes.count &- index)))
    }

    /// Writes a scalar (not a surrogate) and returns its number of bytes, at most 4.
    static func encode(_ scalar: UInt32, into memory: UnsafeMutablePointer<UInt8>) -> Int {
        switch scalar {
        case 0..<0x80:
            memory[0] = UInt8(scalar)
            return 1
        case 0x80..<0x800:
            memory[0] = UInt8(0xC0 | scalar >> 6)
            memory[1] = UInt8(0x80 | scalar & 0x3F)
            return 2
        case 0x800..<0x10000:
            memory[0] = UInt8(0xE0 | scalar >> 12)
            memory[1] = UInt8(0x80 | scalar >> 6 & 0x3F)
            memory[2] = UInt8(0x80 | scalar & 0x3F)
            return 3
        default:
            memory[0] = UInt8(0xF0 | scalar >> 18)
            memory[1] = UInt8(0x80 | scalar >> 12 & 0x3F)
            memory[2] = UInt8(0x80 | scalar >> 6 & 0x3F)
            memory[3] = UInt8(0x80 | scalar & 0x3F)
            return 4
        }
    }
}
