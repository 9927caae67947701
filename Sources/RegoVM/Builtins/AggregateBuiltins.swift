// SPDX-License-Identifier: Apache-2.0
import BigInt

/// What sums up a whole collection.
enum AggregateBuiltins {
    private static let list = "any<array[any], set[any]>"
    private static let numbers = "any<array[number], set[number]>"

    static let all: [Builtin] = [
        Builtin("count", "any<string, array[any], object[any: any], set[any]> -> number") {
            _, operands throws(BuiltinError) in try count(operands[0])
        },
        Builtin("sum", "\(numbers) -> number") { evaluation, operands throws(BuiltinError) in
            try sum(operands.list(0), evaluation)
        },
        Builtin("product", "\(numbers) -> number") { evaluation, operands throws(BuiltinError) in
            try product(operands.list(0), evaluation)
        },
        Builtin("max", "\(list) -> any") { _, operands throws(BuiltinError) in
            try extreme(operands.list(0)) { $0 <= 0 }
        },
        Builtin("min", "\(list) -> any") { _, operands throws(BuiltinError) in
            try extreme(operands.list(0)) { $0 >= 0 }
        },
        Builtin("sort", "\(list) -> array[any]") { evaluation, operands throws(BuiltinError) in
            try sorted(operands.list(0), evaluation)
        },
        Builtin("all", "\(list) -> boolean", .deprecated) { _, operands throws(BuiltinError) in
            try .boolean(operands.list(0, "array, set").elements.allSatisfy { $0.isTrue })
        },
        Builtin("any", "\(list) -> boolean", .deprecated) { _, operands throws(BuiltinError) in
            try .boolean(operands.list(0, "array, set").elements.contains { $0.isTrue })
        },
        Builtin("internal.member_2", "any, any -> boolean") { .boolean($1[1].contains($1[0])) },
        Builtin("internal.member_3", "any, any, any -> boolean") {
            .boolean($1[2][$1[0]].isEqual(to: $1[1]))
        },
    ]

    /// Elements of a collection, or the characters (Unicode scalars) of a string.
    private static func count(_ value: Value) throws(BuiltinError) -> Value {
        if value.isString { return .integer(Runes.count(value.bytes)) }
        guard value.isCollection else {
            throw .operand(1, mustBeOneOf: "array, object, set, string", got: value)
        }
        return .integer(value.count)
    }

    private static func sum(_ list: Value, _ evaluation: Evaluation) throws(BuiltinError) -> Value {
        var total: Int64 = 0
        for (index, element) in list.elements.enumerated() {
            guard let integer = element.asInteger else {
                return try longSum(list, from: index, total, evaluation)
            }
            let (sum, overflow) = total.addingReportingOverflow(integer)
            if overflow { return try longSum(list, from: index, total, evaluation) }
            total = sum
        }
        return .integer(total)
    }

    /// The sum when it does not fit an integer: exact for integers, else of floats from the first
    /// element on.
    private static func longSum(
        _ list: Value, from start: Int, _ total: Int64, _ evaluation: Evaluation
    ) throws(BuiltinError) -> Value {
        var sum = BigInt(total)
        for element in list.elements[start...] {
            guard element.isNumber else {
                throw .element(1, of: list, mustBe: "number", got: element)
            }
            guard let integer = try Number.bigInteger(element, evaluation) else {
                return try floatSum(list, evaluation)
            }
            sum += integer
        }
        return try Number.value(sum, evaluation)
    }

    private static func floatSum(_ list: Value, _ evaluation: Evaluation) throws(BuiltinError)
        -> Value
    {
        var sum = ExtendedFloat.zero
        for element in list.elements {
            guard element.isNumber else {
                throw .element(1, of: list, mustBe: "number", got: element)
            }
            sum = try sum + ExtendedFloat(element, evaluation)
        }
        return try Number.value(sum, evaluation)
    }

    private static func product(_ list: Value, _ evaluation: Evaluation) throws(BuiltinError)
        -> Value
    {
        var small: Int64 = 1
        var factors: [BigInt] = []
        for element in list.elements {
            guard element.isNumber else {
                throw .element(1, of: list, mustBe: "number", got: element)
            }
            if let integer = element.asInteger {
                let (product, overflow) = small.multipliedReportingOverflow(by: integer)
                if overflow { factors.append(BigInt(small)) }
                small = overflow ? integer : product
            } else if let integer = try Number.bigInteger(element, evaluation) {
                factors.append(integer)
            } else {
                return try floatProduct(list, evaluation)
            }
        }
        guard !factors.isEmpty else { return .integer(small) }
        factors.append(BigInt(small))
        return try Number.value(product(of: factors[...]), evaluation)
    }

    /// Multiplies numbers of about the same length, so that a long product takes few long steps.
    private static func product(of factors: ArraySlice<BigInt>) throws(BuiltinError) -> BigInt {
        guard factors.count > 1 else { return factors.first ?? 1 }
        if factors.contains(where: \.isZero) { return 0 }
        let bits = factors.reduce(0) { $0 + $1.magnitude.bitWidth - 1 }
        guard bits <= Number.maximumBits else { throw Number.tooLong }
        let middle = factors.startIndex + factors.count / 2
        return try product(of: factors[..<middle]) * product(of: factors[middle...])
    }

    /// OPA multiplies decimals with the 53-bit mantissa of the 1.0 that it starts from.
    private static func floatProduct(
        _ list: Value, _ evaluation: Evaluation
    ) throws(BuiltinError) -> Value {
        let precision = 53
        var product = ExtendedFloat(1 as Int64)
        for element in list.elements {
            guard element.isNumber else {
                throw .element(1, of: list, mustBe: "number", got: element)
            }
            product = try (product * ExtendedFloat(element, evaluation)).rounded(to: precision)
        }
        return try Number.value(product, precision: precision, evaluation)
    }

    /// The last element for which `replaces` holds when it is compared with the best so far.
    private static func extreme(_ list: Value, _ replaces: (Int) -> Bool) -> Value {
        guard var best = list.elements.first else { return .undefined }
        for element in list.elements.dropFirst() where replaces(best.compare(element)) {
            best = element
        }
        return best
    }

    private static func sorted(_ list: Value, _ evaluation: Evaluation) throws(BuiltinError)
        -> Value
    {
        let elements = list.elements
        guard list.kind == .array, let base = elements.baseAddress else {
            return .array(sharing: elements.baseAddress, count: elements.count)
        }
        let sorted = try evaluation.values(elements.count)
        let order = sortedOrder(base, elements.count, evaluation.arena)
        for index in 0..<elements.count { sorted[index] = base[Int(order[index])] }
        return .array(sharing: sorted, count: elements.count)
    }
}
