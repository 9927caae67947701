// SPDX-License-Identifier: Apache-2.0
import Authorization
import CText
import RegoVM

/// Base64 (RFC 4648) in headers.
enum Base64 {
    /// Section 4, with padding.
    static func decode(padded text: Bytes, _ arena: Arena) -> Bytes? {
        guard text.count % 4 == 0 else { return nil }
        var length = text.count
        while length > 0, text.count - length < 2, text[length - 1] == UInt8(ascii: "=") {
            length -= 1
        }
        return decode(text[0..<length], arena, isURL: false)
    }

    /// Section 5, without padding, as in JSON web tokens (RFC 7515 section 2).
    static func decode(url text: Bytes, _ arena: Arena) -> Bytes? {
        decode(text, arena, isURL: true)
    }

    private static func decode(_ text: Bytes, _ arena: Arena, isURL: Bool) -> Bytes? {
        let memory = arena.allocate(UInt8.self, count: text.count)
        guard let start = text.start else { return Bytes(start: memory, count: 0) }
        var rest: UInt32 = 0
        let count = text_base64_decode(memory, start, text.count, isURL, &rest)
        return count < 0 ? nil : Bytes(start: memory, count: count)
    }
}
