// SPDX-License-Identifier: Apache-2.0

import RegoVM

/// Generates the code of one function: a rule group, a Rego function, or a query.
///
/// Bodies become nested loops: an expression that enumerates opens a loop, what follows stands
/// inside it, and whatever fails jumps to `fail`, which is the innermost loop's next step or the
/// end of the body.
struct FunctionGenerator {
    typealias Operand = Emitter.Operand

    let builder: ProgramBuilder
    var emitter: Emitter
    var variables = VariableTable()
    /// Bound variables and where their values are.
    var locals: [Int: Operand] = [:]
    /// Where a failure goes now.
    var fail: Emitter.Label
    var loops: [Loop] = []
    /// Closures around the current body.
    var depth = 0
    var diagnostics: [Diagnostic] = []
    /// What need not be generated again here.
    var computed = ComputedValues()
    /// What is generated now may be evaluated several times in one decision.
    var isRepeated = false
    /// Tests of whose place only the value of one side is wanted, by expression: see
    /// `indexedComprehension`.
    var keyTerms: [ObjectIdentifier: Term] = [:]
    var keyOperands: [ObjectIdentifier: Operand] = [:]
    var file: Int32 = 0

    /// The next expression is the inner part of one that is observed already.
    var isInner = false

    struct Loop {
        /// The first of its registers: the collection, a counter, a key and its value.
        let iterator: Operand
        let body: Emitter.Label
        let next: Emitter.Label
        /// In place of a loop: what is told where it would go on.
        var observation: Observation?

        static let registers = 4
        var key: Operand { iterator + 2 }
        var value: Operand { iterator + 3 }
    }

    init(name: String, builder: ProgramBuilder) {
        self.builder = builder
        emitter = Emitter(name: name)
        fail = emitter.label()
    }

    mutating func locate(_ location: Location) {
        emitter.location = .init(file: location.file, row: location.row, column: location.column)
    }

    // MARK: Bodies

    var binding: Binding {
        var binding = Binding(variables: variables, depth: depth, bound: Set(locals.keys))
        binding.arity = { [builder] in builder.arity($0) }
        return binding
    }

    /// Generates a body, whose expressions the stage `safety` has ordered. `success` is generated
    /// where all expressions hold, inside all loops; after it the code goes on with the next
    /// solution. When there is none left, the code behind the body runs.
    mutating func body(
        _ body: Body, fail end: Emitter.Label, success: (inout FunctionGenerator) -> Void
    ) {
        let outerFail = fail
        let outerLoops = loops
        let isOuterRepeated = isRepeated
        let known = computed.mark
        isRepeated = isRepeated || !loops.isEmpty
        fail = end
        loops = []
        for expression in body { self.expression(expression) }
        success(&self)
        for loop in loops.reversed() {
            emitter.place(loop.next)
            if let observation = loop.observation {
                tell(observation)
                continue
            }
            emitter.emit(.next, a: loop.iterator, to: loop.body)
        }
        fail = outerFail
        loops = outerLoops
        isRepeated = isOuterRepeated
        computed.forget(to: known)
    }

    /// A body of its own scope: what it binds is forgotten behind it.
    mutating func closure(
        _ body: Body, fail end: Emitter.Label, success: (inout FunctionGenerator) -> Void
    ) {
        let outer = locals
        depth += 1
        self.body(body, fail: end, success: success)
        depth -= 1
        locals = outer
    }

    mutating func unsafe(_ id: Int, _ location: Location) {
        let name = variables.names[id]
        diagnostics.append(
            Diagnostic(
                .unsafeVariable, "var \(name.hasPrefix("$") ? "_" : name) is unsafe", at: location))
    }

    /// Opens a loop over a collection; what is generated next stands inside it.
    mutating func openLoop(over collection: Operand) -> Loop {
        let loop = Loop(
            iterator: emitter.registers(Loop.registers), body: emitter.label(),
            next: emitter.label())
        emitter.emit(.scan, a: loop.iterator, b: collection, to: fail)
        emitter.place(loop.body)
        loops.append(loop)
        fail = loop.next
        return loop
    }

    // MARK: Expressions

    mutating func expression(_ expression: Expression) {
        locate(expression.location)
        if let key = keyTerms[ObjectIdentifier(expression)] {
            keyOperands[ObjectIdentifier(expression)] = term(key)
            return
        }
        let observation = beginObserving(expression)
        defer { if let observation { endObserving(observation) } }
        if !expression.modifiers.isEmpty {
            modified(expression)
        } else if expression.isNegated {
            negated(expression)
        } else {
            plain(expression)
        }
    }

    mutating func plain(_ expression: Expression) {
        switch expression.kind {
        case .term(let term): statement(term)
        case .someVariables: break
        case .someIn(let key, let value, let domain):
            let loop = openLoop(over: self.term(domain))
            if let key { match(key, loop.key) }
            match(value, loop.value)
        case .every(let key, let value, let domain, let body): every(key, value, domain, body)
        case .block(let body): conjunction([body])
        case .and(let left, let right): conjunction([left, right])
        case .or(let left, let right): disjunction([left, right])
        }
    }

