// SPDX-License-Identifier: Apache-2.0

/// Variable names that occur in a body itself, outside of the closures in it.
enum DirectNames {
    static func of(_ body: Body) -> Set<String> {
        var names: Set<String> = []
        for expression in body { collect(expression, into: &names) }
        return names
    }

    /// Names that a body declares itself with `:=` or `some`: closures that stand before the
    /// declaration do not see them.
    static func declared(in body: Body) -> Set<String> {
        var names: Set<String> = []
        for expression in body {
            switch expression.kind {
            case .term(let term):
                guard case .call(let name, _, let sides) = term.kind, name == ["assign"],
                    sides.count == 2
                else { continue }
                collect(sides[0], into: &names)
            case .someVariables(let terms): for term in terms { collect(term, into: &names) }
            case .someIn(let key, let value, let domain):
                var patterns: Set<String> = []
                if let key { collect(key, into: &patterns) }
                collect(value, into: &patterns)
                names.formUnion(patterns.subtracting(occurring(in: domain)))
            case .every, .block, .and, .or: continue
            }
        }
        return names
    }

    /// All names in a term, closures included. As in OPA, `some ... in` declares none of those that
    /// its collection names: `some x in input.l[x]` reads and binds one `x`.
    static func occurring(in term: Term) -> Set<String> {
        var names: Set<String> = []
        var walk = ExpressionWalk()
        walk.onTerm = { if case .variable(let name) = $0.kind { names.insert(name) } }
        walk.walk(term)
        return names
    }

    static func collect(_ expression: Expression, into names: inout Set<String>) {
        for modifier in expression.modifiers {
            collect(modifier.value, into: &names)
            if case .ref(_, let operands) = modifier.target.kind {
                for operand in operands { collect(operand, into: &names) }
            }
        }
        switch expression.kind {
        case .term(let term): collect(term, into: &names)
        case .someVariables: break
        case .someIn(let key, let value, let domain):
            if let key { collect(key, into: &names) }
            collect(value, into: &names)
            collect(domain, into: &names)
        case .every(_, _, let domain, _): collect(domain, into: &names)
        case .block, .and, .or: break
        }
    }

    static func collect(_ term: Term, into names: inout Set<String>) {
        switch term.kind {
        case .variable("input"), .variable("data"): break
        case .variable(let name): names.insert(name)
        case .ref(let head, let operands):
            collect(head, into: &names)
            for operand in operands { collect(operand, into: &names) }
        case .array(let elements), .set(let elements), .template(let elements):
            for element in elements { collect(element, into: &names) }
        case .object(let entries):
            for entry in entries {
                collect(entry.key, into: &names)
                collect(entry.value, into: &names)
            }
        case .call(_, _, let arguments):
            for argument in arguments { collect(argument, into: &names) }
        case .null, .boolean, .number, .string, .local, .arrayComprehension, .setComprehension,
            .objectComprehension:
            break
        }
    }
}
