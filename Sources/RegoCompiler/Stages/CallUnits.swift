// SPDX-License-Identifier: Apache-2.0

/// Takes calls out of calls and terms, so that each is an expression of its own with its result in
/// a variable (OPA's stage RewriteExprTerms), and refs where that is wanted (RewriteDynamicTerms).
struct CallUnits {
    /// What new variables are called; nobody can write it.
    static let name = "$value"

    /// Where new variables are declared; its depth is theirs.
    var binding: Binding
    var variables: VariableTable
    private var units: Body = []
    private var modifiers: [Modifier] = []

    init(_ binding: Binding, _ variables: VariableTable) {
        self.binding = binding
        self.variables = variables
    }

    /// True when the stage would take something out of an expression.
    static func isNested(_ expression: Expression) -> Bool {
        switch expression.kind {
        case .term(let term):
            guard case .call(let name, _, let arguments) = term.kind else { return hasCall(term) }
            return name != ["print"] && arguments.contains(where: hasCall)
        case .someIn(_, _, let domain), .every(_, _, let domain, _): return hasCall(domain)
        case .someVariables, .block, .and, .or: return false
        }
    }

    private static func hasCall(_ term: Term) -> Bool {
        switch term.kind {
        case .call: true
        case .ref(let head, let operands): hasCall(head) || operands.contains(where: hasCall)
        case .array(let elements), .set(let elements): elements.contains(where: hasCall)
        case .object(let entries): entries.contains { hasCall($0.key) || hasCall($0.value) }
        default: false
        }
    }

    /// The expression's calls, innermost first, and what is left of it.
    mutating func calls(of expression: Expression) -> Body {
        split(expression) { units, term in units.withoutCalls(term) }
    }

    /// The refs of an expression without calls inside of it that enumerate, and what is left.
    mutating func refs(of expression: Expression) -> Body {
        split(expression) { units, term in units.withoutRefs(term) }
    }

    private mutating func split(
        _ expression: Expression, _ without: (inout CallUnits, Term) -> Term
    ) -> Body {
        units = []
        modifiers = expression.modifiers
        var kind = expression.kind
        switch expression.kind {
        case .term(let term):
            if case .call(let name, let place, let arguments) = term.kind {
                guard name != ["print"] else { break }
                let arguments = arguments.map { without(&self, $0) }
                kind = .term(
                    Term(location: term.location, kind: .call(name: name, place, arguments)))
            } else {
                kind = .term(without(&self, term))
            }
        case .someIn(let key, let value, let domain):
            kind = .someIn(key: key, value: value, domain: without(&self, domain))
        case .every(let key, let value, let domain, let body):
            kind = .every(key: key, value: value, domain: without(&self, domain), body: body)
        case .someVariables, .block, .and, .or: break
        }
        guard !units.isEmpty else { return [expression] }
        let rest = Expression(location: expression.location, kind: kind)
        rest.isNegated = expression.isNegated
        rest.isTakenOut = expression.isTakenOut
        rest.modifiers = expression.modifiers
        return units + [rest]
    }

    /// A variable for a term's value, which a new expression gives it.
    mutating func assign(_ term: Term) -> (variable: Term, expression: Expression) {
        let id = variables.names.count
        variables.names.append(Self.name)
        variables.depths.append(binding.depth)
        binding.depths.append(binding.depth)
        let variable = Term(location: term.location, kind: .local(id, Self.name))
        let equality = Term(
            location: term.location, kind: .call(name: ["eq"], term.location, [variable, term]))
        return (variable, Expression(location: term.location, kind: .term(equality)))
    }

    private mutating func take(_ term: Term) -> Term {
        let (variable, expression) = assign(term)
        expression.modifiers = modifiers
        units.append(expression)
        return variable
    }

    private mutating func withoutCalls(_ term: Term) -> Term {
        guard Self.hasCall(term) else { return term }
        let parts = map(term) { $0.withoutCalls($1) }
        guard case .call = parts.kind else { return parts }
        return take(parts)
    }

    private mutating func withoutRefs(_ term: Term) -> Term {
        switch term.kind {
        case .ref: binding.isOpenRef(term) ? take(term) : term
        case .array, .set, .object: map(term) { $0.withoutRefs($1) }
        default: term
        }
    }

    private mutating func map(
        _ term: Term, _ change: (inout CallUnits, Term) -> Term
    ) -> Term {
        let kind: Term.Kind
        switch term.kind {
        case .call(let name, let place, let arguments):
            kind = .call(name: name, place, arguments.map { change(&self, $0) })
        case .ref(let head, let operands):
            kind = .ref(change(&self, head), operands.map { change(&self, $0) })
        case .array(let elements): kind = .array(elements.map { change(&self, $0) })
        case .set(let elements): kind = .set(elements.map { change(&self, $0) })
        case .object(let entries):
            kind = .object(entries.map { (change(&self, $0.key), change(&self, $0.value)) })
        default: return term
        }
        return Term(location: term.location, kind: kind)
    }
}

extension Term {
    /// True for terms with refs, calls or closures (OPA's `requiresEval`).
    var needsEvaluation: Bool {
        switch kind {
        case .null, .boolean, .number, .string, .local: false
        case .variable, .ref, .call, .template, .arrayComprehension, .setComprehension,
            .objectComprehension:
            true
        case .array(let elements), .set(let elements): elements.contains(where: \.needsEvaluation)
        case .object(let entries):
            entries.contains { $0.key.needsEvaluation || $0.value.needsEvaluation }
        }
    }
}

extension Binding {
    /// True when evaluating a ref binds variables.
    func isOpenRef(_ term: Term) -> Bool {
        var trial = self
        trial.read(term)
        return trial.bound.count != bound.count
    }

    /// True when a term can be evaluated and binds nothing.
    func isKnown(_ term: Term) -> Bool {
        var trial = self
        trial.unmet = []
        trial.read(term)
        return trial.unmet.isEmpty && trial.bound.count == bound.count
    }
}
