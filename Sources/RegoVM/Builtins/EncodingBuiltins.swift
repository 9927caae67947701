// SPDX-License-Identifier: Apache-2.0
import CText

/// Base64 and hexadecimal digits (RFC 4648). Decoded bytes need not be UTF-8.
enum EncodingBuiltins {
    static let all: [Builtin] = [
        Builtin("base64.encode", "string -> string") { evaluation, operands throws(BuiltinError) in
            try Base64.encode(operands.string(0), .standard, padded: true, evaluation)
        },
        Builtin("base64.decode", "string -> string") { evaluation, operands throws(BuiltinError) in
            try Base64.decode(operands.string(0), .standard, evaluation)
        },
        Builtin("base64.is_valid", "string -> boolean") { evaluation, operands in
            guard operands[0].isString else { return .false }
            return .boolean((try? Base64.decode(operands[0], .standard, evaluation)) != nil)
        },
        Builtin("base64url.encode", "string -> string") {
            evaluation, operands throws(BuiltinError) in
            try Base64.encode(operands.string(0), .url, padded: true, evaluation)
        },
        Builtin("base64url.encode_no_pad", "string -> string") {
            evaluation, operands throws(BuiltinError) in
            try Base64.encode(operands.string(0), .url, padded: false, evaluation)
        },
        Builtin("base64url.decode", "string -> string") {
            evaluation, operands throws(BuiltinError) in
            try decodeURL(operands.string(0), evaluation)
        },
        Builtin("hex.encode", "string -> string") { evaluation, operands throws(BuiltinError) in
            let text = try operands.string(0)
            let digits = try evaluation.bytes(text.count * 2)
            let letters: StaticString = "0123456789abcdef"
            for (index, byte) in text.bytes.enumerated() {
                digits[index * 2] = letters.utf8Start[Int(byte >> 4)]
                digits[index * 2 + 1] = letters.utf8Start[Int(byte & 15)]
            }
            return .string(digits, text.count * 2)
        },
        Builtin("hex.decode", "string -> string") { evaluation, operands throws(BuiltinError) in
            try decodeHexadecimal(operands.string(0), evaluation)
        },
    ]

    /// Padding may be left out (RFC 7515, appendix C).
    private static func decodeURL(_ text: Value, _ evaluation: Evaluation) throws(BuiltinError)
        -> Value
    {
        guard text.count % 4 != 0, text.bytes.last != UInt8(ascii: "=") else {
            return try Base64.decode(text, .url, evaluation)
        }
        guard text.count % 4 != 1 else {
            throw .failed(
                "illegal base64url string: "
                    + String(decoding: text.bytes.prefix(256), as: UTF8.self)
            )
        }
        let padded = try evaluation.bytes(text.count + 2)
        var count = text.write(to: padded)
        while count % 4 != 0 {
            padded[count] = UInt8(ascii: "=")
            count += 1
        }
        return try Base64.decode(.string(padded, count), .url, evaluation)
    }

    static func hexadecimalDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    private static func decodeHexadecimal(
        _ text: Value, _ evaluation: Evaluation
    ) throws(BuiltinError) -> Value {
        let decoded = try evaluation.bytes(text.count / 2)
        for (index, byte) in text.bytes.enumerated() {
            guard let digit = hexadecimalDigit(byte) else {
                throw .failed("encoding/hex: invalid byte: \(describe(byte))")
            }
            if index == text.count - 1 && text.count % 2 == 1 { break }
            decoded[index / 2] = index % 2 == 0 ? digit << 4 : decoded[index / 2] | digit
        }
        guard text.count % 2 == 0 else { throw .failed("encoding/hex: odd length hex string") }
        return .string(decoded, text.count / 2)
    }

    /// Go's `%#U`: `U+0067 'g'`.
    private static func describe(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16, uppercase: true)
        let code = "U+" + String(repeating: "0", count: 4 - digits.count) + digits
        return Runes.isPrintable(UInt32(byte))
            ? "\(code) '\(Character(Unicode.Scalar(byte)))'" : code
    }
}

