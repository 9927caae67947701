// SPDX-License-Identifier: Apache-2.0

/// The encoding of `grpc-message`: bytes outside space to `~`, and `%`, become `%XX`.
public enum PercentEncoding {
    /// The text may stand in the header as it is.
    static func isPlain(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        for byte in bytes where needsEscape(byte) { return false }
        return true
    }

    public static func encode(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        let digits = Array("0123456789ABCDEF".utf8)
        var encoded: [UInt8] = []
        for byte in bytes {
            if needsEscape(byte) {
                encoded.append(UInt8(ascii: "%"))
                encoded.append(digits[Int(byte >> 4)])
                encoded.append(digits[Int(byte & 0xF)])
            } else {
                encoded.append(byte)
            }
        }
        return encoded
    }

    private static func needsEscape(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte > 0x7E || byte == UInt8(ascii: "%")
    }
}
