// SPDX-License-Identifier: Apache-2.0

import RegoVM

/// Refuses calls of functions that do not exist, or with too few or too many arguments (OPA's stage
/// CheckUndefinedFuncs).
struct FunctionCheck {
    private let builder: ProgramBuilder
    private var diagnostics: [Diagnostic] = []

    @Sendable
    static func check(_ compilation: Compilation) -> [Diagnostic] {
        var check = FunctionCheck(builder: compilation.builder)
        compilation.forEachClause { clause in
            guard clause.features.contains(.calls) else { return }
            // Where the expressions are that consist of a call; closures in a modifier come before.
            var statements: [ObjectIdentifier: Location] = [:]
            // What replaces a function may be a function's name, which is kept as a call.
            var name: Term?
            let walk = ExpressionWalk(
                onTerm: { term in
                    guard term !== name, case .call(let name, _, let arguments) = term.kind else {
                        return
                    }
                    let place = statements[ObjectIdentifier(term)]
                    check.check(name, arguments, at: place ?? term.location, place != nil)
                },
                onModifier: { modifier in
                    if case .call(_, _, let none) = modifier.value.kind, none.isEmpty {
                        name = modifier.value
                    }
                },
                onExpression: { expression in
                    guard case .term(let term) = expression.kind else { return }
                    statements[ObjectIdentifier(term)] = expression.location
                })
            walk.walkOne(clause)
        }
        return check.diagnostics
    }

    private init(builder: ProgramBuilder) { self.builder = builder }

    private mutating func check(
        _ name: [String], _ arguments: [Term], at location: Location, _ isStatement: Bool
    ) {
        let count = arguments.count
        if let arity = builder.arity(name) {
            guard count != arity, !(isStatement && count == arity + 1) else { return }
            let function = TermText.path(name)
            diagnostics.append(
                name[0] == "data"
                    ? Self.arityMismatch(function, arity, count, location)
                    : Self.arityMismatch(builtin: name, arguments, isStatement, location))
        } else if name != ["print"] {
            diagnostics.append(
                Diagnostic(.type, "undefined function \(TermText.path(name))", at: location))
        }
    }

    private static func arityMismatch(
        _ function: String, _ arity: Int, _ count: Int, _ location: Location
    ) -> Diagnostic {
        let arguments = count == 1 ? "1 argument" : "\(count) arguments"
        return Diagnostic(
            .type, "function \(function) has arity \(arity), got \(arguments)", at: location)
    }

    private static func arityMismatch(
        builtin name: [String], _ arguments: [Term], _ isStatement: Bool, _ location: Location
    ) -> Diagnostic {
        let name = name.dotted
        var have = arguments.map { TypeText.text(StaticType.of($0)) }
        if !isStatement { have.append(TypeText.unknown) }
        var details = ["have: (\(have.joined(separator: ", ")))"]
        if let signature = Signature.of(builtin: name) {
            details.append("want: \(signature.wantedText)")
        }
        return Diagnostic(.type, "\(name): arity mismatch", at: location, details: details)
    }
}
