// SPDX-License-Identifier: Apache-2.0
import BigInt

/// Decimal digits of a binary number, and the ways in which Go writes them (`strconv`, `math/big`).
///
/// The value is `0.d1d2d3... * 10^point`; there are no zeros at either end.
struct DecimalDigits {
    private(set) var digits: [UInt8]
    private(set) var point: Int

    /// Exactly `magnitude * 10^power`.
    init(_ magnitude: BigUInt, power: Int) {
        digits = String(magnitude).utf8.map { $0 &- UInt8(ascii: "0") }
        point = digits.count + power
        trim()
        if digits.isEmpty { point = 0 }
    }

    /// Exactly `mantissa * 2^exponent`.
    init(_ mantissa: UInt64, exponent: Int) {
        if exponent >= 0 {
            self.init(BigUInt(mantissa) << exponent, power: 0)
        } else {
            self.init(BigUInt(mantissa) * BigUInt(5).power(-exponent), power: exponent)
        }
    }

    /// The digits of Swift's shortest text of a double.
    init(shortest double: Double) {
        var text = abs(double).description
        let parsed = text.withUTF8 { bytes in
            let number = DecimalText(bytes)
            var digits: [UInt8] = []
            number.forEachDigit { digits.append($0) }
            return (digits, number.magnitude)
        }
        (digits, point) = parsed
    }

    private mutating func trim() {
        while digits.last == 0 { digits.removeLast() }
    }

    /// Keeps `count` digits, rounding to nearest, ties to even.
    mutating func round(to count: Int) {
        guard count >= 0, count < digits.count else { return }
        let isHalf = digits[count] == 5 && count + 1 == digits.count
        let isUp = isHalf ? count > 0 && digits[count - 1] & 1 == 1 : digits[count] >= 5
        if isUp { roundUp(to: count) } else { roundDown(to: count) }
    }

    mutating func roundDown(to count: Int) {
        guard count < digits.count else { return }
        digits.removeLast(digits.count - max(count, 0))
        trim()
        if digits.isEmpty { point = 0 }
    }

    mutating func roundUp(to count: Int) {
        guard count < digits.count else { return }
        var kept = max(count, 0)
        while kept > 0 && digits[kept - 1] == 9 { kept -= 1 }
        if kept == 0 {
            digits = [1]
            point += 1
            return
        }
        digits.removeLast(digits.count - kept)
        digits[kept - 1] += 1
    }
}

// MARK: Writing

extension DecimalDigits {
    /// `%e`: one digit, a point, `fraction` digits, an exponent of at least two digits.
    func appendScientific(
        fraction: Int, marker: UInt8 = UInt8(ascii: "e"), to output: inout ByteBuilder
    ) {
        output.append(digit(0))
        if fraction > 0 {
            output.append(UInt8(ascii: "."))
            for index in 1...fraction { output.append(digit(index)) }
        }
        output.append(marker)
        let exponent = digits.isEmpty ? 0 : point - 1
        output.append(exponent < 0 ? UInt8(ascii: "-") : UInt8(ascii: "+"))
        if abs(exponent) < 10 { output.append(UInt8(ascii: "0")) }
        output.append(Int64(abs(exponent)))
    }

    /// `%f`: the whole part, and `fraction` digits behind a point.
    func appendPlain(fraction: Int, to output: inout ByteBuilder) {
        if point > 0 {
            for index in 0..<point { output.append(digit(index)) }
        } else {
            output.append(UInt8(ascii: "0"))
        }
        guard fraction > 0 else { return }
        output.append(UInt8(ascii: "."))
        for index in 0..<fraction { output.append(digit(point + index)) }
    }

    /// `%g` at the shortest precision.
    func appendShortest(to output: inout ByteBuilder) {
        let exponent = point - 1
        if exponent < -4 || exponent >= 6 {
            appendScientific(fraction: max(digits.count - 1, 0), to: &output)
        } else {
            appendPlain(fraction: max(digits.count - point, 0), to: &output)
        }
    }

    private func digit(_ index: Int) -> UInt8 {
        UInt8(ascii: "0") + (index >= 0 && index < digits.count ? digits[index] : 0)
    }
}

// MARK: The shortest digits of an extended float

extension DecimalDigits {
    /// The fewest digits that round back to `value` at `precision` bits (`Text('g', -1)` of Go's
    /// `big.Float`).
    init(shortest value: ExtendedFloat, precision: Int = ExtendedFloat.precision) {
        guard !value.isZero else {
            self.init(0, power: 0)
            return
        }
        // One more bit, so that half of the last place is a whole number.
        let half: UInt128 = 1 << UInt128(64 - precision)
        let middle = UInt128(value.mantissa) << 1
        let isInclusive = UInt128(value.mantissa) & half == 0
        self.init(middle, exponent: value.exponent - 1)
        let lower = DecimalDigits(middle - half, exponent: value.exponent - 1).digits
        let upper = DecimalDigits(middle + half, exponent: value.exponent - 1).digits
        for (index, digit) in digits.enumerated() {
            let below = index < lower.count ? lower[index] : 0
            let above = index < upper.count ? upper[index] : 0
            let canDrop = below != digit || (isInclusive && index + 1 == lower.count)
            let canRaise =
                above != digit && (isInclusive || digit + 1 < above || index + 1 < upper.count)
            guard canDrop || canRaise else { continue }
            if canDrop && canRaise {
                round(to: index + 1)
            } else if canDrop {
                roundDown(to: index + 1)
            } else {
                roundUp(to: index + 1)
            }
            return
        }
    }

    /// More digits than the shortest text of a 64-bit mantissa can need.
    private static let enough = 40

    /// The leading digits of `significand * 2^exponent`, all that matter for the shortest text.
    private init(_ significand: UInt128, exponent: Int) {
        guard exponent < 0, exponent >= -124 else {
            let magnitude = BigUInt(significand)
            if exponent >= 0 {
                self.init(magnitude << exponent, power: 0)
            } else {
                self.init(magnitude * BigUInt(5).power(-exponent), power: exponent)
            }
            return
        }
        self.init(0, power: 0)
        digits.reserveCapacity(Self.enough)
        var whole = significand >> UInt128(-exponent)
        let mask: UInt128 = 1 << UInt128(-exponent) - 1
        var fraction = significand & mask
        while whole > 0 {
            digits.append(UInt8(truncatingIfNeeded: whole % 10))
            whole /= 10
        }
        digits.reverse()
        point = digits.count
        while fraction > 0 && digits.count < Self.enough {
            fraction *= 10
            let digit = UInt8(truncatingIfNeeded: fraction >> UInt128(-exponent))
            fraction &= mask
            if digits.isEmpty && digit == 0 {
                point -= 1
            } else {
                digits.append(digit)
            }
        }
        trim()
    }
}
