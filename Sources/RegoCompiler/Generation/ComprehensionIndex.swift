// SPDX-License-Identifier: Apache-2.0
import RegoVM

/// How to find what a comprehension collects without evaluating it anew.
///
/// `{v | some u in users; u.team == team; v := u.name}` inside a loop over `team` depends on the
/// loop only where it compares. So a rule without that test collects everything once, by
/// `u.team`, and the comprehension becomes a look into that rule's value.
private struct ComprehensionPlan {
    /// The side of a test that the rule files by, and the variable that picks.
    struct Key {
        let term: Term
        let variable: Int
    }

    /// More keys make more and smaller collections.
    private static let maximumKeys = 3

    /// By the test's expression, in the order of the body.
    private(set) var keys: [(expression: ObjectIdentifier, key: Key)] = []
    private let bound: Set<Int>

    /// nil when there is no such test, or the comprehension depends on `bound` elsewhere too.
    init?(_ heads: [Term], _ body: Body, bound: Set<Int>) {
        self.bound = bound
        guard !bound.isEmpty, heads.allSatisfy({ isFree($0) }) else { return nil }
        for expression in body {
            if let key = key(expression) {
                keys.append((ObjectIdentifier(expression), key))
            } else if !isFree(expression) {
                return nil
            }
        }
        guard (1...Self.maximumKeys).contains(keys.count) else { return nil }
    }

    private func key(_ expression: Expression) -> Key? {
        guard !expression.isNegated, expression.modifiers.isEmpty,
            case .term(let term) = expression.kind, case .call(let name, _, let sides) = term.kind,
            sides.count == 2
        else { return nil }
        let isComparison = name == ["equal"]
        guard isComparison || name == ["eq"] else { return nil }
        for (picking, filed) in [(sides[0], sides[1]), (sides[1], sides[0])] {
            guard case .local(let variable, _) = picking.kind, bound.contains(variable) else {
                continue
            }
            switch filed.kind {
            case .ref where isFree(filed), .local where isComparison && isFree(filed):
                return Key(term: filed, variable: variable)
            default: continue
            }
        }
        return nil
    }

    private func isFree(_ term: Term) -> Bool { isFree { $0.walk(term) } }

    private func isFree(_ expression: Expression) -> Bool { isFree { $0.walk(expression) } }

    /// True when nothing of it is an outer variable, or would be printed in another order.
    private func isFree(_ walk: (ExpressionWalk) -> Void) -> Bool {
        var isFree = true
        walk(
            ExpressionWalk(onTerm: { [bound] term in
                switch term.kind {
                case .local(let variable, _): if bound.contains(variable) { isFree = false }
                case .call(let name, _, _): if name == ["internal", "print"] { isFree = false }
                default: break
                }
            }))
        return isFree
    }
}

extension FunctionGenerator {
    /// A comprehension by its index; nil when it is to be evaluated in its place.
    ///
    /// - Parameters:
    ///   - kind: 0 set, 1 object, 2 array.
    ///   - heads: a key and a value for an object, else one term.
    mutating func indexedComprehension(kind: Int, _ heads: [Term], _ body: Body) -> Operand? {
        guard builder.indexesComprehensions, isRepeated || !loops.isEmpty,
            let plan = ComprehensionPlan(heads, body, bound: Set(locals.keys))
        else { return nil }
        let rule = index(plan, kind: kind, heads, body)
        let result = emitter.register()
        let none = emitter.label()
        let done = emitter.label()
        var found = emitter.register()
        emitter.emit(.rule, a: found, b: rule, to: none)
        for (_, key) in plan.keys {
            guard let variable = locals[key.variable] else { continue }
            let next = emitter.register()
            emitter.emit(.dot, a: next, b: found, c: variable, to: none)
            found = next
        }
        if kind == 1 { conflicting(found, into: result, done, heads, body) }
        emitter.emit(.move, a: result, b: found)
        emitter.emit(.jump, to: done)
        emitter.place(none)
        let empty: Value = kind == 0 ? .emptySet : kind == 1 ? .emptyObject : .emptyArray
        emitter.emit(.move, a: result, b: builder.constant(empty))
        emitter.place(done)
        return result
    }

    /// An object whose keys have conflicting values is null in the index, since nobody may ask for
    /// it. Who does evaluates the comprehension, and ends with its error.
    private mutating func conflicting(
        _ found: Operand, into result: Operand, _ done: Emitter.Label, _ heads: [Term], _ body: Body
    ) {
        let usable = emitter.label()
        emitter.emit(
            .testComparison, a: Comparison.equal.rawValue, b: found, c: builder.constant(.null),
            to: usable)
        let object = comprehension(kind: 1, body) { $0.put(heads, into: $1) }
        emitter.emit(.move, a: result, b: object)
        emitter.emit(.jump, to: done)
        emitter.place(usable)
    }

    /// Puts a comprehension's key and value.
    mutating func put(_ heads: [Term], into object: Operand) {
        let key = term(heads[0])
        let value = term(heads[1])
        emitter.emit(.objectPut, a: object, b: key, c: value)
    }

    /// A rule of its own that collects everything by key; its number.
    private mutating func index(
        _ plan: ComprehensionPlan, kind: Int, _ heads: [Term], _ body: Body
    ) -> Int {
        var generator = FunctionGenerator(name: emitter.name + " (comprehension)", builder: builder)
        generator.variables = variables
        generator.depth = depth + 1
        generator.file = file
        generator.emitter.location = emitter.location
        for (expression, key) in plan.keys { generator.keyTerms[expression] = key.term }
        let table = generator.emitter.register()
        generator.emitter.emit(.open, a: table, b: 1)
        let end = generator.emitter.label()
        generator.body(body, fail: end) { generator in
            let collected = heads.map { generator.term($0) }
            let keys = plan.keys.compactMap { generator.keyOperands[$0.expression] }
            let first = generator.consecutive(keys + collected)
            generator.emitter.emit(
                .objectPutPath, a: table, b: first, c: keys.count + heads.count - 1,
                code: [1, 3, 2][kind])
        }
        generator.emitter.place(end)
        generator.emitter.emit(.close, a: table)
        generator.emitter.emit(.returnValue, b: table)
        diagnostics += generator.diagnostics
        return builder.add(generator.emitter.function(parameterCount: 0))
    }
}
