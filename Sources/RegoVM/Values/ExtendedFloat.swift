// SPDX-License-Identifier: Apache-2.0
import BigInt

/// A binary floating-point number with a mantissa of 64 bits and an exponent that cannot overflow:
/// what OPA computes with when operands are not integers (Go's `big.Float` at its default
/// precision). Operations round to nearest, ties to even.
///
/// Its value is `±mantissa * 2^exponent`; the mantissa's highest bit is set unless it is zero.
struct ExtendedFloat: Equatable {
    var isNegative: Bool
    let mantissa: UInt64
    let exponent: Int

    static let precision = 64
    static let zero = ExtendedFloat(isNegative: false, mantissa: 0, exponent: 0)

    var isZero: Bool { mantissa == 0 }

    private init(isNegative: Bool, mantissa: UInt64, exponent: Int) {
        self.isNegative = isNegative
        self.mantissa = mantissa
        self.exponent = exponent
    }

    /// Rounds `significand * 2^exponent`; `sticky` says that the true value is a little larger.
    init(
        rounding significand: UInt128, exponent: Int, sticky: Bool = false, isNegative: Bool,
        precision: Int = ExtendedFloat.precision
    ) {
        self.isNegative = isNegative
        guard significand != 0 else {
            mantissa = 0
            self.exponent = 0
            return
        }
        let bits = UInt128.bitWidth - significand.leadingZeroBitCount
        let drop = bits - precision
        guard drop > 0 else {
            mantissa = UInt64(truncatingIfNeeded: significand << UInt128(64 - bits))
            self.exponent = exponent - (64 - bits)
            return
        }
        var kept = UInt64(truncatingIfNeeded: significand >> UInt128(drop))
        let rest = significand & (1 << UInt128(drop) - 1)
        let half: UInt128 = 1 << UInt128(drop - 1)
        var shift = exponent + drop
        if rest > half || (rest == half && (sticky || kept & 1 == 1)) {
            let limit: UInt64 = precision == 64 ? .max : 1 << UInt64(precision) - 1
            if kept == limit {
                kept = 1 << UInt64(precision - 1)
                shift += 1
            } else {
                kept += 1
            }
        }
        mantissa = kept << UInt64(64 - precision)
        self.exponent = shift - (64 - precision)
    }

    init(_ integer: Int64) {
        self.init(rounding: UInt128(integer.magnitude), exponent: 0, isNegative: integer < 0)
    }

    init(_ integer: BigInt) {
        self.init(integer.magnitude, exponent: 0, sticky: false, integer.sign == .minus)
    }

    private init(_ magnitude: BigUInt, exponent: Int, sticky: Bool, _ isNegative: Bool) {
        let drop = max(0, magnitude.bitWidth - 120)
        let top = magnitude >> drop
        var significand: UInt128 = 0
        for word in top.words.reversed() { significand = significand << 64 | UInt128(word) }
        let lost = sticky || (drop > 0 && magnitude.trailingZeroBitCount < drop)
        self.init(
            rounding: significand, exponent: exponent + drop, sticky: lost, isNegative: isNegative)
    }

    func rounded(to precision: Int) -> ExtendedFloat {
        ExtendedFloat(
            rounding: UInt128(mantissa), exponent: exponent, isNegative: isNegative,
            precision: precision)
    }
}

// MARK: From text

extension ExtendedFloat {
    /// 5^0 to 5^27, all that fit 63 bits.
    private static let powersOfFive: [UInt64] = (0...27).map { exponent in
        (0..<exponent).reduce(UInt64(1)) { power, _ in power * 5 }
    }

    /// The nearest number to a decimal.
    /// - Throws: a limit error when the decimal has more digits than `Limits.numberDigits`, before
    ///   or after its point.
    init(_ text: DecimalText) throws(BuiltinError) {
        try text.checkSize()
        guard !text.isZero else {
            self.init(isNegative: text.isNegative, mantissa: 0, exponent: 0)
            return
        }
        var digits: UInt64 = 0
        var count = 0
        text.forEachDigit { digit in
            count += 1
            if count <= 19 { digits = digits * 10 + UInt64(digit) }
        }
        let power = text.magnitude - count
        guard count <= 19, abs(power) <= 27 else {
            self.init(slow: text, power: power)
            return
        }
        if power >= 0 {
            let product = UInt128(digits) * UInt128(Self.powersOfFive[power])
            self.init(rounding: product, exponent: power, isNegative: text.isNegative)
            return
        }
        // The quotient has at least 65 bits, so with the remainder it rounds right.
        let shift = digits.leadingZeroBitCount
        let numerator = UInt128(digits << UInt64(shift)) << 64
        let (quotient, rest) = numerator.quotientAndRemainder(
            dividingBy: UInt128(Self.powersOfFive[-power]))
        self.init(
            rounding: quotient, exponent: power - 64 - shift, sticky: rest != 0,
            isNegative: text.isNegative)
    }

