// SPDX-License-Identifier: Apache-2.0
import BigInt

/// Rego's arithmetic. Sums, differences, products and remainders of integers are exact at any size
/// up to `Limits.numberDigits`; everything else is computed with 64-bit mantissas, as in OPA.
///
/// Every operation takes two numbers of any kind (operands that are no numbers give the error OPA
/// gives) and returns an integer whenever the result is one that fits 64 bits.
public enum Number {
    public static func add(
        _ a: Value, _ b: Value, _ evaluation: Evaluation
    ) throws(BuiltinError) -> Value {
        if let left = a.asInteger, let right = b.asInteger {
            let (sum, overflow) = left.addingReportingOverflow(right)
            if !overflow { return .integer(sum) }
        }
        try check(a, b)
        if let (x, y) = try bigIntegers(a, b, evaluation) { return try value(x + y, evaluation) }
        return try value(ExtendedFloat(a, evaluation) + ExtendedFloat(b, evaluation), evaluation)
    }

    public static func subtract(
        _ a: Value, _ b: Value, _ evaluation: Evaluation
    ) throws(BuiltinError) -> Value {
        if let left = a.asInteger, let right = b.asInteger {
            let (difference, overflow) = left.subtractingReportingOverflow(right)
            if !overflow { return .integer(difference) }
        }
        try check(a, b)
        if let (x, y) = try bigIntegers(a, b, evaluation) { return try value(x - y, evaluation) }
        return try value(ExtendedFloat(a, evaluation) - ExtendedFloat(b, evaluation), evaluation)
    }

    public static func multiply(
        _ a: Value, _ b: Value, _ evaluation: Evaluation
    ) throws(BuiltinError) -> Value {
        if let left = a.asInteger, let right = b.asInteger {
            let (product, overflow) = left.multipliedReportingOverflow(by: right)
            if !overflow { return .integer(product) }
        }
        try check(a, b)
        if let (x, y) = try bigIntegers(a, b, evaluation) { return try value(x * y, evaluation) }
        return try value(ExtendedFloat(a, evaluation) * ExtendedFloat(b, evaluation), evaluation)
    }

    /// Exact when the divisor divides the dividend, else a decimal.
    public static func divide(
        _ a: Value, _ b: Value, _ evaluation: Evaluation
    ) throws(BuiltinError) -> Value {
        if let left = a.asInteger, let right = b.asInteger, right != 0, left != 0 {
            let (quotient, overflow) = left.dividedReportingOverflow(by: right)
            if !overflow && quotient &* right == left { return .integer(quotient) }
        }
        try check(a, b)
        let divisor = try ExtendedFloat(b, evaluation)
        guard !divisor.isZero else { throw .failed("divide by zero") }
        let dividend = try ExtendedFloat(a, evaluation)
        return try value(dividend / divisor, evaluation)
    }

    /// The remainder with the sign of the dividend.
    public static func remainder(
        _ a: Value, _ b: Value, _ evaluation: Evaluation
    ) throws(BuiltinError) -> Value {
        if let left = a.asInteger, let right = b.asInteger, right != 0 {
            return .integer(right == -1 ? 0 : left % right)
        }
        try check(a, b)
        guard let (x, y) = try bigIntegers(a, b, evaluation) else {
            throw .failed("modulo on floating-point number")
        }
        guard !y.isZero else { throw .failed("modulo by zero") }
        return try value(x % y, evaluation)
    }

    public static func absolute(_ a: Value, _ evaluation: Evaluation) throws(BuiltinError) -> Value
    {
        if let integer = a.asInteger, integer != .min { return .integer(abs(integer)) }
        let float = try ExtendedFloat(a, evaluation)
        return try value(float.isNegative ? -float : float, evaluation)
    }

    public enum Direction: Sendable {
        /// To the nearest integer, halves away from zero.
        case nearest
        case up
        case down
    }

    /// The integer next to `a`.
    public static func round(
        _ a: Value, _ direction: Direction, _ evaluation: Evaluation
    ) throws(BuiltinError) -> Value {
        if a.asInteger != nil { return a }
        let float = try ExtendedFloat(a, evaluation)
        if float.isInteger { return try value(float.truncated, evaluation) }
        switch direction {
        case .nearest:
            var half = ExtendedFloat(rounding: 1, exponent: -1, isNegative: false)
            half.isNegative = float.isNegative
            return try value((float + half).truncated, evaluation)
        case .up:
            return try value(float.truncated + (float.isNegative ? 0 : 1), evaluation)
        case .down:
            return try value(float.truncated - (float.isNegative ? 1 : 0), evaluation)
        }
    }

