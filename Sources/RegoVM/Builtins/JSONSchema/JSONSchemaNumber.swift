// SPDX-License-Identifier: Apache-2.0
import BigInt

/// Exact arithmetic on the numbers of schemas.
enum JSONSchemaNumber {
    /// Digits and the power of ten that they are multiplied by.
    private static func parts(_ value: Value) -> (digits: BigInt, exponent: Int) {
        DecimalText.withDigits(value) { text in
            var digits = text.isNegative ? "-" : ""
            text.forEachDigit { digits.unicodeScalars.append(Unicode.Scalar($0 + 0x30)) }
            return (BigInt(digits) ?? 0, text.isZero ? 0 : text.magnitude - text.digitCount)
        }
    }

    /// Schemas that could be tried in the time of a division, which grows with the square of the
    /// digits.
    static func steps(_ value: Value, _ divisor: Value) -> Int {
        func digits(_ value: Value) -> Int {
            DecimalText.withDigits(value) { abs($0.magnitude) + $0.digitCount }
        }
        let digits = min(digits(value) + digits(divisor), Limits.stringBytes)
        return digits * digits / Int(Limits.squaredDigitsPerUnit)
    }

    /// True when `value` is a whole number of times `divisor`, which is positive.
    static func isMultiple(_ value: Value, of divisor: Value) throws(BuiltinError) -> Bool {
        let (left, leftExponent) = parts(value)
        let (right, rightExponent) = parts(divisor)
        if left.isZero { return true }
        let shift = leftExponent - rightExponent
        guard abs(shift) <= Limits.numberDigits else {
            throw BuiltinError(.limit, "number has too many digits to divide")
        }
        let scale = BigInt(10).power(abs(shift))
        return (shift >= 0 ? left * scale : left) % (shift >= 0 ? right : right * scale) == 0
    }

    /// As Go's `big.Float` prints with `%v`: an exponent from a million on.
    static func text(_ value: Value) -> String {
        DecimalText.withDigits(value) { text in
            guard !text.isZero else { return "0" }
            var digits = ""
            text.forEachDigit { digits.unicodeScalars.append(Unicode.Scalar($0 + 0x30)) }
            let sign = text.isNegative ? "-" : ""
            let exponent = text.magnitude - 1
            if exponent < -4 || exponent >= 6 {
                let rest = digits.dropFirst()
                let power = abs(exponent) < 10 ? "0\(abs(exponent))" : "\(abs(exponent))"
                return sign + digits.prefix(1) + (rest.isEmpty ? "" : "." + rest)
                    + (exponent < 0 ? "e-" : "e+") + power
            }
            if exponent < 0 {
                return sign + "0." + String(repeating: "0", count: -exponent - 1) + digits
            }
            let missing = exponent + 1 - digits.count
            if missing >= 0 { return sign + digits + String(repeating: "0", count: missing) }
            return sign + digits.prefix(exponent + 1) + "." + digits.dropFirst(exponent + 1)
        }
    }
}
