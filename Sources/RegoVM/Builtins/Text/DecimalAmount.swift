// SPDX-License-Identifier: Apache-2.0

/// A decimal number of any size: `digits * 10^exponent`.
struct DecimalAmount {
    static let exponentDigits = 6
    /// Decimal places of results that are no whole number.
    private static let places = 10

    private let isNegative: Bool
    /// Most significant first, each 0 to 9.
    private var digits: [UInt8]
    private var exponent: Int

    /// Reads `[+-]digits[.digits][e[+-]digits]`; nil for anything else.
    init?(_ text: String) {
        var rest = ArraySlice(Array(text.utf8))
        isNegative = rest.first == UInt8(ascii: "-")
        if isNegative || rest.first == UInt8(ascii: "+") { rest = rest.dropFirst() }
        let mantissa = rest.prefix { $0 | 0x20 != UInt8(ascii: "e") }
        let parts = mantissa.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count <= 2 else { return nil }
        digits = []
        for byte in parts.joined() {
            guard byte >= 0x30, byte <= 0x39 else { return nil }
            digits.append(byte - 0x30)
        }
        guard !digits.isEmpty else { return nil }
        exponent = parts.count == 2 ? -parts[1].count : 0
        rest = rest.dropFirst(mantissa.count)
        if !rest.isEmpty {
            guard let power = GoText.integer(rest.dropFirst()) else { return nil }
            exponent += power
        }
        digits = Array(digits.drop { $0 == 0 })
    }

    mutating func multiply(by factor: UInt64) {
        var carry: UInt64 = 0
        for index in digits.indices.reversed() {
            let product = UInt64(digits[index]) * factor + carry
            digits[index] = UInt8(product % 10)
            carry = product / 10
        }
        var front: [UInt8] = []
        while carry > 0 {
            front.append(UInt8(carry % 10))
            carry /= 10
        }
        digits = front.reversed() + digits
    }

    /// Multiplies by the double that is nearest to 0.001, as OPA does: 1152921504606847 / 2^60.
    mutating func multiplyByFloatingMilli() {
        multiply(by: 1_152_921_504_606_847)
        // 2^-60 is 5^60 * 10^-60.
        for _ in 0..<3 { multiply(by: 95_367_431_640_625) }
        exponent -= 60
    }

    /// The number as text: whole, or with ten decimal places; nil when it is too long.
    var text: [UInt8]? {
        guard !digits.isEmpty else { return [0x30] }
        guard exponent <= Limits.unitDigits, digits.count <= Limits.unitDigits else { return nil }
        var whole = digits
        if exponent >= 0 {
            whole += [UInt8](repeating: 0, count: exponent)
        } else {
            let fraction = digits.suffix(-exponent)
            if fraction.contains(where: { $0 != 0 }) { return fractionText }
            whole.removeLast(fraction.count)
        }
        return (isNegative ? [UInt8(ascii: "-")] : []) + whole.map { $0 + 0x30 }
    }

    /// Rounded half away from zero.
    private var fractionText: [UInt8] {
        let kept = digits.count + exponent + Self.places
        var scaled = kept > 0 ? Array(digits.prefix(kept)) : []
        if kept > digits.count {
            scaled += [UInt8](repeating: 0, count: kept - digits.count)
        } else if kept >= 0 && digits[kept] >= 5 {
            Self.increment(&scaled)
        }
        let missing = Self.places + 1 - scaled.count
        if missing > 0 { scaled = [UInt8](repeating: 0, count: missing) + scaled }
        var output = scaled.map { $0 + 0x30 }
        output.insert(UInt8(ascii: "."), at: output.count - Self.places)
        return (isNegative ? [UInt8(ascii: "-")] : []) + output
    }

    private static func increment(_ digits: inout [UInt8]) {
        for index in digits.indices.reversed() {
            if digits[index] < 9 {
                digits[index] += 1
                return
            }
            digits[index] = 0
        }
        digits.insert(1, at: 0)
    }

    /// The whole part of the product, computed with 64 bits of precision as Go's big.Float does;
    /// nil when it is too long.
    func truncated(times factor: UInt64) -> [UInt8]? {
        let magnitude = digits.count + exponent
        guard digits.count <= Limits.unitDigits, magnitude <= Limits.unitDigits else { return nil }
        // The largest factor has 20 digits.
        guard !digits.isEmpty, magnitude > -20 else { return [0x30] }
        var product = BinaryFloat64(digits, exponent)
        product.multiply(by: BinaryFloat64(factor))
        let whole = product.wholeDigits
        if whole == [0x30] { return whole }
        return (isNegative ? [UInt8(ascii: "-")] : []) + whole
    }
}

/// A binary number with 64 bits of precision: `mantissa * 2^exponent`, the top bit set.
private struct BinaryFloat64 {
    private var mantissa: UInt64
    private var exponent: Int

    init(_ integer: UInt64) {
        let shift = integer.leadingZeroBitCount
        mantissa = integer << UInt64(shift)
        exponent = -shift
    }

    /// The nearest number to `digits * 10^power`; ties go to even.
    init(_ digits: [UInt8], _ power: Int) {
        var limbs = Limbs()
        for digit in digits { limbs.multiply(by: 10, adding: UInt32(digit)) }
        var isInexact = false
        var scale = 0
        if power >= 0 {
            for _ in 0..<power { limbs.multiply(by: 10, adding: 0) }
        } else {
            // Enough zero bits that the quotient keeps more than 64.
            let words = -power * 4 / 32 + 4
            limbs.shiftLeft(words: words)
            scale = -words * 32
            for _ in 0..<(-power) where limbs.divide(by: 10) != 0 { isInexact = true }
        }
        let (top, shift, rest) = limbs.top128
        let lost = isInexact || rest
        mantissa = 0
        exponent = 0
        round(top | (lost ? 1 : 0), scale + shift)
    }

    mutating func multiply(by other: BinaryFloat64) {
        let product = mantissa.multipliedFullWidth(by: other.mantissa)
        round(UInt128(product.high) << 64 | UInt128(product.low), exponent + other.exponent)
    }

    /// Takes the 64 bits at the top of `wide * 2^shift`.
    private mutating func round(_ wide: UInt128, _ shift: Int) {
        let zeros = wide.leadingZeroBitCount
        let normal = wide << UInt128(zeros)
        var high = UInt64(truncatingIfNeeded: normal >> 64)
        let low = UInt64(truncatingIfNeeded: normal)
        exponent = shift - zeros + 64
        let half: UInt64 = 1 << 63
        if low > half || (low == half && high & 1 == 1) {
            high &+= 1
            if high == 0 {
                high = half
                exponent += 1
            }
        }
        mantissa = high
    }

    /// The digits of the whole part, as ASCII.
    var wholeDigits: [UInt8] {
        if exponent <= -64 { return [0x30] }
        if exponent <= 0 { return Array(String(mantissa >> UInt64(-exponent)).utf8) }
        var limbs = Limbs()
        limbs.multiply(by: 1, adding: UInt32(mantissa >> 32))
        limbs.shiftLeft(words: 1)
        limbs.multiply(by: 1, adding: UInt32(truncatingIfNeeded: mantissa))
        for _ in 0..<exponent { limbs.multiply(by: 2, adding: 0) }
        return limbs.decimalDigits
    }
}
