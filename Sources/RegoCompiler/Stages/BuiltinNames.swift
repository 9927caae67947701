// SPDX-License-Identifier: Apache-2.0

import RegoVM

/// Which names are builtins, and how many operands each takes.
enum BuiltinNames {
    static func contains(_ name: String) -> Bool { arity(name) != nil }

    static func arity(_ name: [String]) -> Int? {
        name[0] == "data" ? nil : arity(name.dotted)
    }

    static func arity(_ name: String) -> Int? {
        if operators[name] != nil { return 2 }
        return BuiltinTable.index(of: name).map { BuiltinTable.all[$0].arity }
    }

    /// Operators that have instructions of their own.
    static let operators: [String: Opcode] = [
        "eq": .testComparison, "assign": .testComparison, "equal": .comparison, "neq": .comparison,
        "lt": .comparison, "lte": .comparison, "gt": .comparison, "gte": .comparison, "plus": .plus,
        "minus": .minus, "mul": .multiply, "div": .divide, "rem": .remainder,
    ]

    static let comparisons: [String: Comparison] = [
        "equal": .equal, "neq": .notEqual, "lt": .less, "lte": .lessOrEqual, "gt": .greater,
        "gte": .greaterOrEqual,
    ]

    /// Refused in version 1 and in strict mode.
    static let deprecated = Set(
        BuiltinTable.all.filter { $0.traits.contains(.deprecated) }.map(\.name))
}

extension [String] {
    /// A function's name as one string, which most names are already.
    var dotted: String { count == 1 ? self[0] : joined(separator: ".") }
}
