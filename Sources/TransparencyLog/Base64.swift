// SPDX-License-Identifier: Apache-2.0
import CText
import Cryptography

/// Standard base64 with padding (RFC 4648, section 4), and no other spelling of the same bytes.
enum Base64 {
    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    private static let padding = UInt8(ascii: "=")

    static func encode(_ bytes: some Collection<UInt8>) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        var bits: UInt32 = 0
        var held = 0
        for byte in bytes {
            bits = bits << 8 | UInt32(byte)
            held += 8
            while held >= 6 {
                held -= 6
                text.append(alphabet[Int(bits >> UInt32(held) & 63)])
            }
        }
        if held > 0 { text.append(alphabet[Int(bits << UInt32(6 - held) & 63)]) }
        while text.count % 4 != 0 { text.append(padding) }
        return String(decoding: text, as: UTF8.self)
    }

    /// Nil for a character outside the alphabet, wrong padding, or bits that must be zero.
    static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
        guard text.count % 4 == 0 else { return nil }
        let digits = Array(text)
        let pads = digits.reversed().prefix { $0 == padding }.count
        guard pads <= 2 else { return nil }
        var rest: UInt32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: digits.count) { memory, count in
            guard let start = memory.baseAddress else { return }
            count = max(0, text_base64_decode(start, digits, digits.count - pads, false, &rest))
        }
        return rest == 0 && bytes.count == digits.count / 4 * 3 - pads ? bytes : nil
    }
}

extension Digest {
    /// As proofs and checkpoints spell it.
    public var base64: String { Base64.encode(bytes) }
}
