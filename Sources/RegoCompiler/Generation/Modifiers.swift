// SPDX-License-Identifier: Apache-2.0

import RegoVM

extension FunctionGenerator {
    /// An expression under `with`: its solutions are collected inside the scope and enumerated
    /// outside of it, so that what follows sees the outer scope again.
    mutating func modified(_ expression: Expression) {
        var replacements: [Program.ScopeTemplate.Replacement] = []
        var values: [Operand] = []
        for modifier in expression.modifiers {
            guard let replacement = replacement(modifier) else { continue }
            replacements.append(replacement)
            if replacement.usesValue { values.append(term(modifier.value)) }
        }
        let first = emitter.registers(values.count)
        for (offset, value) in values.enumerated() {
            emitter.emit(.move, a: first + offset, b: value)
        }
        builder.program.scopes.append(.init(replacements: replacements))
        let template = builder.program.scopes.count - 1

        let inner = Expression(location: expression.location, kind: expression.kind)
        inner.isNegated = expression.isNegated
        var after = binding
        after.expression(inner)
        let outputs = after.bound.subtracting(locals.keys).sorted()

        let solutions = emitter.register()
        let end = emitter.label()
        let outer = locals
        let known = computed.mark
        emitter.emit(.open, a: solutions, b: 2)
        emitter.emit(.pushScope, b: template, c: first)
        computed.enterScope()
        nested([inner], fail: end) { generator in
            let registers = generator.emitter.registers(outputs.count)
            for (offset, id) in outputs.enumerated() {
                generator.emitter.emit(
                    .move, a: registers + offset, b: generator.locals[id] ?? registers)
            }
            let solution = generator.emitter.register()
            generator.emitter.emit(.makeArray, a: solution, b: registers, c: outputs.count)
            generator.emitter.emit(.arrayAppend, a: solutions, b: solution)
            if outputs.isEmpty { generator.emitter.emit(.jump, to: end) }
        }
        locals = outer
        computed.forget(to: known)
        emitter.place(end)
        emitter.emit(.popScope)
        emitter.emit(.close, a: solutions)
        let loop = openLoop(over: solutions)
        for (offset, id) in outputs.enumerated() {
            locals[id] = dot(loop.value, builder.constant(.integer(offset)))
        }
    }

    private mutating func replacement(_ modifier: Modifier) -> Program.ScopeTemplate.Replacement? {
        guard let target = WithTarget(modifier, builder) else {
            diagnostics.append(
                Diagnostic(
                    .type, "with keyword target must reference existing input, data, or a function",
                    at: modifier.location))
            return nil
        }
        switch target {
        case .input(let path): return .input(path: path)
        case .data(let path): return .data(path: path)
        case .callee(let callee):
            if let other = WithTarget.callee(of: modifier.value, builder) {
                return .function(callee, by: other)
            }
            return .functionByValue(callee)
        }
    }
}

/// What a `with` replaces.
enum WithTarget {
    case input([Value])
    case data([Value])
    case callee(Program.Callee)

    init?(_ modifier: Modifier, _ builder: ProgramBuilder) {
        if let callee = Self.callee(of: modifier.target, builder) {
            self = .callee(callee)
            return
        }
        switch modifier.target.kind {
        case .variable("input"): self = .input([])
        case .variable("data"): self = .data([])
        case .ref(let head, let operands):
            guard case .variable(let name) = head.kind else { return nil }
            let path = operands.compactMap { builder.constantValue($0) }
            guard path.count == operands.count else { return nil }
            if name == "input" {
                self = .input(path)
            } else if name == "data" {
                self = .data(path)
            } else {
                return nil
            }
        default: return nil
        }
    }

    /// The function that a term names; nil when it names none.
    static func callee(of term: Term, _ builder: ProgramBuilder) -> Program.Callee? {
        switch term.kind {
        case .call(let name, _, let arguments) where arguments.isEmpty:
            return BuiltinTable.index(of: name.dotted).map { .builtin($0) }
        case .ref(let head, let operands):
            guard case .variable("data") = head.kind else { return nil }
            let path = operands.compactMap {
                if case .string(let name) = $0.kind { name } else { nil }
            }
            guard path.count == operands.count, let group = builder.functions[path] else {
                return nil
            }
            return .function(group.functionIndex)
        default: return nil
        }
    }
}
