// SPDX-License-Identifier: Apache-2.0

/// Arrays and sets.
enum CollectionBuiltins {
    static let all: [Builtin] = arrays + sets

    private static let arrays: [Builtin] = [
        Builtin("array.concat", "array[any], array[any] -> array[any]") {
            evaluation, operands throws(BuiltinError) in
            try concat(operands.array(0), operands.array(1), evaluation)
        },
        Builtin("array.slice", "array[any], number, number -> array[any]") {
            _, operands throws(BuiltinError) in
            let array = try operands.array(0)
            let (start, stop) = try (operands.integer(1), operands.integer(2))
            let last = min(max(stop, 0), array.count)
            let first = min(max(start, 0), last)
            return .array(
                sharing: array.elements.baseAddress.map { $0 + first }, count: last - first)
        },
        Builtin("array.reverse", "array[any] -> array[any]") {
            evaluation, operands throws(BuiltinError) in
            let array = try operands.array(0)
            let reversed = try evaluation.values(array.count)
            for index in 0..<array.count {
                reversed[index] = array.elements[array.count - 1 - index]
            }
            return .array(sharing: reversed, count: array.count)
        },
        Builtin("array.flatten", "array[any] -> array[any]") {
            evaluation, operands throws(BuiltinError) in
            try flatten(operands.array(0), evaluation)
        },
    ]

    private static let sets: [Builtin] = [
        Builtin("and", "set[any], set[any] -> set[any]") {
            evaluation, operands throws(BuiltinError) in
            try operands.set(0).intersection(operands.set(1), in: evaluation.arena)
        },
        Builtin("or", "set[any], set[any] -> set[any]") {
            evaluation, operands throws(BuiltinError) in
            try operands.set(0).union(operands.set(1), in: evaluation.arena)
        },
        Builtin("set_diff", "set[any], set[any] -> set[any]", .deprecated) {
            evaluation, operands throws(BuiltinError) in
            try operands.set(0).subtracting(operands.set(1), in: evaluation.arena)
        },
        Builtin("intersection", "set[set[any]] -> set[any]") {
            evaluation, operands throws(BuiltinError) in
            let sets = try memberSets(operands)
            guard var result = sets.first else { return .emptySet }
            for set in sets.dropFirst() { result = result.intersection(set, in: evaluation.arena) }
            return result
        },
        Builtin("union", "set[set[any]] -> set[any]") { evaluation, operands throws(BuiltinError) in
            let builder = CollectionBuilder.set(in: evaluation.arena)
            for set in try memberSets(operands) {
                for member in set.elements { builder.insert(member) }
            }
            return builder.finish()
        },
    ]

    /// The members of the first operand, all of which must be sets.
    private static func memberSets(
        _ operands: Operands
    ) throws(BuiltinError) -> UnsafeBufferPointer<Value> {
        let sets = try operands.set(0).elements
        for set in sets where set.kind != .set { throw .operand(1, mustBe: "set", got: set) }
        return sets
    }

    private static func concat(
        _ a: Value, _ b: Value, _ evaluation: Evaluation
    ) throws(BuiltinError) -> Value {
        if a.count == 0 { return b }
        if b.count == 0 { return a }
        let joined = try evaluation.values(a.count + b.count)
        for index in 0..<a.count { joined[index] = a.elements[index] }
        for index in 0..<b.count { joined[a.count + index] = b.elements[index] }
        return .array(sharing: joined, count: a.count + b.count)
    }

    /// Arrays among the elements are replaced by their elements, one level deep.
    private static func flatten(_ array: Value, _ evaluation: Evaluation) throws(BuiltinError)
        -> Value
    {
        var size = 0
        for element in array.elements { size += element.kind == .array ? element.count : 1 }
        let flat = try evaluation.values(size)
        var position = 0
        for element in array.elements {
            if element.kind == .array {
                for index in 0..<element.count { flat[position + index] = element.elements[index] }
                position += element.count
            } else {
                flat[position] = element
                position += 1
            }
        }
        return .array(sharing: flat, count: size)
    }
}
