// SPDX-License-Identifier: Apache-2.0

import RegoVM

extension FunctionGenerator {
    /// Generates the function of a rule group.
    mutating func group(
        _ group: RuleGroup, _ clauses: [ResolvedClause], _ defaultClause: ResolvedClause?
    ) {
        let parameters = (group.clauses.first ?? group.defaultRule)?.rule.head.arguments?.count ?? 0
        _ = emitter.registers(parameters)
        isRepeated = group.kind == .function
        let result = emitter.register()
        if let first = clauses.first ?? defaultClause { locate(first.location) }
        switch group.kind {
        case .partialSet: emitter.emit(.open, a: result, b: 0)
        case .partialObject: emitter.emit(.open, a: result, b: 1)
        case .complete, .function: emitter.emit(.clear, a: result)
        }
        let finish = emitter.label()
        let clauseRegisters = emitter.next
        let plan = IndexPlan(clauses: clauses, builder: builder)
        builder.indexExplanation?.add(group, clauses, plan, builder)
        var entries: [Int] = []
        let dispatch = emitter.label()
        var list = 0
        if plan != nil {
            list = emitter.register()
            emitter.emit(.candidates, a: list, b: builder.program.indices.count)
            emitter.place(dispatch)
            emitter.emit(.nextCandidate, a: list, to: finish)
        }
        let first = emitter.next
        let stopsEarly =
            builder.stopsEarly && group.kind == .complete && Self.sameConstant(clauses, builder)
        for (position, clause) in clauses.enumerated() {
            entries.append(emitter.address)
            emitter.release(from: first)
            let next = emitter.label()
            generate(
                clause, of: group, into: result, isFirst: position == 0, next: next,
                finish: stopsEarly ? finish : nil)
            emitter.place(next)
            if plan != nil { emitter.emit(.jump, to: dispatch) }
        }
        if let plan { builder.program.indices.append(plan.index(entries: entries)) }
        emitter.place(finish)
        emitter.release(from: clauseRegisters)
        close(group, into: result, defaultClause)
    }

    private mutating func close(
        _ group: RuleGroup, into result: Operand, _ defaultClause: ResolvedClause?
    ) {
        switch group.kind {
        case .partialSet, .partialObject:
            emitter.emit(.close, a: result)
        case .complete, .function:
            guard let defaultClause else { break }
            let done = emitter.label()
            emitter.emit(.jumpIfDefined, b: result, to: done)
            start(defaultClause)
            fail = done
            for (index, argument) in defaultClause.arguments.enumerated() { match(argument, index) }
            let point = observe(rule: group, at: defaultClause.location)
            let value = defaultClause.value.map { term($0) } ?? builder.constant(.true)
            emitter.emit(.move, a: result, b: value)
            observe(.holds, point)
            emitter.place(done)
        }
        emitter.emit(.returnValue, b: result)
    }

    /// True when all clauses give the same constant, so that the first one that holds decides.
    private static func sameConstant(_ clauses: [ResolvedClause], _ builder: ProgramBuilder) -> Bool
    {
        var common: Value?
        for clause in clauses {
            guard clause.elseClauses.isEmpty else { return false }
            guard let value = clause.value.map({ builder.constantValue($0) }) ?? .some(.true) else {
                return false
            }
            if let common, !common.isEqual(to: value) { return false }
            common = value
        }
        return true
    }

    private mutating func start(_ clause: ResolvedClause) {
        variables = clause.variables
        locals = [:]
        // Its registers are those of the clause before it.
        computed.forgetAll()
        depth = 0
        loops = []
        locate(clause.location)
    }

    /// One clause with its `else` chain. The code goes on at `next`, or at `finish` when given and
    /// the clause holds.
    private mutating func generate(
        _ clause: ResolvedClause, of group: RuleGroup, into result: Operand, isFirst: Bool,
        next: Emitter.Label, finish: Emitter.Label?
    ) {
        let chain = [clause] + clause.elseClauses
        for (position, link) in chain.enumerated() {
            let isLast = position == chain.count - 1
            let otherwise = isLast ? next : emitter.label()
            var held = -1
            if !isLast {
                held = emitter.register()
                emitter.emit(.clear, a: held)
            }
            start(link)
            fail = otherwise
            let point = observe(rule: group, at: link.location)
            for (index, argument) in link.arguments.enumerated() { match(argument, index) }
            body(link.body, fail: otherwise) { generator in
                generator.yield(
                    link, of: group, into: result, isFirst: isFirst || finish != nil)
                generator.observe(.holds, point)
                if held >= 0 {
                    generator.emitter.emit(.move, a: held, b: generator.builder.constant(.true))
                }
                if let finish {
                    generator.emitter.emit(.jump, to: finish)
                } else if generator.hasOneSolution(link, group) {
                    generator.emitter.emit(.jump, to: next)
                } else {
                    generator.observe(.again, point)
                }
            }
            guard !isLast else { break }
            emitter.place(otherwise)
            emitter.emit(.jumpIfDefined, b: held, to: next)
        }
    }

    /// More solutions of a body cannot change a constant.
    private func decidesAtOnce(_ clause: ResolvedClause, _ group: RuleGroup) -> Bool {
        guard builder.stopsEarly, group.kind == .complete || group.kind == .function else {
            return false
        }
        guard let value = clause.value else { return true }
        return builder.constantValue(value) != nil
    }

    /// Nothing that was generated so far, the value included, gives the body another solution
    /// that would be looked at.
    private func hasOneSolution(_ clause: ResolvedClause, _ group: RuleGroup) -> Bool {
        loops.isEmpty || decidesAtOnce(clause, group)
    }

    /// - Parameter isFirst: no clause before this one gave a value.
    private mutating func yield(
        _ clause: ResolvedClause, of group: RuleGroup, into result: Operand, isFirst: Bool
    ) {
        switch group.kind {
        case .complete, .function:
            let value = clause.value.map { term($0) } ?? builder.constant(.true)
            guard !isFirst || !hasOneSolution(clause, group) else {
                emitter.emit(.move, a: result, b: value)
                break
            }
            emitter.emit(
                .assignOnce, a: result, b: value, c: 0, code: group.kind == .complete ? 0 : 1)
        case .partialSet:
            let key = clause.key.map { term($0) } ?? builder.constant(.true)
            emitter.emit(.setAdd, a: result, b: key)
        case .partialObject:
            let leaf = clause.key ?? clause.value
            if clause.suffix.count == 1 && clause.key == nil {
                let key = term(clause.suffix[0])
                let value = leaf.map { term($0) } ?? builder.constant(.true)
                emitter.emit(.objectPut, a: result, b: key, c: value)
            } else {
                var operands = clause.suffix.map { term($0) }
                operands.append(leaf.map { term($0) } ?? builder.constant(.true))
                let first = emitter.registers(operands.count)
                for (offset, value) in operands.enumerated() {
                    emitter.emit(.move, a: first + offset, b: value)
                }
                emitter.emit(
                    .objectPutPath, a: result, b: first, c: clause.suffix.count,
                    code: clause.key != nil ? 1 : 0)
            }
        }
    }
}