enum Base64 {
    struct Alphabet {
        let letters: StaticString
        var isURL = false
        static let standard = Alphabet(
            letters: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        static let url = Alphabet(
            letters: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
            isURL: true)

        @inline(__always)
        func value(of byte: UInt8) -> UInt32? {
            let digit = text_base64_digit(byte, isURL)
            return digit < 0 ? nil : UInt32(digit)
        }
    }

    static func encode(
        _ value: Value, _ alphabet: Alphabet, padded: Bool, _ evaluation: Evaluation
    ) throws(BuiltinError) -> Value {
        let bytes = value.bytes
        let (whole, rest) = bytes.count.quotientAndRemainder(dividingBy: 3)
        let size = whole * 4 + (rest == 0 ? 0 : padded ? 4 : rest + 1)
        let encoded = try evaluation.bytes(size)
        let letters = alphabet.letters.utf8Start
        for group in 0...whole where group < whole || rest > 0 {
            var bits: UInt32 = 0
            for offset in 0..<3 {
                let index = group * 3 + offset
                bits = bits << 8 | (index < bytes.count ? UInt32(bytes[index]) : 0)
            }
            let digits = group < whole ? 4 : rest + 1
            for digit in 0..<4 where group * 4 + digit < size {
                encoded[group * 4 + digit] =
                    digit < digits
                    ? letters[Int(bits >> UInt32(18 - digit * 6) & 63)] : UInt8(ascii: "=")
            }
        }
        return .string(encoded, size)
    }

    /// Decodes padded text; line breaks in it are skipped, bits left over are ignored, as in Go.
    static func decode(
        _ value: Value, _ alphabet: Alphabet, _ evaluation: Evaluation
    ) throws(BuiltinError) -> Value {
        let bytes = value.bytes
        let decoded = try evaluation.bytes(bytes.count / 4 * 3 + 3)
        var (bits, digits, count, index) = (UInt32(0), 0, 0, 0)
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            if byte == 0x0A || byte == 0x0D { continue }
            if byte == UInt8(ascii: "=") {
                count = try finish(bytes, index, bits, digits, decoded, count)
                return .string(decoded, count)
            }
            guard let digit = alphabet.value(of: byte) else { throw illegal(index - 1) }
            bits = bits << 6 | digit
            digits += 1
            guard digits == 4 else { continue }
            decoded[count] = UInt8(truncatingIfNeeded: bits >> 16)
            decoded[count + 1] = UInt8(truncatingIfNeeded: bits >> 8)
            decoded[count + 2] = UInt8(truncatingIfNeeded: bits)
            count += 3
            (bits, digits) = (0, 0)
        }
        guard digits == 0 else { throw illegal(bytes.count - digits) }
        return .string(decoded, count)
    }

    private static func illegal(_ offset: Int) -> BuiltinError {
        .failed("illegal base64 data at input byte \(offset)")
    }

    /// Handles the padding, whose first byte stands before `index`, and what may follow it.
    private static func finish(
        _ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, _ bits: UInt32, _ digits: Int,
        _ decoded: UnsafeMutablePointer<UInt8>, _ count: Int
    ) throws(BuiltinError) -> Int {
        var index = start
        func skipBreaks() {
            while index < bytes.count, bytes[index] == 0x0A || bytes[index] == 0x0D { index += 1 }
        }
        guard digits >= 2 else { throw illegal(index - 1) }
        if digits == 2 {
            skipBreaks()
            guard index < bytes.count else { throw illegal(bytes.count) }
            guard bytes[index] == UInt8(ascii: "=") else { throw illegal(index - 1) }
            index += 1
        }
        skipBreaks()
        guard index == bytes.count else { throw illegal(index) }
        if digits == 2 {
            decoded[count] = UInt8(truncatingIfNeeded: bits >> 4)
            return count + 1
        }
        decoded[count] = UInt8(truncatingIfNeeded: bits >> 10)
        decoded[count + 1] = UInt8(truncatingIfNeeded: bits >> 2)
        return count + 2
    }
}
