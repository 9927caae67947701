// SPDX-License-Identifier: Apache-2.0
import RegoCompiler
import RegoVM

/// A query changed so that the value of each of its expressions can be seen.
///
/// An expression `t` becomes `t = v` with a variable of our own. Where that would let a false
/// expression pass although others depend on it (several expressions, or iteration), `v` is asked
/// for behind it. Expressions that have no value of their own (`not`, `:=`, `=`, `some`) are true.
struct QueryCapture {
    /// An expression as the person wrote it.
    struct Captured {
        let expression: Expression
        /// The variable with its value; nil for one that is just true.
        let variable: String?
    }

    private(set) var body: Body = []
    private(set) var expressions: [Captured] = []

    static let prefix = "__expression"

    init(_ query: Body) {
        let mayFail = query.count > 1 || query.contains { Iteration.occurs(in: $0) }
        var checks: Body = []
        for expression in query {
            if case .someVariables = expression.kind {
                body.append(expression)
                continue
            }
            guard let term = Self.valueTerm(expression) else {
                body.append(expression)
                expressions.append(Captured(expression: expression, variable: nil))
                continue
            }
            let name = "\(Self.prefix)\(expressions.count)__"
            let variable = Term(location: expression.location, kind: .variable(name))
            let capture = Expression(
                location: expression.location,
                kind: .term(
                    Term(
                        location: expression.location,
                        kind: .call(name: ["eq"], expression.location, [term, variable]))))
            capture.modifiers = expression.modifiers
            body.append(capture)
            if mayFail {
                // It has no text of its own, so that no trace shows it.
                var location = expression.location
                location.end = location.start
                checks.append(Expression(location: location, kind: .term(variable)))
            }
            expressions.append(Captured(expression: expression, variable: name))
        }
        body += checks
    }

    /// True for the name of one of our own variables.
    static func isOwn(_ name: String) -> Bool { name.hasPrefix(prefix) }

    /// The term whose value the expression has.
    private static func valueTerm(_ expression: Expression) -> Term? {
        guard !expression.isNegated, case .term(let term) = expression.kind else { return nil }
        guard case .call(let name, _, let operands) = term.kind else { return term }
        let dotted = name.joined(separator: ".")
        if ["assign", "eq", "print"].contains(dotted) { return nil }
        if let index = BuiltinTable.index(of: dotted) {
            // One operand more than it takes: the last one is its result.
            return BuiltinTable.all[index].arity == operands.count ? term : nil
        }
        return term
    }
}

/// Finds out whether an expression can be true in several ways.
private enum Iteration {
    static func occurs(in expression: Expression) -> Bool {
        switch expression.kind {
        case .term(let term): occurs(in: term)
        case .someVariables, .someIn: true
        case .every(_, _, let domain, _): occurs(in: domain)
        case .block(let body): body.contains(where: occurs)
        case .and(let left, let right), .or(let left, let right):
            (left + right).contains(where: occurs)
        }
    }

    private static func occurs(in term: Term) -> Bool {
        switch term.kind {
        case .ref(let head, let operands):
            occurs(in: head) || operands.contains { isVariable($0) || occurs(in: $0) }
        case .array(let terms), .set(let terms), .template(let terms): terms.contains(where: occurs)
        case .object(let pairs): pairs.contains { occurs(in: $0.key) || occurs(in: $0.value) }
        case .call(let name, _, let operands): name == ["walk"] || operands.contains(where: occurs)
        default: false
        }
    }

    private static func isVariable(_ term: Term) -> Bool {
        if case .variable = term.kind { true } else { false }
    }
}
