// SPDX-License-Identifier: Apache-2.0

/// Lays a record's JSON out for people: two spaces a level, one field a line. Every byte of its
/// names and values stays as it was signed.
public enum IndentedRecord {
    /// - Parameter json: one JSON text; anything else is handed back as it is.
    public static func text(_ json: [UInt8]) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(json.count * 2)
        var level = 0
        var isInString = false
        var isEscaped = false
        func newLine() {
            output.append(UInt8(ascii: "\n"))
            output.append(contentsOf: repeatElement(UInt8(ascii: " "), count: 2 * max(0, level)))
        }
        for (place, byte) in json.enumerated() {
            if isInString {
                output.append(byte)
                isInString = isEscaped || byte != UInt8(ascii: "\"")
                isEscaped = !isEscaped && byte == UInt8(ascii: "\\")
                continue
            }
            switch byte {
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                output.append(byte)
                level += 1
                if place + 1 < json.count, json[place + 1] != byte + 2 { newLine() }
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                level -= 1
                if place > 0, json[place - 1] != byte - 2 { newLine() }
                output.append(byte)
            case UInt8(ascii: ","):
                output.append(byte)
                newLine()
            case UInt8(ascii: ":"):
                output += [byte, UInt8(ascii: " ")]
            default:
                isInString = byte == UInt8(ascii: "\"")
                output.append(byte)
            }
        }
        output.append(UInt8(ascii: "\n"))
        return output
    }
}
