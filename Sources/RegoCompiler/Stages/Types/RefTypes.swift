// SPDX-License-Identifier: Apache-2.0

/// What refs lead to, and whether they can lead to anything (OPA's refChecker).
struct RefTypes {
    private let scope: ClauseTypes

    init(_ scope: ClauseTypes) { self.scope = scope }

    /// The type of what a ref leads to; nil when nothing is known.
    func type(of ref: Term) -> RegoType? {
        guard case .ref(let head, let operands) = ref.kind else { return nil }
        guard let (start, rest) = start(head, operands) else { return .any }
        return select(start, rest) ?? .any
    }

    private func select(_ type: RegoType, _ operands: ArraySlice<Term>) -> RegoType? {
        var type = type
        for operand in operands {
            if case .any = type { return .any }
            guard let next = RegoType.Key(operand).map({ type.select($0) }) ?? type.values else {
                return nil
            }
            type = next
        }
        return type
    }

    /// Where the types of values begin: at a rule, at the input, at a term. nil where everything is
    /// possible.
    private func start(_ head: Term, _ operands: [Term]) -> (RegoType, ArraySlice<Term>)? {
        if case .variable(let name) = head.kind, let start = override(name, operands) {
            return start
        }
        switch head.kind {
        case .variable("data"):
            var node = scope.rules.root
            for (index, operand) in operands.enumerated() {
                if let group = node.group { return rule(group, operands[index...]) }
                guard case .string(let name) = operand.kind, let child = node.children[name] else {
                    return nil
                }
                node = child
            }
            if let group = node.group { return rule(group, []) }
            return (.object([], rest: .init(key: .string, value: .any)), [])
        case .variable:
            if scope.replacesInput { return nil }
            if case .any = scope.rules.input { return nil }
            return (scope.rules.input, operands[...])
        default: return scope.type(of: head).map { ($0, operands[...]) }
        }
    }

    /// The longest path of an annotation that the ref begins with.
    private func override(
        _ root: String, _ operands: [Term]
    ) -> (RegoType, ArraySlice<Term>)? {
        guard !scope.overrides.isEmpty, root != "input" || !scope.replacesInput else { return nil }
        var best: SchemaAnnotations.Override?
        for override in scope.overrides where override.path.first == root {
            let steps = override.path.dropFirst()
            let isPrefix =
                steps.count <= operands.count
                && zip(steps, operands).allSatisfy { RegoType.Key($1) == .string($0) }
            if isPrefix, override.path.count >= best?.path.count ?? 0 { best = override }
        }
        return best.map { ($0.type, operands[($0.path.count - 1)...]) }
    }

    private func rule(_ group: RuleGroup, _ rest: ArraySlice<Term>) -> (RegoType, ArraySlice<Term>)?
    {
        scope.rules.ruleTypes[group.functionIndex].map { ($0, rest) }
    }

    // MARK: Checks

    /// Says why a ref can never be defined; gives variables in it the types of keys.
    func check(_ ref: Term) -> Diagnostic? {
        guard case .ref(let head, let operands) = ref.kind else { return nil }
        if case .variable("data") = head.kind, let error = checkPackage(ref, operands) {
            return error
        }
        guard let (start, rest) = start(head, operands) else { return nil }
        if case .function = start { return unsupported(ref, operands.count - rest.count, start) }
        if case .variable("input") = head.kind, let error = checkSpelling(ref, start, operands) {
            return error
        }
        return checkOperands(ref, start, rest)
    }

    /// The part of a ref into `data` that goes through packages.
    private func checkPackage(_ ref: Term, _ operands: [Term]) -> Diagnostic? {
        var node = scope.rules.root
        for (index, operand) in operands.enumerated() where node.group == nil {
            switch operand.kind {
            case .string(let name):
                guard let child = node.children[name] else { return nil }
                node = child
            case .local(let id, _):
                let names = RegoType.string
                guard let known = scope.local(id) else {
                    scope.set(id, names)
                    return nil
                }
                return known.unifies(names)
                    ? nil : invalid(ref, index, have: known, want: names, [])
            default: return nil
            }
        }
        guard let group = node.group, group.kind == .function else { return nil }
        let name = TermText.path(["data"] + group.path)
        return Diagnostic(
            .type, "function \(name) used as reference, not called", at: ref.location,
            details: [name, String(repeating: "^", count: name.count)])
    }

