// SPDX-License-Identifier: Apache-2.0

/// Erases `print` calls, or checks that what they show is bound above them (OPA's stages
/// CheckVoidCalls and RewritePrintCalls).
struct PrintCalls {
    private let variables: VariableTable
    private let builder: ProgramBuilder
    private let keeps: Bool
    private var diagnostics: [Diagnostic] = []

    @Sendable
    static func rewrite(_ compilation: Compilation) -> [Diagnostic] {
        var diagnostics: [Diagnostic] = []
        compilation.forEachClause { clause in
            guard clause.features.contains(.print) else { return }
            diagnostics += VoidCalls.check(clause)
            var calls = PrintCalls(clause, compilation)
            var bound: Set<Int> = []
            for argument in clause.arguments { calls.bind(argument, 0, &bound) }
            clause.body = calls.body(clause.body, 0, bound)
            for term in clause.heads { calls.term(term, 0, bound) }
            diagnostics += calls.diagnostics
        }
        return diagnostics
    }

    private init(_ clause: ResolvedClause, _ compilation: Compilation) {
        variables = clause.variables
        builder = compilation.builder
        keeps = compilation.options.keepsPrint
    }

    private func binding(_ depth: Int, _ bound: Set<Int>) -> Binding {
        var binding = Binding(variables: variables, depth: depth, bound: bound)
        binding.arity = { [builder] in builder.arity($0) }
        return binding
    }

    private func bind(_ pattern: Term, _ depth: Int, _ bound: inout Set<Int>) {
        var binding = self.binding(depth, bound)
        binding.bind(pattern)
        bound = binding.bound
    }

    /// - Parameter bound: what the body finds bound.
    private mutating func body(_ body: Body, _ depth: Int, _ bound: Set<Int>) -> Body {
        var bound = bound
        var result: Body = []
        for expression in body {
            if case .term(let term) = expression.kind,
                case .call(["print"], _, let arguments) = term.kind
            {
                guard keeps else { continue }
                for argument in arguments { check(argument, depth, bound) }
            }
            closures(in: expression, depth, bound)
            var after = binding(depth, bound)
            after.expression(expression)
            bound.formUnion(after.bound)
            result.append(expression)
        }
        return result
    }

    private mutating func check(_ argument: Term, _ depth: Int, _ bound: Set<Int>) {
        for id in FreeVariables.of(argument, in: binding(depth, bound)).subtracting(bound).sorted()
        {
            let name = variables.names[id]
            diagnostics.append(
                Diagnostic(
                    .compile, "var \(name.hasPrefix("$") ? "_" : name) is undeclared",
                    at: argument.location))
        }
    }

    // MARK: Closures

    private mutating func closures(in expression: Expression, _ depth: Int, _ bound: Set<Int>) {
        for modifier in expression.modifiers { term(modifier.value, depth, bound) }
        switch expression.kind {
        case .term(let term): self.term(term, depth, bound)
        case .someVariables: break
        case .someIn(_, _, let domain): term(domain, depth, bound)
        case .every(let key, let value, let domain, let body):
            term(domain, depth, bound)
            var inside = bound
            if let key { bind(key, depth + 1, &inside) }
            bind(value, depth + 1, &inside)
            expression.kind = .every(
                key: key, value: value, domain: domain, body: self.body(body, depth + 1, inside))
        case .block(let body): expression.kind = .block(self.body(body, depth + 1, bound))
        case .and(let left, let right):
            expression.kind = .and(body(left, depth + 1, bound), body(right, depth + 1, bound))
        case .or(let left, let right):
            expression.kind = .or(body(left, depth + 1, bound), body(right, depth + 1, bound))
        }
    }

    private mutating func term(_ term: Term, _ depth: Int, _ bound: Set<Int>) {
        switch term.kind {
        case .null, .boolean, .number, .string, .variable, .local: break
        case .ref(let head, let operands):
            for part in [head] + operands { self.term(part, depth, bound) }
        case .array(let elements), .set(let elements), .template(let elements),
            .call(_, _, let elements):
            for element in elements { self.term(element, depth, bound) }
        case .object(let entries):
            for entry in entries {
                self.term(entry.key, depth, bound)
                self.term(entry.value, depth, bound)
            }
        case .arrayComprehension(let head, let body):
            term.kind = .arrayComprehension(head, self.body(body, depth + 1, bound))
        case .setComprehension(let head, let body):
            term.kind = .setComprehension(head, self.body(body, depth + 1, bound))
        case .objectComprehension(let key, let value, let body):
            term.kind = .objectComprehension(
                key: key, value: value, self.body(body, depth + 1, bound))
        }
    }
}

/// Refuses `print` where a value is wanted.
enum VoidCalls {
    static func check(_ clause: ResolvedClause) -> [Diagnostic] {
        var diagnostics: [Diagnostic] = []
        var statements: Set<ObjectIdentifier> = []
        var walk = ExpressionWalk()
        walk.onExpression = { expression in
            if case .term(let term) = expression.kind { statements.insert(ObjectIdentifier(term)) }
        }
        walk.onTerm = { term in
            guard case .call(["print"], _, _) = term.kind,
                !statements.contains(ObjectIdentifier(term))
            else {
                return
            }
            diagnostics.append(
                Diagnostic(.type, "\(RegoPrinter.text(term)) used as value", at: term.location))
        }
        walk.walkOne(clause)
        return diagnostics
    }
}
