// SPDX-License-Identifier: Apache-2.0

/// Text forms of Go's standard library that reach policies through error messages and results.
enum GoText {
    /// Quoted as package time does: everything that is not printable ASCII as `\x..`.
    static func asciiQuoted(_ text: some Collection<UInt8>) -> String {
        var output = "\""
        for byte in text {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                output += "\\"
                output.unicodeScalars.append(Unicode.Scalar(byte))
            case 0x20..<0x80: output.unicodeScalars.append(Unicode.Scalar(byte))
            default: output += "\\x" + hexadecimal([byte])
            }
        }
        return output + "\""
    }

    /// Quoted as `%q` does: non-ASCII letters stay.
    static func quoted(_ text: String) -> String {
        var output = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": output += "\\\""
            case "\\": output += "\\\\"
            case "\n": output += "\\n"
            case "\r": output += "\\r"
            case "\t": output += "\\t"
            case "\u{7}": output += "\\a"
            case "\u{8}": output += "\\b"
            case "\u{B}": output += "\\v"
            case "\u{C}": output += "\\f"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                output += "\\x" + hexadecimal([UInt8(scalar.value)])
            default: output.unicodeScalars.append(scalar)
            }
        }
        return output + "\""
    }

    /// A decimal number with an optional sign that fits; nil for anything else.
    static func integer(_ text: some Collection<UInt8>) -> Int? {
        guard let first = text.first else { return nil }
        let isNegative = first == UInt8(ascii: "-")
        let digits = isNegative || first == UInt8(ascii: "+") ? text.dropFirst() : text[...]
        guard !digits.isEmpty else { return nil }
        var result = 0
        for byte in digits {
            guard byte >= 0x30, byte <= 0x39 else { return nil }
            let (product, overflow) = result.multipliedReportingOverflow(by: 10)
            let digit = Int(byte - 0x30)
            let (sum, carried) = product.addingReportingOverflow(isNegative ? -digit : digit)
            if overflow || carried { return nil }
            result = sum
        }
        return result
    }

    /// Lower-case hexadecimal digits.
    static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var output: [UInt8] = []
        for byte in bytes {
            output.append(digits[Int(byte >> 4)])
            output.append(digits[Int(byte & 15)])
        }
        return String(decoding: output, as: UTF8.self)
    }

    /// The bytes of hexadecimal digits of either case; nil for anything else.
    static func bytes(hexadecimal text: some Collection<UInt8>) -> [UInt8]? {
        guard text.count % 2 == 0 else { return nil }
        var output: [UInt8] = []
        var high: UInt8?
        for byte in text {
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
            default: return nil
            }
            if let first = high {
                output.append(first << 4 | digit)
                high = nil
            } else {
                high = digit
            }
        }
        return output
    }
}
