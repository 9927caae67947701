// SPDX-License-Identifier: Apache-2.0

extension BuiltinError {
    /// `operand 1 must be array of numbers but got array containing string`
    /// - Parameter position: counted from 1.
    static func element(
        _ position: Int, of collection: Value, mustBe expected: String, got value: Value
    ) -> BuiltinError {
        BuiltinError(
            .type,
            "operand \(position) must be \(collection.typeName) of \(expected)s "
                + "but got \(collection.typeName) containing \(value.typeName)")
    }

    /// A type error about one operand, in free words.
    static func operand(_ position: Int, _ message: String) -> BuiltinError {
        BuiltinError(.type, "operand \(position) \(message)")
    }
}

extension Operands {
    /// Operand `index` as a set or array.
    func list(_ index: Int, _ expected: String = "set, array") throws(BuiltinError) -> Value {
        let value = self[index]
        guard value.kind == .array || value.kind == .set else {
            throw .operand(index + 1, mustBeOneOf: expected, got: value)
        }
        return value
    }
}