    @inline(__always)
    private static func check(_ a: Value, _ b: Value) throws(BuiltinError) {
        guard a.isNumber else { throw .operand(1, mustBe: "number", got: a) }
        guard b.isNumber else { throw .operand(2, mustBe: "number", got: b) }
    }
}

// MARK: Conversions

extension Number {
    static func bigIntegers(
        _ a: Value, _ b: Value, _ evaluation: Evaluation
    ) throws(BuiltinError) -> (BigInt, BigInt)? {
        guard let x = try bigInteger(a, evaluation), let y = try bigInteger(b, evaluation) else {
            return nil
        }
        return (x, y)
    }

    /// The exact value of a number without fraction; nil for all others.
    static func bigInteger(
        _ value: Value, _ evaluation: Evaluation
    ) throws(BuiltinError) -> BigInt? {
        if let integer = value.asInteger { return BigInt(integer) }
        let text = DecimalText(value.bytes)
        try text.checkSize()
        guard text.isIntegral else { return nil }
        try evaluation.charge(digits: text.magnitude)
        let power = text.magnitude - text.digitCount
        let magnitude = text.digits * BigUInt(10).power(max(0, power))
        return BigInt(sign: text.isNegative ? .minus : .plus, magnitude: magnitude)
    }

    /// Digits that OPA reads an integer from, those behind the point included.
    private static let writtenDigits = 18

    /// The integer that a number's text stands for. As in OPA it counts how it is written: `1.0`
    /// and `-0` are integers, `1e3` is none, nor is `1.0` with more zeros than anybody writes.
    static func writtenInteger(_ value: Value) -> Int64? {
        if let integer = value.asInteger { return integer }
        guard value.kind == .decimal, value.bytes.count <= writtenDigits + 2,
            !value.bytes.contains(where: { $0 | 0x20 == UInt8(ascii: "e") }),
            value.bytes.count(where: { $0 >= 0x30 && $0 <= 0x39 }) <= writtenDigits
        else { return nil }
        return DecimalText(value.bytes).asInt64
    }

    /// True for digits with an optional sign.
    static func isPlainInteger(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        text.allSatisfy {
            $0 == UInt8(ascii: "-") || ($0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9"))
        }
    }

    /// Bits of an integer: log2(10) is a little more than 3.32.
    static let maximumBits = Limits.numberDigits * 332 / 100

    static var tooLong: BuiltinError {
        BuiltinError(.limit, "number exceeds the limit of \(Limits.numberDigits) digits")
    }

    static func value(_ integer: BigInt, _ evaluation: Evaluation) throws(BuiltinError) -> Value {
        if let small = Int64(exactly: integer) { return .integer(small) }
        guard integer.bitWidth <= maximumBits else { throw tooLong }
        try evaluation.charge(digits: integer.bitWidth * 301 / 1000)
        return decimal(evaluation.arena.string(String(integer)))
    }

    static func value(
        _ float: ExtendedFloat, precision: Int = ExtendedFloat.precision, _ evaluation: Evaluation
    ) throws(BuiltinError) -> Value {
        if let integer = float.asInt64 { return .integer(integer) }
        guard abs(float.exponent) <= Limits.numberDigits * 3 else { throw tooLong }
        try evaluation.charge(digits: abs(float.exponent))
        var text = ByteBuilder(evaluation.arena, capacity: 32)
        append(float, precision: precision, to: &text)
        return decimal(text.string)
    }

    /// Writes a float as OPA prints it: digits alone for integers, else the shortest form.
    static func append(_ float: ExtendedFloat, precision: Int, to output: inout ByteBuilder) {
        if float.isNegative { output.append(UInt8(ascii: "-")) }
        if float.isZero { return output.append(UInt8(ascii: "0")) }
        let digits = DecimalDigits(shortest: float, precision: precision, output.arena)
        if float.isInteger {
            digits.appendPlain(fraction: 0, to: &output)
        } else {
            digits.appendShortest(to: &output)
        }
    }

    /// The number whose JSON text `string` holds, which does not fit an integer.
    static func decimal(_ string: Value) -> Value {
        Value(kind: .decimal, bits: string.bits, length: string.length)
    }

    /// The nearest double; infinite when the number is too large for one.
    static func double(_ value: Value) -> Double {
        if let integer = value.asInteger { return Double(integer) }
        return Double(String(decoding: value.bytes, as: UTF8.self)) ?? 0
    }
}
