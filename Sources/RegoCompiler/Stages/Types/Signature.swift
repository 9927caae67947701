// SPDX-License-Identifier: Apache-2.0

import RegoVM

/// The type of a function: a builtin's as declared, a rule's as inferred.
struct Signature {
    var arguments: [RegoType]
    /// nil for functions without a result.
    var result: RegoType?

    init(arguments: [RegoType], result: RegoType?) {
        self.arguments = arguments
        self.result = result
    }

    /// Reads `T, T -> T`.
    init(_ text: String) {
        var reader = TypeReader(text)
        var arguments: [RegoType] = []
        while !reader.isAtEnd, !reader.accept("->") {
            arguments.append(reader.type())
            _ = reader.accept(",")
        }
        self.arguments = arguments
        reader.skipSpace()
        result = reader.isAtEnd ? nil : reader.type()
    }

    /// nil when there is no such builtin.
    static func of(builtin name: String) -> Signature? {
        if name == "assign" { return table[BuiltinTable.index(of: "eq") ?? 0] }
        return BuiltinTable.index(of: name).map { table[$0] }
    }

    private static let table = BuiltinTable.all.map { Signature($0.signature) }

    /// The arguments and the result, as messages list what was wanted.
    var wanted: [RegoType] { arguments + [result].compactMap { $0 } }
    var wantedText: String { "(\(TypeText.list(wanted)))" }
}
