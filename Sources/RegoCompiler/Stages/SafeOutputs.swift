// SPDX-License-Identifier: Apache-2.0

/// Which variables an expression without calls inside of it needs, and which it makes safe (OPA's
/// `outputVarsForExpr`): refs bind their operands wherever they stand, `=` binds by unification, a
/// call may bind its last operand.
struct SafeOutputs {
    private let binding: Binding
    private var safe: Set<Int> { binding.bound }

    init(_ binding: Binding) { self.binding = binding }

    /// Variables that stand in the way of a term as an expression: empty where it can be evaluated.
    func missing(_ term: Term, modifiers: [Modifier]) -> Set<Int> {
        var found = Variables()
        found.visit(term)
        var needed = found.direct
        let captured = found.closures.reduce(into: Set<Int>()) { result, closure in
            result.formUnion(FreeVariables.of(closure, in: binding))
        }.subtracting(safe)
        needed.formUnion(captured)
        for modifier in modifiers {
            needed.formUnion(FreeVariables.of(modifier.value, in: binding))
        }
        needed.subtract(safe)
        guard !needed.isEmpty else { return [] }
        let outputs = modifiers.allSatisfy { isSafe($0.value) } ? outputs(of: term) : []
        // What only binds what its closures look at is never ready.
        if !captured.isEmpty, captured == outputs { return captured }
        return needed.subtracting(outputs)
    }

    private func isSafe(_ term: Term) -> Bool {
        FreeVariables.of(term, in: binding).isSubset(of: safe)
    }

    private func outputs(of term: Term) -> Set<Int> {
        var outputs: Set<Int> = []
        enumerated(term, &outputs)
        guard case .call(let name, _, let arguments) = term.kind else { return outputs }
        if name == ["eq"] || name == ["assign"], arguments.count == 2 {
            var unifier = Unifier(safe: safe.union(outputs))
            unifier.unify(arguments[0], arguments[1])
            return outputs.union(unifier.unified).subtracting(safe)
        }
        guard let arity = binding.arity(name), arguments.count == arity + 1 else { return outputs }
        var inputs = Variables(skips: [.keys, .sets, .heads])
        for argument in arguments.dropLast() { inputs.visit(argument) }
        guard inputs.direct.subtracting(outputs).isSubset(of: safe) else { return [] }
        var result = Variables(skips: [.keys, .sets, .heads])
        result.visit(arguments[arity])
        return outputs.union(result.direct).subtracting(safe)
    }

    /// Operands of the refs in a term whose heads are safe.
    private func enumerated(_ term: Term, _ outputs: inout Set<Int>) {
        switch term.kind {
        case .ref(let head, let operands):
            var heads = Variables()
            heads.visit(head)
            guard heads.direct.isSubset(of: safe) else { return }
            var found = Variables(skips: .heads)
            for operand in operands { found.visit(operand) }
            outputs.formUnion(found.direct.subtracting(safe))
        case .array(let elements), .set(let elements), .call(_, _, let elements):
            for element in elements { enumerated(element, &outputs) }
        case .object(let entries):
            for entry in entries {
                enumerated(entry.key, &outputs)
                enumerated(entry.value, &outputs)
            }
        case .null, .boolean, .number, .string, .variable, .local, .template, .arrayComprehension,
            .setComprehension, .objectComprehension:
            break
        }
    }
}

/// Variables of a term, and the closures in it.
private struct Variables {
    struct Skips: OptionSet {
        let rawValue: UInt8
        static let keys = Skips(rawValue: 1)
        static let sets = Skips(rawValue: 2)
        /// Of refs.
        static let heads = Skips(rawValue: 4)
    }

    var skips: Skips = []
    private(set) var direct: Set<Int> = []
    /// What stands in them is not among `direct`.
    private(set) var closures: [Term] = []

    init(skips: Skips = []) { self.skips = skips }

    mutating func visit(_ term: Term) {
        switch term.kind {
        case .local(let id, _): direct.insert(id)
        case .ref(let head, let operands):
            if !head.kind.isLocal || !skips.contains(.heads) { visit(head) }
            for operand in operands { visit(operand) }
        case .array(let elements), .call(_, _, let elements):
            for element in elements { visit(element) }
        case .set(let elements):
            if skips.contains(.sets) { return }
            for element in elements { visit(element) }
        case .object(let entries):
            for entry in entries {
                if !skips.contains(.keys) { visit(entry.key) }
                visit(entry.value)
            }
        case .template, .arrayComprehension, .setComprehension, .objectComprehension:
            closures.append(term)
        case .null, .boolean, .number, .string, .variable: break
        }
    }
}

/// Which variables are known once two terms are equal (OPA's `Unify`).
private struct Unifier {
    private let safe: Set<Int>
    private(set) var unified: Set<Int> = []
    /// By variable, those that it is made of.
    private var unknown: [Int: Set<Int>] = [:]

    init(safe: Set<Int>) { self.safe = safe }

    mutating func unify(_ left: Term, _ right: Term) {
        switch (left.kind, right.kind) {
        case (.local(let a, _), .local(let b, _)):
            if isSafe(b) {
                mark(a)
            } else if isSafe(a) {
                mark(b)
            } else {
                unknown[a, default: []].insert(b)
                unknown[b, default: []].insert(a)
            }
        case (.local(let id, _), .array), (.local(let id, _), .object): unify(id, with: right)
        case (.array, .local(let id, _)), (.object, .local(let id, _)): unify(id, with: left)
        case (.local(let id, _), _): if hasValue(right) { mark(id) }
        case (_, .local(let id, _)): if hasValue(left) { mark(id) }
        case (.array(let a), .array(let b)):
            guard a.count == b.count else { return }
            for (left, right) in zip(a, b) { unify(left, right) }
        case (.object(let a), .object(let b)):
            guard a.count == b.count else { return }
            for entry in a {
                let key = RegoPrinter.text(entry.key)
                if let other = b.first(where: { RegoPrinter.text($0.key) == key }) {
                    unify(entry.value, other.value)
                }
            }
        case (.array, .ref), (.object, .ref), (.array, .arrayComprehension),
            (.object, .objectComprehension):
            if hasValue(right) { markAll(left) }
        case (.ref, .array), (.ref, .object), (.arrayComprehension, .array),
            (.objectComprehension, .object):
            if hasValue(left) { markAll(right) }
        default: break
        }
    }

    private func isSafe(_ id: Int) -> Bool { safe.contains(id) || unified.contains(id) }

    private func hasValue(_ term: Term) -> Bool {
        guard case .ref(let head, _) = term.kind else { return true }
        var found = Variables()
        found.visit(head)
        return found.direct.allSatisfy(isSafe)
    }

    private mutating func unify(_ id: Int, with term: Term) {
        guard !isSafe(id) else { return markAll(term) }
        var found = Variables(skips: [.keys, .heads])
        found.visit(term)
        let open = found.direct.subtracting(safe).subtracting(unified)
        open.isEmpty ? mark(id) : unknown[id, default: []].formUnion(open)
    }

    private mutating func markAll(_ term: Term) {
        var found = Variables(skips: [.keys, .heads])
        found.visit(term)
        for id in found.direct { mark(id) }
    }

    private mutating func mark(_ id: Int) {
        var pending = [id]
        while let id = pending.popLast() {
            unified.insert(id)
            if let parts = unknown.removeValue(forKey: id) { pending += parts }
            for (whole, parts) in unknown where parts.contains(id) {
                unknown[whole]?.remove(id)
                guard parts.count == 1 else { continue }
                unknown[whole] = nil
                pending.append(whole)
            }
        }
    }
}
