// SPDX-License-Identifier: Apache-2.0

/// Comparison, arithmetic and set operators, which are builtins too.
enum OperatorBuiltins {
    static let all: [Builtin] = comparisons + arithmetic + rounding

    private static let comparisons: [Builtin] = [
        Builtin("eq", "any, any -> boolean") { .boolean($1[0].isEqual(to: $1[1])) },
        Builtin("equal", "any, any -> boolean") { .boolean($1[0].isEqual(to: $1[1])) },
        Builtin("neq", "any, any -> boolean") { .boolean(!$1[0].isEqual(to: $1[1])) },
        Builtin("lt", "any, any -> boolean") { .boolean($1[0].compare($1[1]) < 0) },
        Builtin("lte", "any, any -> boolean") { .boolean($1[0].compare($1[1]) <= 0) },
        Builtin("gt", "any, any -> boolean") { .boolean($1[0].compare($1[1]) > 0) },
        Builtin("gte", "any, any -> boolean") { .boolean($1[0].compare($1[1]) >= 0) },
    ]

    private static let arithmetic: [Builtin] = [
        Builtin("plus", "number, number -> number") { evaluation, operands throws(BuiltinError) in
            try Number.add(operands[0], operands[1], evaluation)
        },
        Builtin(
            "minus", "any<number, set[any]>, any<number, set[any]> -> any<number, set[any]>"
        ) { evaluation, operands throws(BuiltinError) in
            try minus(operands[0], operands[1], evaluation)
        },
        Builtin("mul", "number, number -> number") { evaluation, operands throws(BuiltinError) in
            try Number.multiply(operands[0], operands[1], evaluation)
        },
        Builtin("div", "number, number -> number") { evaluation, operands throws(BuiltinError) in
            try Number.divide(operands[0], operands[1], evaluation)
        },
        Builtin("rem", "number, number -> number") { evaluation, operands throws(BuiltinError) in
            try Number.remainder(operands[0], operands[1], evaluation)
        },
    ]

    private static let rounding: [Builtin] = [
        Builtin("abs", "number -> number") { evaluation, operands throws(BuiltinError) in
            try Number.absolute(operands.number(0), evaluation)
        },
        Builtin("round", "number -> number") { evaluation, operands throws(BuiltinError) in
            try Number.round(operands.number(0), .nearest, evaluation)
        },
        Builtin("ceil", "number -> number") { evaluation, operands throws(BuiltinError) in
            try Number.round(operands.number(0), .up, evaluation)
        },
        Builtin("floor", "number -> number") { evaluation, operands throws(BuiltinError) in
            try Number.round(operands.number(0), .down, evaluation)
        },
    ]

    /// The difference of two numbers or of two sets.
    static func minus(
        _ a: Value, _ b: Value, _ evaluation: Evaluation
    ) throws(BuiltinError) -> Value {
        if a.isNumber && b.isNumber { return try Number.subtract(a, b, evaluation) }
        if a.kind == .set && b.kind == .set { return a.subtracting(b, in: evaluation.arena) }
        guard a.isNumber || a.kind == .set else {
            throw .operand(1, mustBeOneOf: "number, set", got: a)
        }
        throw .operand(2, mustBe: b.isNumber ? "set" : "number", got: b)
    }
}
