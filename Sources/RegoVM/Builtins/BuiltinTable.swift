// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// All builtins by name. Each family keeps its own list in its own file.
public enum BuiltinTable {
    public static let all: [Builtin] = families.flatMap { $0 } + added.withLock { $0 }

    private static let added = Mutex<[Builtin]>([])

    /// Adds a builtin of the program's own. Only before anything is compiled or evaluated: the
    /// table is fixed when it is first read.
    public static func add(_ builtin: Builtin) { added.withLock { $0.append(builtin) } }

    /// The families' lists.
    private static let families: [[Builtin]] = [
        OperatorBuiltins.all,
        NumberBuiltins.all,
        AggregateBuiltins.all,
        CollectionBuiltins.all,
        ObjectBuiltins.all,
        TypeBuiltins.all,
        StringBuiltins.all,
        StringMakingBuiltins.all,
        RegexBuiltins.all,
        GlobBuiltins.all,
        JSONBuiltins.all,
        JSONPathBuiltins.all,
        EncodingBuiltins.all,
        URLQueryBuiltins.all,
        YAMLBuiltins.all,
        WalkBuiltins.all,
        DiagnosticBuiltins.all,
        TimeBuiltins.all, UUIDBuiltins.all, SemanticVersionBuiltins.all, UnitBuiltins.all,
        URIBuiltins.all, HashBuiltins.all, NetworkBuiltins.all, RuntimeBuiltins.all,
        TokenBuiltins.all, CertificateBuiltins.all, AWSSignatureBuiltins.all, GraphQLBuiltins.all,
        JSONSchemaBuiltins.all, HTTPSendBuiltins.all, ModuleBuiltins.all,
    ]

    private static let indices: [String: Int] = {
        var result: [String: Int] = [:]
        for (index, builtin) in all.enumerated() { result[builtin.name] = index }
        return result
    }()

    /// The index in `all` of the builtin `name`; nil when there is none.
    public static func index(of name: String) -> Int? { indices[name] }
}
