// SPDX-License-Identifier: Apache-2.0

import RegoVM

/// Infers the types of rules and functions, each after those that it refers to, and refuses what
/// can never hold (OPA's stage CheckTypes). Whatever is not certain is accepted.
final class TypeCheck {
    private let compilation: Compilation
    /// Types of rules by function index: what a document is, or a function's type. nil where
    /// nothing is known.
    private(set) var ruleTypes: [RegoType?]
    var diagnostics: [Diagnostic] = []
    let input: RegoType
    private let schemas: SchemaAnnotations?

    @Sendable
    static func check(_ compilation: Compilation) -> [Diagnostic] {
        guard compilation.options.checksTypes else { return [] }
        let check = TypeCheck(compilation)
        for index in compilation.dependencyOrder { check.check(compilation.rules[index]) }
        if let query = compilation.query {
            let scope = ClauseTypes(query, check)
            scope.check(query.body)
            check.diagnostics += scope.diagnostics
        }
        return check.diagnostics + (check.schemas?.diagnostics ?? [])
    }

    private init(_ compilation: Compilation) {
        self.compilation = compilation
        schemas = SchemaAnnotations(compilation)
        input = compilation.options.inputSchema.type
        ruleTypes = .init(repeating: nil, count: compilation.builder.program.functions.count)
    }

    var root: RuleTree.Node { compilation.tree.root }

    /// The type of the function with that name; nil when nothing is known of it.
    func signature(_ name: [String]) -> Signature? {
        guard name[0] == "data" else {
            return Signature.of(builtin: name.dotted)
        }
        guard let group = compilation.builder.functions[Array(name.dropFirst())],
            case .function(let arguments, let result)? = ruleTypes[group.functionIndex]
        else { return nil }
        return Signature(arguments: arguments, result: result)
    }

    /// The function that a term names without calling it; nil when it names none.
    func functionName(_ term: Term) -> [String]? {
        switch term.kind {
        case .call(let name, _, let arguments): return arguments.isEmpty ? name : nil
        case .ref(let head, let operands):
            guard case .variable("data") = head.kind else { return nil }
            let path = operands.compactMap {
                if case .string(let name) = $0.kind { name } else { nil }
            }
            guard path.count == operands.count, compilation.builder.functions[path] != nil else {
                return nil
            }
            return ["data"] + path
        default: return nil
        }
    }

    private func check(_ rule: ResolvedGroup) {
        let index = rule.group.functionIndex
        for (position, clause) in rule.all.enumerated() {
            let overrides = schemas.map { self.overrides($0, rule.group, position) } ?? []
            for branch in [clause] + clause.elseClauses {
                let type = self.type(of: branch, rule.group, overrides)
                ruleTypes[index] = RegoType.or(ruleTypes[index], type)
            }
        }
        ruleTypes[rule.group.functionIndex] = ruleTypes[rule.group.functionIndex]?.bounded
    }

    private func overrides(
        _ schemas: SchemaAnnotations, _ group: RuleGroup, _ position: Int
    ) -> [SchemaAnnotations.Override] {
        let isDefault = position == group.clauses.count
        guard let clause = isDefault ? group.defaultRule : group.clauses[position] else {
            return []
        }
        return schemas.overrides(clause, group.path)
    }

    /// What one clause adds to its rule; `any` when the clause is wrong, so that those that refer
    /// to it are not refused for it.
    private func type(
        of clause: ResolvedClause, _ group: RuleGroup, _ overrides: [SchemaAnnotations.Override]
    ) -> RegoType? {
        let scope = ClauseTypes(clause, self, overrides)
        scope.check(clause.body)
        for head in clause.heads { scope.visitHead(head) }
        guard scope.diagnostics.isEmpty else {
            diagnostics += scope.diagnostics
            return .any
        }
        let value = clause.value.map { scope.type(of: $0) } ?? .boolean
        switch group.kind {
        case .complete: return value
        case .function:
            return .function(clause.arguments.map { scope.type(of: $0) ?? .any }, value ?? .any)
        case .partialSet: return clause.key.map { .set(scope.type(of: $0) ?? .any) }
        case .partialObject:
            let leaf = clause.key.map { RegoType.set(scope.type(of: $0) ?? .any) } ?? value ?? .any
            return clause.suffix.reversed().reduce(leaf) { inner, key in
                .object([], rest: .init(key: scope.type(of: key) ?? .any, value: inner))
            }
        }
    }
}
