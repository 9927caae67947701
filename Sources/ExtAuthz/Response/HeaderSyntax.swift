// SPDX-License-Identifier: Apache-2.0
import Authorization
import CText

/// What Envoy accepts as a header (RFC 9110, sections 5.1 and 5.5); anything else makes it answer
/// 500 or 503 in place of the decision.
enum HeaderSyntax {
    /// A token.
    static func isName(_ name: Bytes) -> Bool {
        guard let start = name.start, name.count > 0 else { return false }
        if text_is_plain_name(start, name.count) { return true }
        for byte in name.buffer where !isTokenByte(byte) { return false }
        return true
    }

    /// Neither control characters (tab excepted) nor ill-formed UTF-8, which a `string` field of
    /// the answer cannot carry.
    static func isValue(_ value: Bytes) -> Bool {
        if isPrintable(value) { return true }
        for byte in value.buffer where (byte < 0x20 && byte != 0x09) || byte == 0x7F {
            return false
        }
        return UTF8Check.firstInvalid(in: value) == nil
    }

    /// True when all bytes are surely printable ASCII, as nearly all values are; eight bytes are
    /// looked at together.
    private static func isPrintable(_ value: Bytes) -> Bool {
        guard let start = value.start, value.count >= 8 else { return false }
        let ones: UInt64 = 0x0101_0101_0101_0101
        var stop: UInt64 = 0
        func look(at offset: Int) {
            let word = UnsafeRawPointer(start + offset).loadUnaligned(as: UInt64.self)
            // The high bit of a byte is set by one below 0x20, by 0x7F and by one above.
            stop |= word | (word &- ones &* 0x20) | (word &+ ones)
        }
        var index = 0
        while index + 8 < value.count {
            look(at: index)
            index += 8
        }
        // The rest in one load, which overlaps what has been seen.
        look(at: value.count - 8)
        return stop & (ones &* 0x80) == 0
    }

    /// The pseudo-headers that Envoy lets a service rewrite on the request.
    static func isRewritablePseudoHeader(_ name: Bytes) -> Bool {
        name.equalsIgnoringCase(":path") || name.equalsIgnoringCase(":method")
            || name.equalsIgnoringCase(":authority")
    }

    static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: false
        }
    }

    /// A bit for each byte of a token: those below 64, and those from 64 to 127.
    @inline(__always)
    private static func isTokenByte(_ byte: UInt8) -> Bool {
        let bits: UInt64 = byte < 64 ? 0x03FF_6CFA_0000_0000 : 0x57FF_FFFF_C7FF_FFFE
        return byte < 128 && bits >> UInt64(byte & 63) & 1 == 1
    }
}
