// SPDX-License-Identifier: Apache-2.0

/// The types of one clause's variables, and the checks of its expressions.
final class ClauseTypes {
    let rules: TypeCheck
    private var locals: [RegoType?]
    var diagnostics: [Diagnostic] = []
    /// True inside an expression whose `with` replaces something of `input`.
    var replacesInput = false
    /// False in the bodies of `every`, `not`, `and` and `or`: as in OPA, nothing is known there of
    /// the variables they bring, and calls and equations are not checked; refs and closures are.
    private var checksCalls = true

    /// What annotations say of documents.
    let overrides: [SchemaAnnotations.Override]

    init(
        _ clause: ResolvedClause, _ rules: TypeCheck, _ overrides: [SchemaAnnotations.Override] = []
    ) {
        self.rules = rules
        self.overrides = overrides
        locals = .init(repeating: nil, count: clause.variables.names.count)
    }

    func local(_ id: Int) -> RegoType? { locals[id] }

    func set(_ id: Int, _ type: RegoType?) { locals[id] = type?.bounded }

    /// What is known of a term; nil when nothing is.
    func type(of term: Term) -> RegoType? {
        StaticType.of(term) { [self] term in
            switch term.kind {
            case .local(let id, _): return locals[id]
            case .variable(let name): return name == "input" ? rules.input : .anyObject
            case .ref: return RefTypes(self).type(of: term)
            case .call(let name, _, _): return rules.signature(name)?.result
            case .arrayComprehension(let head, _): return .array([], rest: type(of: head) ?? .any)
            case .setComprehension(let head, _): return .set(type(of: head) ?? .any)
            case .objectComprehension(let key, let value, _):
                return .object(
                    [], rest: .init(key: type(of: key) ?? .any, value: type(of: value) ?? .any))
            default: return nil
            }
        }
    }

    // MARK: Expressions

    func check(_ body: Body) {
        for expression in body { check(expression) }
    }

    private func check(_ expression: Expression) {
        let before = diagnostics.count
        let outer = replacesInput
        for modifier in expression.modifiers {
            check(modifier, expression.location)
        }
        switch expression.kind {
        case .term(let term): statement(term, expression.location, before)
        case .someVariables: break
        case .someIn(let key, let value, let domain):
            iterate(key, value, domain, expression.location)
        case .every(_, _, let domain, let body):
            visit(domain, expression.location)
            checkRefs(in: body)
        case .block(let body): checkRefs(in: body)
        case .and(let left, let right), .or(let left, let right):
            checkRefs(in: left)
            checkRefs(in: right)
        }
        replacesInput = outer
    }

    private func checkRefs(in body: Body) {
        let outer = checksCalls
        checksCalls = false
        check(body)
        checksCalls = outer
    }

    private func checkClosure(_ body: Body) {
        let outer = checksCalls
        checksCalls = true
        check(body)
        checksCalls = outer
    }

    private func check(_ modifier: Modifier, _ place: Location) {
        if modifier.replacesInput { replacesInput = true }
        guard let target = rules.functionName(modifier.target),
            let name = rules.functionName(modifier.value)
        else { return visit(modifier.value, place) }
        guard let wanted = rules.signature(target), let given = rules.signature(name),
            wanted.arguments.count != given.arguments.count
        else { return }
        diagnostics.append(
            Diagnostic(
                .type, "\(TermText.path(target)): arity mismatch", at: modifier.location,
                details: [
                    "have: (\(TypeText.list(given.arguments)))", "want: \(wanted.wantedText)",
                ]))
    }

    private func statement(_ term: Term, _ place: Location, _ before: Int) {
        guard case .call(let name, _, let arguments) = term.kind else { return visit(term, place) }
        for argument in arguments where !argument.kind.isScalar { visit(argument, place) }
        guard checksCalls, diagnostics.count == before else { return }
        if name.count == 1, arguments.count == 2, Self.isEquality(name[0]) {
            equal(arguments[0], arguments[1], place)
        } else {
            call(name, arguments, place, isStatement: true)
        }
    }

    private static func isEquality(_ name: String) -> Bool {
        name == "equal" || name == "assign" || name == "eq"
    }