    private func checkOperands(_ ref: Term, _ start: RegoType, _ rest: ArraySlice<Term>)
        -> Diagnostic?
    {
        guard case .ref(_, let operands) = ref.kind else { return nil }
        var type = start
        for (offset, operand) in rest.enumerated() {
            let index = operands.count - rest.count + offset
            guard let keys = type.keys else { return unsupported(ref, index, type) }
            if let key = RegoType.Key(operand) {
                guard let child = type.select(key) else {
                    return invalid(ref, index, have: nil, want: keys, type.knownKeys)
                }
                type = child
                continue
            }
            if let error = checkKey(ref, index, operand, keys, type) { return error }
            type = type.values ?? .any
        }
        return nil
    }

    private func checkKey(
        _ ref: Term, _ index: Int, _ operand: Term, _ keys: RegoType, _ type: RegoType
    ) -> Diagnostic? {
        switch operand.kind {
        case .local(let id, _):
            guard let known = scope.local(id) else {
                scope.set(id, keys)
                return nil
            }
            return known.unifies(keys)
                ? nil : invalid(ref, index, have: known, want: keys, type.knownKeys)
        case .array, .object, .set:
            return Unification(scope).unify(operand, with: keys)
                ? nil : invalid(ref, index, have: scope.type(of: operand), want: keys, [])
        default:
            guard let known = scope.type(of: operand), !known.unifies(keys) else { return nil }
            return invalid(ref, index, have: known, want: keys, type.knownKeys)
        }
    }

    /// A key of the input that is not known, but looks like one that is.
    private func checkSpelling(_ ref: Term, _ input: RegoType, _ operands: [Term]) -> Diagnostic? {
        guard case .string(let name)? = operands.first?.kind, !input.knownKeys.contains(name),
            Spelling.nearest(name, among: input.knownKeys) != nil
        else { return nil }
        return invalid(ref, 0, have: nil, want: .string, input.knownKeys)
    }

    // MARK: Messages

    private func text(_ ref: Term, _ count: Int) -> String {
        guard case .ref(let head, let operands) = ref.kind else { return "" }
        return RegoPrinter.ref(head, operands[..<min(count, operands.count)])
    }

    /// Something follows a value that has no members.
    private func unsupported(_ ref: Term, _ index: Int, _ type: RegoType) -> Diagnostic {
        let whole = text(ref, .max)
        let marks = String(repeating: "^", count: text(ref, index).count)
        return Diagnostic(
            .type, "undefined ref: \(whole)", at: ref.location,
            details: [whole, marks, "have: \(TypeText.text(type))"])
    }

    private func invalid(
        _ ref: Term, _ index: Int, have: RegoType?, want: RegoType, _ oneOf: [String]
    ) -> Diagnostic {
        guard case .ref(_, let operands) = ref.kind else { return unsupported(ref, index, want) }
        let whole = text(ref, .max)
        let indent = String(repeating: " ", count: text(ref, index).count + 1)
        let found =
            have.map { "have (type): \(TypeText.text($0))" }
            ?? "have: \(RegoPrinter.text(operands[index]))"
        let wanted =
            oneOf.isEmpty
            ? "want (type): \(TypeText.text(want))"
            : "want (one of): [\(oneOf.map(RegoPrinter.quoted).joined(separator: " "))]"
        var hint: String?
        if case .string(let name) = operands[index].kind, have == nil {
            hint = Spelling.nearest(name, among: oneOf).map { "did you mean `\($0)`?" }
        }
        return Diagnostic(
            .type, "undefined ref: \(whole)", at: ref.location, hint: hint,
            details: [whole, indent + "^", indent + found, indent + wanted])
    }
}