    /// Holds when the expression has no solution.
    private mutating func negated(_ expression: Expression) {
        let holds = emitter.label()
        let outerFail = fail
        let outer = locals
        let inner = Expression(location: expression.location, kind: expression.kind)
        if case .block(let body) = expression.kind {
            closure(body, fail: holds) { $0.emitter.emit(.jump, to: outerFail) }
        } else {
            nested([inner], fail: holds) { $0.emitter.emit(.jump, to: outerFail) }
        }
        locals = outer
        emitter.place(holds)
    }

    /// Expressions of the current scope in a block of their own.
    mutating func nested(
        _ expressions: Body, fail end: Emitter.Label, success: (inout FunctionGenerator) -> Void
    ) {
        isInner = true
        body(expressions, fail: end, success: success)
    }

    private mutating func conjunction(_ bodies: [Body]) {
        let outerFail = fail
        for body in bodies {
            let holds = emitter.label()
            let failed = emitter.label()
            closure(body, fail: failed) { $0.emitter.emit(.jump, to: holds) }
            emitter.place(failed)
            emitter.emit(.jump, to: outerFail)
            emitter.place(holds)
        }
    }

    private mutating func disjunction(_ bodies: [Body]) {
        let outerFail = fail
        let holds = emitter.label()
        for body in bodies {
            let failed = emitter.label()
            closure(body, fail: failed) { $0.emitter.emit(.jump, to: holds) }
            emitter.place(failed)
        }
        emitter.emit(.jump, to: outerFail)
        emitter.place(holds)
    }

    private mutating func every(_ key: Term?, _ value: Term, _ domain: Term, _ body: Body) {
        let collection = self.term(domain)
        emitter.emit(.checkCollection, b: collection, to: fail)
        let done = emitter.label()
        let loop = Loop(
            iterator: emitter.registers(Loop.registers), body: emitter.label(),
            next: emitter.label())
        let outerFail = fail
        let outer = locals
        let known = computed.mark
        emitter.emit(.scan, a: loop.iterator, b: collection, to: done)
        emitter.place(loop.body)
        depth += 1
        if let key { match(key, loop.key) }
        match(value, loop.value)
        let failed = emitter.label()
        self.body(body, fail: failed) { $0.emitter.emit(.jump, to: loop.next) }
        emitter.place(failed)
        emitter.emit(.jump, to: outerFail)
        depth -= 1
        locals = outer
        computed.forget(to: known)
        emitter.place(loop.next)
        emitter.emit(.next, a: loop.iterator, to: loop.body)
        emitter.place(done)
        fail = outerFail
    }

    // MARK: Statements

    /// A term as an expression: it must be defined and not false.
    mutating func statement(_ term: Term) {
        guard case .call(let name, _, let arguments) = term.kind else {
            if let rule = testedRule(term) { return test(.testRule, b: rule) }
            let value = self.term(term)
            if value >= 0 || !builder.program.constants[~value].isTruthy {
                test(.test, b: value)
            }
            return
        }
        let function = name.dotted
        if function == "eq" || function == "assign", arguments.count == 2 {
            unify(arguments[0], arguments[1])
        } else if let comparison = BuiltinNames.comparisons[function], arguments.count == 2,
            // OPA unifies in place of `==`, whatever replaces it.
            function == "equal" || !isReplaced(function)
        {
            let sides = all(arguments)
            test(.testComparison, a: comparison.rawValue, b: sides[0], c: sides[1])
        } else if function == "internal.member_2", arguments.count == 2 {
            let sides = all(arguments)
            test(.testMember, b: sides[0], c: sides[1])
        } else if let arity = builder.arity(name), arguments.count == arity + 1 {
            let result = call(name, Array(arguments.dropLast()), term.location)
            match(arguments[arity], result)
        } else {
            test(.test, b: self.term(term))
        }
    }

    mutating func unify(_ left: Term, _ right: Term) {
        var pending = [(left, right)]
        while !pending.isEmpty {
            var blocked: [(Term, Term)] = []
            for (left, right) in pending {
                switch binding.unification(left, right) {
                case .same: break
                case .mismatch: emitter.emit(.jump, to: fail)
                case .blocked: blocked.append((left, right))
                case .pairs(let pairs): blocked += pairs
                case .match(let pattern, let value): match(pattern, self.term(value))
                case .compare:
                    let sides = all([left, right])
                    test(.testComparison, a: Comparison.equal.rawValue, b: sides[0], c: sides[1])
                }
            }
            pending = blocked
        }
    }

    /// Makes a pattern equal to a value: unbound variables take it, everything else must be equal.
    mutating func match(_ pattern: Term, _ value: Operand) {
        if case .local(let id, _) = pattern.kind, locals[id] == nil {
            locals[id] = value
            return
        }
        guard binding.isOpen(pattern) else {
            let expected = term(pattern)
            test(.testComparison, a: Comparison.equal.rawValue, b: value, c: expected)
            return
        }
        switch pattern.kind {
        case .array(let elements):
            emitter.emit(.checkArray, b: value, c: elements.count, to: fail)
            for (index, element) in elements.enumerated() {
                match(element, dot(value, builder.constant(.integer(index))))
            }
        case .object(let entries):
            emitter.emit(.checkObject, b: value, c: entries.count, to: fail)
            for entry in entries { match(entry.value, dot(value, term(entry.key))) }
        default: break
        }
    }

    mutating func dot(_ collection: Operand, _ key: Operand) -> Operand {
        operation(.dot, collection, key)
    }
}