    private func equal(_ left: Term, _ right: Term, _ place: Location) {
        // Nothing can be wrong with the comparison of a constant with what may be anything.
        if left.kind.isScalar && isUnknownInput(right)
            || right.kind.isScalar && isUnknownInput(left)
        {
            return
        }
        let unification = Unification(self)
        let leftType = type(of: left)
        let rightType = type(of: right)
        guard !unification.unify(left, leftType, right, rightType) else { return }
        diagnostics.append(
            Diagnostic(
                .type, "match error", at: place,
                details: [
                    "left  : \(TypeText.text(leftType))", "right : \(TypeText.text(rightType))",
                ]))
    }

    private func iterate(_ key: Term?, _ value: Term, _ domain: Term, _ place: Location) {
        let before = diagnostics.count
        visit(domain, place)
        guard checksCalls, diagnostics.count == before else { return }
        let collection = type(of: domain) ?? .any
        guard let keys = collection.keys, let values = collection.values else {
            let text = "\(RegoPrinter.text(domain))[\(key.map { RegoPrinter.text($0) } ?? "_")]"
            return diagnostics.append(
                Diagnostic(
                    .type, "undefined ref: \(text)", at: domain.location,
                    details: ["have: \(TypeText.text(collection))"]))
        }
        for (pattern, type) in [(key, keys), (value, values)] {
            guard let pattern, !Unification(self).unify(pattern, with: type) else { continue }
            diagnostics.append(
                Diagnostic(
                    .type, "match error", at: place,
                    details: [
                        "left  : \(TypeText.text(self.type(of: pattern)))",
                        "right : \(TypeText.text(type))",
                    ]))
        }
    }

    /// True for a ref into the input when its shape is not known.
    private func isUnknownInput(_ term: Term) -> Bool {
        guard case .ref(let head, _) = term.kind, case .variable("input") = head.kind else {
            return false
        }
        return rules.input == .any && overrides.isEmpty
    }

    // MARK: Calls

    /// - Parameter isStatement: the call may take its result as a last argument.
    private func call(_ name: [String], _ arguments: [Term], _ place: Location, isStatement: Bool) {
        guard name != ["print"], let signature = rules.signature(name) else { return }
        let wanted = signature.wanted
        for (argument, type) in zip(arguments, wanted) {
            if argument.kind.isScalar ? type == .any : isUnknownInput(argument) { continue }
            guard !Unification(self).unify(argument, with: type) else { continue }
            var have = arguments.map { self.type(of: $0) }
            if !isStatement || arguments.count < wanted.count, signature.result != nil {
                have.append(nil)
            }
            return diagnostics.append(
                Diagnostic(
                    .type, "\(TermText.path(name)): invalid argument(s)", at: place,
                    details: ["have: (\(TypeText.list(have)))", "want: \(signature.wantedText)"]))
        }
    }

    // MARK: Terms

    /// A term of the head, which is evaluated behind the body.
    func visitHead(_ term: Term) { visit(term, term.location) }

    /// Checks what stands inside a term: closures, refs, calls.
    func visit(_ term: Term, _ place: Location) {
        switch term.kind {
        case .null, .boolean, .number, .string, .variable, .local: break
        case .ref(let head, let operands):
            for operand in operands where !operand.kind.isScalar { visit(operand, place) }
            if isUnknownInput(term), operands.allSatisfy({ !$0.kind.isLocal }) { return }
            if !head.kind.isName { visit(head, place) }
            if let error = RefTypes(self).check(term) { diagnostics.append(error) }
        case .array(let elements), .set(let elements), .template(let elements):
            for element in elements { visit(element, place) }
        case .object(let entries):
            for entry in entries {
                visit(entry.key, place)
                visit(entry.value, place)
            }
        case .call(let name, _, let arguments):
            let before = diagnostics.count
            for argument in arguments { visit(argument, place) }
            if checksCalls, diagnostics.count == before {
                call(name, arguments, term.location, isStatement: false)
            }
        case .arrayComprehension(let head, let body), .setComprehension(let head, let body):
            checkClosure(body)
            visitHead(head)
        case .objectComprehension(let key, let value, let body):
            checkClosure(body)
            visitHead(key)
            visitHead(value)
        }
    }
}

extension Modifier {
    var replacesInput: Bool {
        switch target.kind {
        case .variable("input"): true
        case .ref(let head, _): if case .variable("input") = head.kind { true } else { false }
        default: false
        }
    }
}

extension Term.Kind {
    var isScalar: Bool {
        switch self {
        case .null, .boolean, .number, .string: true
        default: false
        }
    }

    var isName: Bool {
        switch self {
        case .variable, .local: true
        default: false
        }
    }
}
