// SPDX-License-Identifier: Apache-2.0

/// Visits every term and every modifier of resolved clauses, closures included.
struct ExpressionWalk {
    var onTerm: (Term) -> Void = { _ in }
    var onModifier: (Modifier) -> Void = { _ in }
    /// Called before what stands in the expression.
    var onExpression: (Expression) -> Void = { _ in }

    /// With the branches of its `else` chain.
    func walk(_ clause: ResolvedClause) {
        walkOne(clause)
        for link in clause.elseClauses { walkOne(link) }
    }

    /// Without branches.
    func walkOne(_ clause: ResolvedClause) {
        for term in clause.arguments { walk(term) }
        for term in clause.suffix { walk(term) }
        if let key = clause.key { walk(key) }
        if let value = clause.value { walk(value) }
        walk(clause.body)
    }

    func walk(_ body: Body) { for expression in body { walk(expression) } }

    func walk(_ expression: Expression) {
        onExpression(expression)
        for modifier in expression.modifiers {
            onModifier(modifier)
            walk(modifier.value)
        }
        switch expression.kind {
        case .term(let term): walk(term)
        case .someVariables: break
        case .someIn(let key, let value, let domain):
            if let key { walk(key) }
            walk(value)
            walk(domain)
        case .every(let key, let value, let domain, let body):
            if let key { walk(key) }
            walk(value)
            walk(domain)
            walk(body)
        case .block(let body): walk(body)
        case .and(let left, let right), .or(let left, let right):
            walk(left)
            walk(right)
        }
    }

    func walk(_ term: Term) {
        onTerm(term)
        switch term.kind {
        case .ref(let head, let operands):
            walk(head)
            for operand in operands { walk(operand) }
        case .array(let elements), .set(let elements), .template(let elements):
            for element in elements { walk(element) }
        case .object(let entries):
            for entry in entries {
                walk(entry.key)
                walk(entry.value)
            }
        case .call(_, _, let arguments): for argument in arguments { walk(argument) }
        case .arrayComprehension(let head, let body), .setComprehension(let head, let body):
            walk(head)
            walk(body)
        case .objectComprehension(let key, let value, let body):
            walk(key)
            walk(value)
            walk(body)
        case .null, .boolean, .number, .string, .variable, .local: break
        }
    }
}
