// SPDX-License-Identifier: Apache-2.0
import CText

/// Base64 (RFC 4648) with the strictness and the messages of Go's encoding/base64.
enum Base64Text {
    enum Alphabet {
        case standard
        /// `-` and `_` in place of `+` and `/`.
        case url
    }

    static func encode(
        _ bytes: some Collection<UInt8>, _ alphabet: Alphabet, isPadded: Bool
    ) -> [UInt8] {
        let tail = alphabet == .url ? "-_" : "+/"
        let symbols = Array(
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789\(tail)".utf8)
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count / 3 * 4 + 4)
        var pending: UInt32 = 0
        var bits = 0
        for byte in bytes {
            pending = pending << 8 | UInt32(byte)
            bits += 8
            while bits >= 6 {
                bits -= 6
                output.append(symbols[Int(pending >> UInt32(bits) & 63)])
            }
        }
        if bits > 0 { output.append(symbols[Int(pending << UInt32(6 - bits) & 63)]) }
        while isPadded && output.count % 4 != 0 { output.append(UInt8(ascii: "=")) }
        return output
    }

    /// - Throws: `illegal base64 data at input byte N`.
    static func decode(
        _ text: some Collection<UInt8>, _ alphabet: Alphabet, isPadded: Bool = true
    ) throws(BuiltinError) -> [UInt8] {
        var decoder = Decoder(Array(text), alphabet, isPadded: isPadded)
        return try decoder.run()
    }

    /// A part of a compact JWS: URL alphabet, padded or not.
    static func decodeURL(_ text: some Collection<UInt8>) throws(BuiltinError) -> [UInt8] {
        var text = Array(text)
        if text.last != UInt8(ascii: "=") {
            guard text.count % 4 != 1 else {
                throw .failed("illegal base64url string: \(String(decoding: text, as: UTF8.self))")
            }
            while text.count % 4 != 0 { text.append(UInt8(ascii: "=")) }
        }
        return try decode(text, .url)
    }
}

private struct Decoder {
    private let text: [UInt8]
    private let alphabet: Base64Text.Alphabet
    private let isPadded: Bool
    private var position = 0
    private var output: [UInt8] = []

    init(_ text: [UInt8], _ alphabet: Base64Text.Alphabet, isPadded: Bool) {
        self.text = text
        self.alphabet = alphabet
        self.isPadded = isPadded
        output.reserveCapacity(text.count / 4 * 3 + 3)
    }

    mutating func run() throws(BuiltinError) -> [UInt8] {
        while try quantum() {}
        return output
    }

    /// Reads four symbols; false at the end.
    private mutating func quantum() throws(BuiltinError) -> Bool {
        var symbols: [UInt32] = []
        while symbols.count < 4 {
            guard position < text.count else {
                if symbols.isEmpty { return false }
                guard !isPadded, symbols.count > 1 else { throw corrupt(position - symbols.count) }
                append(symbols)
                return false
            }
            let byte = text[position]
            position += 1
            if let symbol = value(byte) {
                symbols.append(symbol)
            } else if byte != 0x0A && byte != 0x0D {
                guard isPadded, byte == UInt8(ascii: "="), symbols.count >= 2 else {
                    throw corrupt(position - 1)
                }
                try finish(symbols)
                return false
            }
        }
        append(symbols)
        return true
    }

    /// Checks what stands behind the first padding character.
    private mutating func finish(_ symbols: [UInt32]) throws(BuiltinError) {
        skipNewlines()
        if symbols.count == 2 {
            guard position < text.count else { throw corrupt(text.count) }
            guard text[position] == UInt8(ascii: "=") else { throw corrupt(position - 1) }
            position += 1
            skipNewlines()
        }
        guard position == text.count else { throw corrupt(position) }
        append(symbols)
    }

    private mutating func skipNewlines() {
        while position < text.count, text[position] == 0x0A || text[position] == 0x0D {
            position += 1
        }
    }

    private mutating func append(_ symbols: [UInt32]) {
        var word: UInt32 = 0
        for index in 0..<4 { word = word << 6 | (index < symbols.count ? symbols[index] : 0) }
        for index in 0..<(symbols.count - 1) {
            output.append(UInt8(truncatingIfNeeded: word >> UInt32(16 - index * 8)))
        }
    }

    private func value(_ byte: UInt8) -> UInt32? {
        let digit = text_base64_digit(byte, alphabet == .url)
        return digit < 0 ? nil : UInt32(digit)
    }

    private func corrupt(_ offset: Int) -> BuiltinError {
        .failed("illegal base64 data at input byte \(offset)")
    }
}

extension Arena {
    /// A string: the bytes in base64 with padding, as Go writes bytes into JSON.
    public func base64(_ bytes: ArraySlice<UInt8>) -> Value {
        string(
            String(
                decoding: Base64Text.encode(bytes, .standard, isPadded: true), as: UTF8.self))
    }
}
