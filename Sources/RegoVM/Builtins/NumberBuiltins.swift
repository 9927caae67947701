// SPDX-License-Identifier: Apache-2.0
import BigInt

/// Ranges and bits.
enum NumberBuiltins {
    static let all: [Builtin] = [
        Builtin("numbers.range", "number, number -> array[number]") {
            evaluation, operands throws(BuiltinError) in
            try range(operands, evaluation)
        },
        Builtin("numbers.range_step", "number, number, number -> array[number]") {
            evaluation, operands throws(BuiltinError) in
            let first = try integer(operands, 0, evaluation)
            let last = try integer(operands, 1, evaluation)
            let step = try integer(operands, 2, evaluation)
            guard step > 0 else {
                throw .failed("numbers.range_step: step must be a positive integer")
            }
            return try range(first, last, step, evaluation)
        },
        Builtin("bits.and", "number, number -> number") {
            evaluation, operands throws(BuiltinError) in
            try Number.value(
                integer(operands, 0, evaluation) & integer(operands, 1, evaluation), evaluation)
        },
        Builtin("bits.or", "number, number -> number") {
            evaluation, operands throws(BuiltinError) in
            try Number.value(
                integer(operands, 0, evaluation) | integer(operands, 1, evaluation), evaluation)
        },
        Builtin("bits.xor", "number, number -> number") {
            evaluation, operands throws(BuiltinError) in
            let (a, b) = try (integer(operands, 0, evaluation), integer(operands, 1, evaluation))
            // The library's `^` is wrong for operands of different signs and widths.
            return try Number.value((a | b) & ~(a & b), evaluation)
        },
        Builtin("bits.negate", "number -> number") { evaluation, operands throws(BuiltinError) in
            try Number.value(~integer(operands, 0, evaluation), evaluation)
        },
        Builtin("bits.lsh", "number, number -> number") {
            evaluation, operands throws(BuiltinError) in
            let value = try integer(operands, 0, evaluation)
            let bits = try shift(operands, evaluation)
            guard value.bitWidth + bits <= Number.maximumBits else { throw Number.tooLong }
            return try Number.value(value << bits, evaluation)
        },
        Builtin("bits.rsh", "number, number -> number") {
            evaluation, operands throws(BuiltinError) in
            try Number.value(
                shiftRight(integer(operands, 0, evaluation), shift(operands, evaluation)),
                evaluation)
        },
    ]

    /// Operand `index` as an exact integer.
    private static func integer(
        _ operands: Operands, _ index: Int, _ evaluation: Evaluation
    ) throws(BuiltinError) -> BigInt {
        let value = operands[index]
        guard value.isNumber else { throw .operand(index + 1, mustBe: "integer", got: value) }
        guard let integer = try Number.bigInteger(value, evaluation) else {
            throw .operand(index + 1, "must be integer number but got floating-point number")
        }
        return integer
    }

    /// The second operand as a number of bits: its lower 64 bits, as in OPA. More than any number
    /// has counts as that many.
    private static func shift(
        _ operands: Operands, _ evaluation: Evaluation
    ) throws(BuiltinError) -> Int {
        let shift = try integer(operands, 1, evaluation)
        guard shift.signum() >= 0 else {
            throw .operand(2, "must be an unsigned integer number but got a negative integer")
        }
        return min(Int(clamping: UInt64(truncatingIfNeeded: shift)), Limits.numberDigits * 8)
    }

    /// Rounds down, also below zero.
    private static func shiftRight(_ value: BigInt, _ bits: Int) -> BigInt {
        if value.sign == .plus { return BigInt(value.magnitude >> bits) }
        return -BigInt((value.magnitude - 1) >> bits) - 1
    }

    private static func range(
        _ operands: Operands, _ evaluation: Evaluation
    ) throws(BuiltinError) -> Value {
        if let first = operands[0].asInteger, let last = operands[1].asInteger {
            return try smallRange(first, last, evaluation)
        }
        return try range(
            integer(operands, 0, evaluation), integer(operands, 1, evaluation), 1, evaluation)
    }

    /// Steps of one between two small integers, without big arithmetic.
    private static func smallRange(
        _ first: Int64, _ last: Int64, _ evaluation: Evaluation
    ) throws(BuiltinError) -> Value {
        let distance = first <= last ? last &- first : first &- last
        let count = UInt64(bitPattern: distance).addingReportingOverflow(1)
        let size = count.overflow ? Int.max : Int(clamping: count.partialValue)
        let elements = try evaluation.values(size)
        for index in 0..<size {
            elements[index] = .integer(first <= last ? first + Int64(index) : first - Int64(index))
        }
        return .array(sharing: elements, count: size)
    }

    /// From `first` towards `last`, which is an element when a step hits it.
    private static func range(
        _ first: BigInt, _ last: BigInt, _ step: BigInt, _ evaluation: Evaluation
    ) throws(BuiltinError) -> Value {
        let isRising = first <= last
        let steps = BigInt((last - first).magnitude) / step
        let size = Int(exactly: steps + 1) ?? .max
        let elements = try evaluation.values(size)
        var current = first
        for index in 0..<size {
            elements[index] = try Number.value(current, evaluation)
            if isRising { current += step } else { current -= step }
        }
        return .array(sharing: elements, count: size)
    }
}
