// SPDX-License-Identifier: Apache-2.0

/// Text in which no control character is left: one line stays one line, and nothing reaches a
/// terminal that it would obey.
public enum EscapedText {
    /// - Parameters:
    ///   - text: UTF-8.
    ///   - quote: what the text will stand in: it is escaped, and so are backslashes.
    public static func append(
        _ text: some Sequence<UInt8>, quote: UInt8? = nil, to bytes: inout [UInt8]
    ) {
        for byte in text {
            if byte < 0x20 || byte == 0x7F {
                bytes += "\\u00".utf8
                bytes.append(digit(byte >> 4))
                bytes.append(digit(byte & 15))
            } else {
                if byte == quote || (quote != nil && byte == UInt8(ascii: "\\")) {
                    bytes.append(UInt8(ascii: "\\"))
                }
                bytes.append(byte)
            }
        }
    }

    /// A string of JSON (RFC 8259 section 7), with its quotation marks.
    public static func appendJSON(_ text: String, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        append(text.utf8, quote: UInt8(ascii: "\""), to: &bytes)
        bytes.append(UInt8(ascii: "\""))
    }

    private static func digit(_ nibble: UInt8) -> UInt8 {
        nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10
    }
}
