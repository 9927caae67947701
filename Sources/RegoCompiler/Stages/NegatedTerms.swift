// SPDX-License-Identifier: Apache-2.0

/// What stands in a negated expression and is evaluated before it (OPA's stages RewriteExprTerms
/// and RewriteDynamicTerms): calls below the outermost one, refs that are an argument, and refs
/// inside refs and collections. When one of them is undefined, so is the body: without `input.x`
/// `not startswith(input.x, "a")` does not hold. The sides of `==` and a ref alone stay where they
/// are: `not input.x == 1` holds.
///
/// `future.keywords.not` makes a body of its own of what is negated, and none of this applies.
struct NegatedTerms {
    static let variableName = "$negated"

    private var before: [(variable: Term, value: Term)] = []
    private let firstVariable: Int

    private init(firstVariable: Int) { self.firstVariable = firstVariable }

    /// Leaves of a negated, resolved expression what is negated.
    ///
    /// - Returns: the expressions that come before it. Each binds a variable of its own, which are
    ///   numbered from `firstVariable` on.
    static func takeOut(of expression: Expression, firstVariable: Int) -> Body {
        guard case .term(let term) = expression.kind else { return [] }
        var terms = NegatedTerms(firstVariable: firstVariable)
        expression.kind = .term(terms.rest(of: term))
        return terms.before.map { variable, value in
            let equation = Term(
                location: value.location,
                kind: .call(name: ["eq"], value.location, [variable, value]))
            let result = Expression(location: value.location, kind: .term(equation))
            result.modifiers = expression.modifiers
            if case .ref = value.kind { result.isTakenOut = true }
            return result
        }
    }

    /// What is left of it under the negation.
    private mutating func rest(of term: Term) -> Term {
        guard case .call(let name, let location, let arguments) = term.kind else {
            return side(term)
        }
        let isEquality = name == ["eq"] || name == ["equal"]
        let rest = arguments.map { isEquality ? side($0) : argument($0) }
        return Term(location: term.location, kind: .call(name: name, location, rest))
    }

    /// A side of `==`, or the whole expression.
    private mutating func side(_ term: Term) -> Term {
        guard case .ref(let head, let operands) = term.kind else { return argument(term) }
        let isRoot =
            switch head.kind {
            case .variable, .local: true
            default: false
            }
        let start = isRoot ? head : argument(head)
        return Term(location: term.location, kind: .ref(start, operands.map { argument($0) }))
    }

    private mutating func argument(_ term: Term) -> Term {
        func make(_ kind: Term.Kind) -> Term { Term(location: term.location, kind: kind) }
        switch term.kind {
        case .ref, .call, .variable("input"):
            let variable = make(.local(firstVariable + before.count, Self.variableName))
            before.append((variable, term))
            return variable
        case .array(let elements): return make(.array(elements.map { argument($0) }))
        case .set(let elements): return make(.set(elements.map { argument($0) }))
        case .object(let entries):
            return make(.object(entries.map { (argument($0.key), argument($0.value)) }))
        default: return term
        }
    }
}
