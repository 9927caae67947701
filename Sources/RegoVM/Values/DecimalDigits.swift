// SPDX-License-Identifier: Apache-2.0
import BigInt

/// Decimal digits of a binary number, and the ways in which Go writes them (`strconv`, `math/big`).
///
/// The value is `0.d1d2d3... * 10^point`; there are no zeros at either end. The digits lie in an
/// arena.
struct DecimalDigits {
    private let digits: UnsafeMutablePointer<UInt8>
    private(set) var count: Int
    private(set) var point: Int

    private init(_ arena: Arena, capacity: Int) {
        // Room for the one that rounding up may leave of no digits at all.
        digits = arena.allocate(UInt8.self, count: capacity + 1)
        (count, point) = (0, 0)
    }

    private mutating func append(_ digit: UInt8) {
        digits[count] = digit
        count += 1
    }

    /// Exactly `magnitude * 10^power`.
    init(_ magnitude: BigUInt, power: Int, _ arena: Arena) {
        let text = String(magnitude)
        self.init(arena, capacity: text.utf8.count)
        for byte in text.utf8 { append(byte &- UInt8(ascii: "0")) }
        point = count + power
        trim()
        if count == 0 { point = 0 }
    }

    /// Exactly `mantissa * 2^exponent`.
    init(_ mantissa: UInt64, exponent: Int, _ arena: Arena) {
        if exponent >= 0 {
            self.init(BigUInt(mantissa) << exponent, power: 0, arena)
        } else {
            self.init(BigUInt(mantissa) * BigUInt(5).power(-exponent), power: exponent, arena)
        }
    }

    /// The digits of Swift's shortest text of a double.
    init(shortest double: Double, _ arena: Arena) {
        var text = abs(double).description
        self.init(arena, capacity: text.utf8.count)
        text.withUTF8 { bytes in
            let number = DecimalText(bytes)
            number.forEachDigit { append($0) }
            point = number.magnitude
        }
    }

    private mutating func trim() {
        while count > 0 && digits[count - 1] == 0 { count -= 1 }
    }

    /// Keeps `kept` digits, rounding to nearest, ties to even.
    mutating func round(to kept: Int) {
        guard kept >= 0, kept < count else { return }
        let isHalf = digits[kept] == 5 && kept + 1 == count
        let isUp = isHalf ? kept > 0 && digits[kept - 1] & 1 == 1 : digits[kept] >= 5
        if isUp { roundUp(to: kept) } else { roundDown(to: kept) }
    }

    mutating func roundDown(to kept: Int) {
        guard kept < count else { return }
        count = max(kept, 0)
        trim()
        if count == 0 { point = 0 }
    }

    mutating func roundUp(to kept: Int) {
        guard kept < count else { return }
        count = max(kept, 0)
        while count > 0 && digits[count - 1] == 9 { count -= 1 }
        if count == 0 {
            append(1)
            point += 1
        } else {
            digits[count - 1] += 1
        }
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
        let exponent = count == 0 ? 0 : point - 1
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
            appendScientific(fraction: max(count - 1, 0), to: &output)
        } else {
            appendPlain(fraction: max(count - point, 0), to: &output)
        }
    }

    private func digit(_ index: Int) -> UInt8 {
        UInt8(ascii: "0") + (index >= 0 && index < count ? digits[index] : 0)
    }
}

// MARK: The shortest digits of an extended float

extension DecimalDigits {
    /// The fewest digits that round back to `value` at `precision` bits (`Text('g', -1)` of Go's
    /// `big.Float`).
    init(
        shortest value: ExtendedFloat, precision: Int = ExtendedFloat.precision, _ arena: Arena
    ) {
        guard !value.isZero else {
            self.init(arena, capacity: 0)
            return
        }
        // One more bit, so that half of the last place is a whole number.
        let half: UInt128 = 1 << UInt128(64 - precision)
        let middle = UInt128(value.mantissa) << 1
        let isInclusive = UInt128(value.mantissa) & half == 0
        let exponent = value.exponent - 1
        self.init(middle, exponent: exponent, arena)
        let lower = DecimalDigits(middle - half, exponent: exponent, arena)
        let upper = DecimalDigits(middle + half, exponent: exponent, arena)
        for index in 0..<count {
            let digit = digits[index]
            let below = index < lower.count ? lower.digits[index] : 0
            let above = index < upper.count ? upper.digits[index] : 0
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
    private static let enough = 24

    /// The leading digits of `significand * 2^exponent`, all that matter for the shortest text.
    private init(_ significand: UInt128, exponent: Int, _ arena: Arena) {
        guard exponent < 0, exponent >= -124 else {
            let magnitude = BigUInt(significand)
            if exponent >= 0 {
                self.init(magnitude << exponent, power: 0, arena)
            } else {
                self.init(magnitude * BigUInt(5).power(-exponent), power: exponent, arena)
            }
            return
        }
        self.init(arena, capacity: Self.enough)
        let whole = significand >> UInt128(-exponent)
        let mask: UInt128 = 1 << UInt128(-exponent) - 1
        var fraction = significand & mask
        appendWhole(whole)
        point = count
        while fraction > 0 && count < Self.enough {
            fraction *= 10
            let digit = UInt8(truncatingIfNeeded: fraction >> UInt128(-exponent))
            fraction &= mask
            if count == 0 && digit == 0 {
                point -= 1
            } else {
                append(digit)
            }
        }
        trim()
    }

    /// The digits of a whole number of at most 66 bits.
    private mutating func appendWhole(_ whole: UInt128) {
        var rest = whole
        while rest > 0 {
            append(UInt8(truncatingIfNeeded: rest % 10))
            rest /= 10
        }
        var (low, high) = (0, count - 1)
        while low < high {
            (digits[low], digits[high]) = (digits[high], digits[low])
            (low, high) = (low + 1, high - 1)
        }
    }
}