    private init(slow text: DecimalText, power: Int) {
        let digits = text.digits
        if power >= 0 {
            self.init(
                digits * BigUInt(10).power(power), exponent: 0, sticky: false, text.isNegative)
            return
        }
        let divisor = BigUInt(10).power(-power)
        let shift = max(0, divisor.bitWidth - digits.bitWidth + 70)
        let (quotient, rest) = (digits << shift).quotientAndRemainder(dividingBy: divisor)
        self.init(quotient, exponent: -shift, sticky: !rest.isZero, text.isNegative)
    }

    init(_ value: Value, _ evaluation: Evaluation) throws(BuiltinError) {
        if let integer = value.asInteger {
            self.init(integer)
        } else {
            let text = DecimalText(value.bytes)
            try evaluation.charge(digits: abs(text.magnitude) + value.bytes.count)
            try self.init(text)
        }
    }
}

extension DecimalText {
    /// Throws the limit error for numbers that are too long to compute with.
    func checkSize() throws(BuiltinError) {
        guard abs(magnitude) <= Limits.numberDigits, text.count <= Limits.numberDigits * 2 else {
            throw BuiltinError(.limit, "number exceeds the limit of \(Limits.numberDigits) digits")
        }
    }

    /// The significant digits as an integer.
    var digits: BigUInt {
        var result = BigUInt(0)
        var part: UInt = 0
        var scale: UInt = 1
        forEachDigit { digit in
            part = part * 10 + UInt(digit)
            scale *= 10
            if scale == 1_000_000_000_000_000_000 {
                result = result * BigUInt(scale) + BigUInt(part)
                (part, scale) = (0, 1)
            }
        }
        return result * BigUInt(scale) + BigUInt(part)
    }
}

// MARK: Arithmetic

extension ExtendedFloat {
    static func + (a: ExtendedFloat, b: ExtendedFloat) -> ExtendedFloat {
        if b.isZero { return a.isZero && !b.isNegative ? zero : a }
        if a.isZero { return b }
        let (large, small) = a.exponent >= b.exponent ? (a, b) : (b, a)
        let difference = large.exponent - small.exponent
        let left = UInt128(large.mantissa) << 63
        var right = UInt128(small.mantissa) << 63
        var sticky = false
        if difference > 0 {
            let kept = difference < 128 ? right >> UInt128(difference) : 0
            sticky = difference >= 128 || kept << UInt128(difference) != right
            right = kept
        }
        let exponent = large.exponent - 63
        if large.isNegative == small.isNegative {
            return ExtendedFloat(
                rounding: left + right, exponent: exponent, sticky: sticky,
                isNegative: large.isNegative)
        }
        if left == right && !sticky { return zero }
        if left > right {
            // What was cut off of `right` makes the difference smaller.
            let rest = left - right - (sticky ? 1 : 0)
            return ExtendedFloat(
                rounding: rest, exponent: exponent, sticky: sticky, isNegative: large.isNegative)
        }
        return ExtendedFloat(
            rounding: right - left, exponent: exponent, isNegative: small.isNegative)
    }

    static prefix func - (a: ExtendedFloat) -> ExtendedFloat {
        ExtendedFloat(isNegative: !a.isNegative, mantissa: a.mantissa, exponent: a.exponent)
    }

    static func - (a: ExtendedFloat, b: ExtendedFloat) -> ExtendedFloat { a + -b }

    static func * (a: ExtendedFloat, b: ExtendedFloat) -> ExtendedFloat {
        ExtendedFloat(
            rounding: UInt128(a.mantissa) * UInt128(b.mantissa), exponent: a.exponent + b.exponent,
            isNegative: a.isNegative != b.isNegative)
    }

    /// `b` must not be zero.
    static func / (a: ExtendedFloat, b: ExtendedFloat) -> ExtendedFloat {
        let divisor = UInt128(b.mantissa)
        var (quotient, rest) = (UInt128(a.mantissa) << 64).quotientAndRemainder(dividingBy: divisor)
        // Two more bits, so that the last of them says how to round.
        for _ in 0..<2 {
            rest <<= 1
            quotient <<= 1
            if rest >= divisor {
                rest -= divisor
                quotient |= 1
            }
        }
        return ExtendedFloat(
            rounding: quotient, exponent: a.exponent - b.exponent - 66, sticky: rest != 0,
            isNegative: a.isNegative != b.isNegative)
    }

    /// True when there is no fraction.
    var isInteger: Bool {
        isZero || exponent >= 0 || (exponent > -64 && mantissa.trailingZeroBitCount >= -exponent)
    }

    /// The value without its fraction.
    var truncated: BigInt {
        let magnitude: BigUInt
        if exponent >= 0 {
            magnitude = BigUInt(mantissa) << exponent
        } else {
            magnitude = exponent > -64 ? BigUInt(mantissa >> UInt64(-exponent)) : 0
        }
        return BigInt(sign: isNegative ? .minus : .plus, magnitude: magnitude)
    }

    /// The value when it is an integer that fits 64 bits.
    var asInt64: Int64? {
        guard isInteger else { return nil }
        if isZero { return isNegative ? nil : 0 }
        guard exponent <= 0 else { return nil }
        let magnitude = mantissa >> UInt64(-exponent)
        if isNegative {
            return magnitude <= UInt64(Int64.max) + 1
                ? Int64(truncatingIfNeeded: 0 &- magnitude) : nil
        }
        return Int64(exactly: magnitude)
    }
}
