// SPDX-License-Identifier: Apache-2.0

// `with`: scopes in which input, data or functions are replaced.

extension Machine {
    func pushScope(
        _ index: Int, _ values: UnsafePointer<Value>, _ function: Int, _ pc: Int
    ) throws(EvaluationError) {
        try spend(1)
        let inner = arena.allocate(bytes: MemoryLayout<Scope>.size)
            .bindMemory(to: Scope.self, capacity: 1)
        inner.initialize(to: Scope(inside: scope, program: policy.program, arena: arena))
        var next = 0
        for replacement in policy.program.scopes[index].replacements {
            let value = replacement.usesValue ? values[next] : .undefined
            if replacement.usesValue { next += 1 }
            apply(replacement, value, to: inner)
            _ = try bounded(inner.pointee.input)
            _ = try bounded(inner.pointee.data)
            try checkMemory()
        }
        scope = inner
    }

    private func apply(
        _ replacement: Program.ScopeTemplate.Replacement, _ value: Value,
        to inner: UnsafeMutablePointer<Scope>
    ) {
        switch replacement {
        case .input(let path):
            var whole = inner.pointee.input
            if !inner.pointee.replacesInput, !path.isEmpty {
                reads.spoil()
                whole = document.takeUnretainedValue().whole(in: arena)
            }
            inner.pointee.input = whole.replacing(path[...], by: value, in: arena)
            inner.pointee.replacesInput = true
        case .data(let path):
            let whole = inner.pointee.replacesData ? inner.pointee.data : policy.data
            inner.pointee.data = whole.replacing(path[...], by: value, in: arena)
            inner.pointee.replacesData = true
            let hidden = arena.allocate(bytes: MemoryLayout<Scope.HiddenPath>.size)
                .bindMemory(to: Scope.HiddenPath.self, capacity: 1)
            hidden.initialize(to: .init(path: arena.array(path), next: inner.pointee.hidden))
            inner.pointee.hidden = hidden
        case .function(let callee, let other):
            substitute(callee, .callee(other), in: inner)
        case .functionByValue(let callee):
            substitute(callee, .value(value), in: inner)
        }
    }

    private func substitute(
        _ callee: Program.Callee, _ replacement: Scope.Substitute.Replacement,
        in inner: UnsafeMutablePointer<Scope>
    ) {
        let entry = arena.allocate(bytes: MemoryLayout<Scope.Substitute>.size)
            .bindMemory(to: Scope.Substitute.self, capacity: 1)
        entry.initialize(
            to: .init(
                callee: callee, replacement: replacement, next: inner.pointee.substitutes))
        inner.pointee.substitutes = entry
    }

    /// Calls what stands in for `callee` now, or `callee` itself.
    func replaceable(
        _ callee: Program.Callee, _ operands: UnsafePointer<Value>, _ function: Int, _ pc: Int
    ) throws(EvaluationError) -> Value {
        var substitute = scope.pointee.substitutes
        while let entry = substitute {
            if entry.pointee.callee == callee {
                switch entry.pointee.replacement {
                case .value(let value): return value
                case .callee(let other):
                    // Inside a replacement functions are what they are.
                    let substitutes = scope.pointee.substitutes
                    scope.pointee.substitutes = nil
                    defer { scope.pointee.substitutes = substitutes }
                    return try invoke(other, operands, function, pc)
                }
            }
            substitute = entry.pointee.next
        }
        return try invoke(callee, operands, function, pc)
    }

    private func invoke(
        _ callee: Program.Callee, _ operands: UnsafePointer<Value>, _ function: Int, _ pc: Int
    ) throws(EvaluationError) -> Value {
        switch callee {
        case .function(let index): try call(index, operands)
        case .builtin(let index): try builtin(index, operands, function, pc)
        }
    }
}
