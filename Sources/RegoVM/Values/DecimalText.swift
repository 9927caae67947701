// SPDX-License-Identifier: Apache-2.0

/// A JSON number as written, taken apart but not converted: exact at any size, without allocation.
///
/// Its value is `sign * 0.d1d2d3... * 10^magnitude`, where d1 is the first digit that is not zero.
@usableFromInline
struct DecimalText {
    let text: UnsafeBufferPointer<UInt8>
    let isNegative: Bool
    /// Offsets of the mantissa's first and one past its last significant character in `text`;
    /// a decimal point may stand between them.
    let first: Int
    let last: Int
    /// Saturates at ±`magnitudeLimit`.
    let magnitude: Int

    static let magnitudeLimit = 1 << 40

    @usableFromInline
    init(_ text: UnsafeBufferPointer<UInt8>) {
        self.text = text
        var position = 0
        isNegative = text.count > 0 && text[0] == UInt8(ascii: "-")
        if isNegative { position = 1 }
        var first = -1
        var last = -1
        var point = -1
        var digits = 0
        var leading = 0
        let start = position
        while position < text.count {
            let byte = text[position]
            if byte == UInt8(ascii: ".") {
                point = digits
            } else if byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") {
                if byte != UInt8(ascii: "0") {
                    if first < 0 {
                        first = position
                        leading = digits
                    }
                    last = position + 1
                }
                digits += 1
            } else {
                break
            }
            position += 1
        }
        var exponent = 0
        if position < text.count {
            position += 1
            var negative = false
            if position < text.count,
                text[position] == UInt8(ascii: "-") || text[position] == UInt8(ascii: "+")
            {
                negative = text[position] == UInt8(ascii: "-")
                position += 1
            }
            while position < text.count {
                if exponent < Self.magnitudeLimit {
                    exponent = exponent * 10 + Int(text[position] &- UInt8(ascii: "0"))
                }
                position += 1
            }
            if negative { exponent = -exponent }
        }
        self.first = first < 0 ? start : first
        self.last = first < 0 ? start : last
        let whole = point < 0 ? digits : point
        magnitude = first < 0 ? 0 : whole - leading + exponent
    }

    var isZero: Bool { first == last }

    /// Calls `body` with each significant digit; zeros at the end are left out.
    @inline(__always)
    func forEachDigit(_ body: (UInt8) -> Void) {
        for index in first..<last where text[index] != UInt8(ascii: ".") {
            body(text[index] &- UInt8(ascii: "0"))
        }
    }

    var digitCount: Int {
        var count = 0
        forEachDigit { _ in count += 1 }
        return count
    }

    /// The value when it is an integer that fits 64 bits.
    @usableFromInline
    var asInt64: Int64? {
        if isZero { return 0 }
        guard magnitude >= 1, magnitude <= 19, digitCount <= magnitude else { return nil }
        var result: UInt64 = 0
        var digits = 0
        forEachDigit { digit in
            result = result &* 10 &+ UInt64(digit)
            digits += 1
        }
        while digits < magnitude {
            let (product, overflow) = result.multipliedReportingOverflow(by: 10)
            if overflow { return nil }
            result = product
            digits += 1
        }
        if isNegative {
            guard result <= UInt64(Int64.max) + 1 else { return nil }
            return Int64(truncatingIfNeeded: 0 &- result)
        }
        return Int64(exactly: result)
    }

    /// True when the value has no fraction.
    var isIntegral: Bool { isZero || digitCount <= magnitude }

    @usableFromInline
    var hash: UInt64 {
        var result = mix(UInt64(bitPattern: Int64(magnitude)) ^ (isNegative ? hashSeed : ~hashSeed))
        forEachDigit { result = mix(result ^ UInt64($0)) }
        return result
    }

    /// Exact order of two numbers of any kind.
    @usableFromInline
    static func compare(_ left: Value, _ right: Value) -> Int {
        withDigits(left) { a in withDigits(right) { b in compare(a, b) } }
    }

    static func compare(_ a: DecimalText, _ b: DecimalText) -> Int {
        if a.isZero || b.isZero {
            if a.isZero && b.isZero { return 0 }
            return a.isZero ? (b.isNegative ? 1 : -1) : (a.isNegative ? -1 : 1)
        }
        if a.isNegative != b.isNegative { return a.isNegative ? -1 : 1 }
        let order = compareMagnitudes(a, b)
        return a.isNegative ? -order : order
    }

    private static func compareMagnitudes(_ a: DecimalText, _ b: DecimalText) -> Int {
        if a.magnitude != b.magnitude { return a.magnitude < b.magnitude ? -1 : 1 }
        var left = a.first
        var right = b.first
        while true {
            if left < a.last, a.text[left] == UInt8(ascii: ".") { left += 1 }
            if right < b.last, b.text[right] == UInt8(ascii: ".") { right += 1 }
            if left >= a.last || right >= b.last { break }
            if a.text[left] != b.text[right] { return a.text[left] < b.text[right] ? -1 : 1 }
            left += 1
            right += 1
        }
        if left < a.last { return 1 }
        return right < b.last ? -1 : 0
    }

    /// Gives a number's text form; an integer's is written into the stack.
    static func withDigits<Result>(_ value: Value, _ body: (DecimalText) -> Result) -> Result {
        guard let integer = value.asInteger else { return body(DecimalText(value.bytes)) }
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: IntegerText.capacity) {
            buffer in
            let start = IntegerText.write(integer, into: buffer)
            return body(DecimalText(UnsafeBufferPointer(rebasing: buffer[start...])))
        }
    }
}

/// Decimal digits of a 64-bit integer.
enum IntegerText {
    /// A sign and 19 digits.
    static let capacity = 20

    /// Writes `integer` to the end of `buffer`; returns the offset of its first character.
    static func write(_ integer: Int64, into buffer: UnsafeMutableBufferPointer<UInt8>) -> Int {
        var position = capacity
        var rest = integer.magnitude
        repeat {
            position -= 1
            buffer[position] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        } while rest > 0
        if integer < 0 {
            position -= 1
            buffer[position] = UInt8(ascii: "-")
        }
        return position
    }
}
