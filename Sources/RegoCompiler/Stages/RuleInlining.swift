// SPDX-License-Identifier: Apache-2.0
import RegoVM

/// Puts what a rule stands for in the place of its name, where that is known before any input.
///
/// `http := input.attributes.request.http` is a path: a policy that reads `http.method` then reads
/// the request, not a document of all its headers, and an index sees through the name. `limits :=
/// {...}` is a constant. Rules with a body, a default, several clauses, or that some `with`
/// replaces stay rules; all stay readable from outside.
struct RuleInlining {
    private enum Meaning {
        /// Steps under `input`.
        case path([Term])
        case constant(Term)
        case none
    }

    /// Elements up to which a constant collection is repeated where it is named, so that an index
    /// can look into it.
    private static let repeatedElements = 32

    private let compilation: Compilation
    private var clauses: [ObjectIdentifier: ResolvedClause] = [:]
    private var meanings: [ObjectIdentifier: Meaning] = [:]

    static func rewrite(_ compilation: Compilation) -> [Diagnostic] {
        guard compilation.builder.inlinesRules else { return [] }
        var inlining = RuleInlining(compilation)
        inlining.rewrite()
        return []
    }

    private init(_ compilation: Compilation) {
        self.compilation = compilation
        for rule in compilation.rules where rule.group.kind == .complete {
            let path = compilation.builder.program.rules[rule.group.ruleIndex].path
            guard rule.clauses.count == 1, rule.defaultClause == nil,
                let clause = rule.clauses.first, clause.body.isEmpty, clause.elseClauses.isEmpty,
                clause.suffix.isEmpty, !compilation.builder.isReplaced(path)
            else { continue }
            clauses[ObjectIdentifier(rule.group)] = clause
        }
    }

    private mutating func rewrite() {
        guard !clauses.isEmpty else { return }
        var refs: [Term] = []
        let walk = ExpressionWalk(onTerm: { if case .ref = $0.kind { refs.append($0) } })
        compilation.forEachClause { walk.walkOne($0) }
        for ref in refs { rewrite(ref) }
    }

    private mutating func rewrite(_ term: Term) {
        guard let (group, rest) = rule(term) else { return }
        switch meaning(group) {
        case .none: break
        case .path(let steps):
            let head = Term(location: term.location, kind: .variable("input"))
            let path = steps + rest
            term.kind = path.isEmpty ? head.kind : .ref(head, path)
        case .constant(let value):
            guard rest.isEmpty, Self.isShort(value) else {
                if let value = compilation.builder.constantValue(value) {
                    compilation.builder.ruleConstants[group.ruleIndex] = value
                }
                return
            }
            term.kind = value.kind
        }
    }

    /// The rule that a ref names, and the operands behind its name.
    private func rule(_ term: Term) -> (RuleGroup, ArraySlice<Term>)? {
        guard case .ref(let head, let operands) = term.kind,
            case .variable("data") = head.kind
        else { return nil }
        var node = compilation.tree.root
        var rest = operands[...]
        while node.group == nil, case .string(let name)? = rest.first?.kind,
            let child = node.children[name]
        {
            node = child
            rest = rest.dropFirst()
        }
        guard let group = node.group, group.ruleIndex >= 0 else { return nil }
        return (group, rest)
    }

    /// Rules do not refer to themselves: the stage `recursion` saw to it.
    private mutating func meaning(_ group: RuleGroup) -> Meaning {
        let key = ObjectIdentifier(group)
        if let known = meanings[key] { return known }
        var result = Meaning.none
        if let clause = clauses[key] {
            let value = clause.value ?? Term(location: clause.location, kind: .boolean(true))
            result = meaning(value)
        }
        meanings[key] = result
        return result
    }

    private mutating func meaning(_ term: Term) -> Meaning {
        switch term.kind {
        case .variable("input"): return .path([])
        case .ref(let head, let operands):
            if case .variable("input") = head.kind {
                return operands.allSatisfy(Self.isText) ? .path(operands) : .none
            }
            guard let (group, rest) = rule(term), rest.allSatisfy(Self.isText) else {
                return .none
            }
            switch meaning(group) {
            case .path(let steps): return .path(steps + rest)
            case .constant where rest.isEmpty: return meaning(group)
            case .constant, .none: return .none
            }
        default:
            return compilation.builder.constantValue(term) == nil ? .none : .constant(term)
        }
    }

    private static func isText(_ term: Term) -> Bool {
        if case .string = term.kind { true } else { false }
    }

    /// True for scalars, and for arrays and sets of some scalars.
    private static func isShort(_ term: Term) -> Bool {
        switch term.kind {
        case .array(let elements), .set(let elements):
            elements.count <= repeatedElements && elements.allSatisfy(isScalar)
        default: isScalar(term)
        }
    }

    private static func isScalar(_ term: Term) -> Bool {
        switch term.kind {
        case .null, .boolean, .number, .string: true
        default: false
        }
    }
}
