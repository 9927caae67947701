// SPDX-License-Identifier: Apache-2.0
import RegoVM

/// JSON in its canonical form (RFC 8785): the same value always gives the same bytes, whatever
/// white space, order of keys and spelling of numbers it came with.
enum CanonicalJSON {
    /// The value has a part that other readers may take for something else.
    enum Failure: Error {
        /// A number that a double does not hold: two of them could share one canonical form.
        case number
        /// A value that JSON does not have.
        case kind
    }

    /// Significant digits that a double holds, whatever the number.
    private static let safeDigits = 17
    private static let safeInteger: Int64 = 1 << 53

    /// - Parameter leavingOut: whether a member of the outermost object is left out, by its key.
    static func append(
        _ value: Value, to output: inout ByteBuilder, leavingOut: (Value) -> Bool = { _ in false }
    ) throws(Failure) {
        switch value.kind {
        case .null, .boolean, .string: JSONWriter.append(value, to: &output)
        case .integer:
            guard let number = value.asInteger, number.magnitude <= safeInteger.magnitude else {
                throw .number
            }
            output.append(number)
        case .decimal: try appendDecimal(value, to: &output)
        case .array:
            output.append(UInt8(ascii: "["))
            for index in 0..<value.count {
                if index > 0 { output.append(UInt8(ascii: ",")) }
                try append(value.elements[index], to: &output)
            }
            output.append(UInt8(ascii: "]"))
        case .object: try appendObject(value, to: &output, leavingOut)
        case .undefined, .builder, .set: throw .kind
        }
    }

    private static func appendObject(
        _ value: Value, to output: inout ByteBuilder, _ leavingOut: (Value) -> Bool
    ) throws(Failure) {
        let order = (0..<value.count).sorted { precedes(value.keys[$0], value.keys[$1]) }
        output.append(UInt8(ascii: "{"))
        var isFirst = true
        for index in order where !leavingOut(value.keys[index]) {
            guard value.keys[index].isString else { throw .kind }
            if !isFirst { output.append(UInt8(ascii: ",")) }
            isFirst = false
            JSONWriter.append(value.keys[index], to: &output)
            output.append(UInt8(ascii: ":"))
            try append(value.values[index], to: &output)
        }
        output.append(UInt8(ascii: "}"))
    }

    /// The order of UTF-16 (section 3.2.3). It differs from that of UTF-8 in one point: characters
    /// beyond U+FFFF (four bytes) come before those from U+E000 on (three bytes).
    static func precedes(_ left: Value, _ right: Value) -> Bool {
        let a = left.bytes
        let b = right.bytes
        for index in 0..<min(a.count, b.count) where a[index] != b[index] {
            if a[index] >= 0xF0, b[index] == 0xEE || b[index] == 0xEF { return true }
            if b[index] >= 0xF0, a[index] == 0xEE || a[index] == 0xEF { return false }
            return a[index] < b[index]
        }
        return a.count < b.count
    }

    // MARK: Numbers

    /// As ECMAScript writes a double (ECMA-262, Number::toString), which section 3.2.2.3 asks for.
    private static func appendDecimal(
        _ value: Value, to output: inout ByteBuilder
    ) throws(Failure) {
        let text = String(decoding: value.bytes, as: UTF8.self)
        guard significantDigits(text) <= safeDigits, let number = Double(text), number.isFinite,
            number.magnitude < Double(safeInteger) || !isInteger(text)
        else { throw .number }
        for byte in spelled(number).utf8 { output.append(byte) }
    }

    private static func isInteger(_ text: String) -> Bool {
        text.utf8.allSatisfy { $0 == UInt8(ascii: "-") || ($0 >= 0x30 && $0 <= 0x39) }
    }

    private static func significantDigits(_ text: String) -> Int {
        let mantissa = text.prefix { $0 != "e" && $0 != "E" }
        var digits = mantissa.utf8.filter { $0 >= 0x30 && $0 <= 0x39 }[...]
        digits = digits.drop { $0 == UInt8(ascii: "0") }
        while digits.last == UInt8(ascii: "0") { digits.removeLast() }
        return digits.count
    }

    static func spelled(_ number: Double) -> String {
        if number == 0 { return "0" }
        // Swift gives the shortest digits too, but spells the exponent in its own way.
        let text = number.magnitude.description
        let parts = text.split(separator: "e")
        let mantissa = parts[0].split(separator: ".", omittingEmptySubsequences: false)
        let whole = String(mantissa[0])
        let fraction = mantissa.count > 1 ? String(mantissa[1]) : ""
        var exponent = whole.count + (parts.count > 1 ? Int(parts[1]) ?? 0 : 0)
        var digits = Substring(whole + fraction)
        while digits.first == "0" {
            digits.removeFirst()
            exponent -= 1
        }
        while digits.last == "0" { digits.removeLast() }
        return (number < 0 ? "-" : "") + spelled(digits: String(digits), exponent)
    }

    /// - Parameter exponent: the value is 0.`digits` times ten to this power.
    private static func spelled(digits: String, _ exponent: Int) -> String {
        let count = digits.count
        if exponent >= count, exponent <= 21 {
            return digits + String(repeating: "0", count: exponent - count)
        }
        if exponent > 0, exponent <= 21 {
            return "\(digits.prefix(exponent)).\(digits.dropFirst(exponent))"
        }
        if exponent > -6, exponent <= 0 {
            return "0." + String(repeating: "0", count: -exponent) + digits
        }
        let power = exponent - 1
        let sign = power < 0 ? "-" : "+"
        let rest = digits.dropFirst()
        return "\(digits.prefix(1))\(rest.isEmpty ? "" : ".")\(rest)e\(sign)\(power.magnitude)"
    }
}
