// SPDX-License-Identifier: Apache-2.0

/// Types of values, and casts.
enum TypeBuiltins {
    static let all: [Builtin] = tests + casts

    private static let tests: [Builtin] = [
        test("is_null") { $0.kind == .null },
        test("is_boolean") { $0.kind == .boolean },
        test("is_number") { $0.isNumber },
        test("is_string") { $0.isString },
        test("is_array") { $0.kind == .array },
        test("is_object") { $0.kind == .object },
        test("is_set") { $0.kind == .set },
        Builtin("type_name", "any -> string") { .string($1[0].typeName) },
    ]

    private static func test(
        _ name: String, _ predicate: @escaping @Sendable (Value) -> Bool
    ) -> Builtin {
        Builtin(name, "any -> boolean") { predicate($1[0]) ? .true : .false }
    }

    private static let casts: [Builtin] = [
        Builtin("to_number", "any<null, boolean, number, string> -> number") {
            evaluation, operands throws(BuiltinError) in
            try toNumber(operands[0], evaluation)
        },
        Builtin("cast_array", "any -> array[any]", .deprecated) {
            _, operands throws(BuiltinError) in
            let list = try operands.list(0, "array, set")
            return .array(sharing: list.elements.baseAddress, count: list.count)
        },
        Builtin("cast_set", "any -> set[any]", .deprecated) {
            evaluation, operands throws(BuiltinError) in
            let list = try operands.list(0, "array, set")
            if list.kind == .set { return list }
            let builder = CollectionBuilder.set(in: evaluation.arena, capacity: list.count)
            for element in list.elements { builder.insert(element) }
            return builder.finish()
        },
        Builtin("cast_string", "any -> string", .deprecated) { _, operands throws(BuiltinError) in
            try operands.string(0)
        },
        Builtin("cast_boolean", "any -> boolean", .deprecated) { _, operands throws(BuiltinError) in
            try .boolean(operands.boolean(0))
        },
        Builtin("cast_object", "any -> object[any: any]", .deprecated) {
            _, operands throws(BuiltinError) in
            try operands.object(0)
        },
        Builtin("cast_null", "any -> null", .deprecated) { _, operands throws(BuiltinError) in
            guard operands[0].kind == .null else {
                throw .operand(1, mustBe: "null", got: operands[0])
            }
            return .null
        },
    ]

    private static func toNumber(_ value: Value, _ evaluation: Evaluation) throws(BuiltinError)
        -> Value
    {
        switch value.kind {
        case .null: return .integer(0)
        case .boolean: return .integer(value.isTrue ? 1 : 0)
        case .integer, .decimal: return value
        case .string: return try NumberText.parse(value, evaluation)
        default: throw .operand(1, mustBeOneOf: "null, boolean, number, string", got: value)
        }
    }
}
