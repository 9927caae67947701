// SPDX-License-Identifier: Apache-2.0

import RegoVM

extension FunctionGenerator {
    /// Generates a term; its value is in the operand, or the code has jumped to `fail`.
    mutating func term(_ term: Term) -> Operand {
        if let constant = builder.constantValue(term) { return builder.constant(constant) }
        switch term.kind {
        case .local(let id, _):
            if let operand = locals[id] { return operand }
            unsafe(id, term.location)
            return builder.constant(.null)
        case .variable(let name): return root(name, [])
        case .ref(let head, let operands):
            if case .variable(let name) = head.kind { return root(name, operands) }
            return steps(self.term(head), operands[...])
        case .array(let elements):
            return collection(.makeArray, elements)
        case .set(let elements):
            return collection(.makeSet, elements)
        case .object(let entries):
            return collection(.makeObject, entries.flatMap { [$0.key, $0.value] })
        case .call(let name, let location, let arguments):
            return call(name, arguments, location)
        case .template(let parts): return template(parts)
        case .arrayComprehension(let head, let body):
            if let result = indexedComprehension(kind: 2, [head], body) { return result }
            return comprehension(kind: 2, body) { generator, result in
                let value = generator.term(head)
                generator.emitter.emit(.arrayAppend, a: result, b: value)
            }
        case .setComprehension(let head, let body):
            if let result = indexedComprehension(kind: 0, [head], body) { return result }
            return comprehension(kind: 0, body) { generator, result in
                let value = generator.term(head)
                generator.emitter.emit(.setAdd, a: result, b: value)
            }
        case .objectComprehension(let key, let value, let body):
            let heads = [key, value]
            if let result = indexedComprehension(kind: 1, heads, body) { return result }
            return comprehension(kind: 1, body) { $0.put(heads, into: $1) }
        case .null, .boolean, .number, .string:
            return builder.constant(.null)
        }
    }

    private mutating func collection(_ opcode: Opcode, _ terms: [Term]) -> Operand {
        let values = all(terms)
        let count = opcode == .makeObject ? values.count / 2 : values.count
        return once(.operation(opcode, values)) { $0.make(opcode, $0.consecutive(values), count) }
    }

    private mutating func make(_ opcode: Opcode, _ first: Operand, _ count: Int) -> Operand {
        let result = emitter.register()
        emitter.emit(opcode, a: result, b: first, c: count)
        return result
    }

    /// Moves values into consecutive registers; the first one's number.
    mutating func consecutive(_ values: [Operand]) -> Operand {
        // Nobody writes to operands: one that is in a register can stay there.
        if values.count == 1, values[0] >= 0 { return values[0] }
        let first = emitter.registers(values.count)
        for (offset, value) in values.enumerated() {
            emitter.emit(.move, a: first + offset, b: value)
        }
        return first
    }

    /// Generates terms, plain variables last: a ref beside them may bind them.
    mutating func all(_ terms: [Term]) -> [Operand] {
        var values = [Operand](repeating: 0, count: terms.count)
        for (index, term) in terms.enumerated() where !term.kind.isLocal {
            values[index] = self.term(term)
        }
        for (index, term) in terms.enumerated() where term.kind.isLocal {
            values[index] = self.term(term)
        }
        return values
    }

    mutating func comprehension(
        kind: Int, _ body: Body, yield: (inout FunctionGenerator, Operand) -> Void
    ) -> Operand {
        let result = emitter.register()
        let end = emitter.label()
        emitter.emit(.open, a: result, b: kind)
        closure(body, fail: end) { yield(&$0, result) }
        emitter.place(end)
        emitter.emit(.close, a: result)
        return result
    }

    private mutating func template(_ parts: [Term]) -> Operand {
        guard let index = BuiltinTable.index(of: "internal.template_string") else {
            return unsupported("string interpolation")
        }
        return callBuiltin(index, parts)
    }

    /// Calls a builtin with an array of terms that may be undefined: each becomes a set of at most
    /// one value, so that an undefined one does not end the body.
    private mutating func callBuiltin(_ index: Int, _ parts: [Term]) -> Operand {
        var values: [Operand] = []
        for part in parts {
            if case .string = part.kind {
                values.append(self.term(part))
                continue
            }
            let result = emitter.register()
            let end = emitter.label()
            emitter.emit(.open, a: result, b: 0)
            let outer = locals
            nested([], fail: end) { generator in
                let value = generator.term(part)
                generator.emitter.emit(.setAdd, a: result, b: value)
            }
            locals = outer
            emitter.place(end)
            emitter.emit(.close, a: result)
            values.append(result)
        }
        return callBuiltin(index, [make(.makeArray, consecutive(values), values.count)])
    }

    // MARK: Calls

    mutating func call(_ name: [String], _ arguments: [Term], _ location: Location) -> Operand {
        let function = name.dotted
        if name == ["print"], let index = BuiltinTable.index(of: "internal.print") {
            locate(location)
            return callBuiltin(index, arguments)
        }
        let arity = builder.arity(name)
        guard let arity else {
            diagnostics.append(Diagnostic(.type, "undefined function \(function)", at: location))
            return builder.constant(.null)
        }
        guard arguments.count == arity else {
            diagnostics.append(
                Diagnostic(
                    .type,
                    "\(function): arity mismatch\n\thave: \(arguments.count)\n\twant: \(arity)",
                    at: location))
            return builder.constant(.null)
        }
        locate(location)
        if name[0] == "data" { return callFunction(Array(name.dropFirst()), arguments) }
        let isReplaced = isReplaced(function)
        if !isReplaced, let comparison = BuiltinNames.comparisons[function] {
            let sides = all(arguments)
            return once(.operation(.comparison, sides + [comparison.rawValue])) { generator in
                let result = generator.emitter.register()
                generator.emitter.emit(
                    .comparison, a: result, b: sides[0], c: sides[1], code: comparison.rawValue)
                return result
            }
        }
        if !isReplaced, let opcode = BuiltinNames.operators[function] {
            if opcode == .testComparison { return unificationValue(arguments) }
            let sides = all(arguments)
            return operation(opcode, sides[0], sides[1])
        }
        guard let index = BuiltinTable.index(of: function) else { return unsupported(function) }
        if let path = inputPath(ofGet: function, index, arguments) {
            return inputOrDefault(path, arguments[2])
        }
        return callBuiltin(index, all(arguments))
    }

    /// True when some `with` replaces a builtin.
    func isReplaced(_ function: String) -> Bool {
        guard !builder.replacedCallees.isEmpty,
            let index = BuiltinTable.index(of: function)
        else { return false }
        return builder.replacedCallees.contains(.builtin(index))
    }

    /// The path that `object.get(input, ["a", "b"], x)` reads, when it is constant: then the
    /// document need not be built.
    private func inputPath(ofGet function: String, _ index: Int, _ arguments: [Term]) -> [Value]? {
        guard function == "object.get", !builder.replacedCallees.contains(.builtin(index)),
            case .variable("input") = arguments[0].kind
        else { return nil }
        guard let key = builder.constantValue(arguments[1]) else { return nil }
        if key.isString { return [key] }
        guard key.kind == .array, key.count > 0, key.elements.allSatisfy(\.isString) else {
            return nil
        }
        return Array(key.elements)
    }

    private mutating func inputOrDefault(_ path: [Value], _ otherwise: Term) -> Operand {
        let value = term(otherwise)
        let result = emitter.register()
        let missing = emitter.label()
        let done = emitter.label()
        emitter.emit(.testInput, to: fail)
        emitter.emit(.input, a: result, b: builder.inputPath(path), to: missing)
        emitter.emit(.jump, to: done)
        emitter.place(missing)
        emitter.emit(.move, a: result, b: value)
        emitter.place(done)
        return result
    }

    /// `=` inside a term: it holds or the body fails.
    private mutating func unificationValue(_ sides: [Term]) -> Operand {
        unify(sides[0], sides[1])
        return builder.constant(.true)
    }

    private mutating func callBuiltin(_ index: Int, _ values: [Operand]) -> Operand {
        builder.use(builtin: index)
        let isReplaceable = builder.replacedCallees.contains(.builtin(index))
        let key: ComputedValues.Key =
            isReplaceable ? .call(.builtin(index), values) : .builtin(index, values)
        let result = callOnce(
            key, isReplaceable ? .builtinReplaceable : .builtin, index, values)
        guard BuiltinTable.all[index].traits.contains(.relation) else { return result }
        return openLoop(over: result).value
    }

    private mutating func callFunction(_ path: [String], _ arguments: [Term]) -> Operand {
        let values = all(arguments)
        let index = builder.functions[path]!.functionIndex
        let isReplaceable = builder.replacedCallees.contains(.function(index))
        return callOnce(
            .call(.function(index), values), isReplaceable ? .callReplaceable : .call, index, values
        )
    }

    private mutating func callOnce(
        _ key: ComputedValues.Key, _ opcode: Opcode, _ index: Int, _ values: [Operand]
    ) -> Operand {
        once(key) { generator in
            let first = generator.consecutive(values)
            let result = generator.emitter.register()
            generator.emitter.emit(opcode, a: result, b: index, c: first, to: generator.fail)
            return result
        }
    }

    private mutating func unsupported(_ what: String) -> Operand {
        let position = emitter.location
        diagnostics.append(
            Diagnostic(
                .type, "undefined function \(what)",
                at: Location(
                    file: position.file, row: position.row, column: position.column, start: 0,
                    end: 0),
                hint: "this builtin is not available here"))
        return builder.constant(.null)
    }

    // MARK: Refs

    /// A ref from `input` or `data`.
    mutating func root(_ name: String, _ operands: [Term]) -> Operand {
        if name == "input" {
            let (path, rest) = constantPath(operands[...])
            let index = builder.inputPath(path)
            if let operand = rest.first, binding.isReadable(operand) {
                let key = self.term(operand)
                return steps(document(.inputMember, index, key), rest.dropFirst())
            }
            return steps(document(.input, index), rest)
        }
        return document(operands)
    }

    /// The longest prefix of constant scalars.
    private func constantPath(_ operands: ArraySlice<Term>) -> ([Value], ArraySlice<Term>) {
        var path: [Value] = []
        var rest = operands
        while let operand = rest.first {
            switch operand.kind {
            case .string, .number, .boolean, .null: break
            default: return (path, rest)
            }
            guard let value = builder.constantValue(operand) else { return (path, rest) }
            path.append(value)
            rest = rest.dropFirst()
        }
        return (path, rest)
    }

    private mutating func document(_ operands: [Term]) -> Operand {
        var node = builder.tree.root
        var rest = operands[...]
        while node.group == nil, let operand = rest.first {
            // No rule has a number for a name.
            if case .number = operand.kind { return baseDocument(operands) }
            guard case .string(let name) = operand.kind else { break }
            guard let child = node.children[name] else { return baseDocument(operands) }
            node = child
            rest = rest.dropFirst()
        }
        if let group = node.group {
            guard group.ruleIndex >= 0 else { return baseDocument(operands) }
            if let constant = builder.constant(ofRule: group.ruleIndex) {
                return steps(constant, rest)
            }
            return steps(rule(group), rest)
        }
        if let operand = rest.first, binding.isReadable(operand) {
            if let path = pathBelow(node, rest) { return path }
            let key = self.term(operand)
            // Below a node without rules of its own there is mostly base data.
            let hasRules = node.children.values.contains { $0.group != nil }
            return steps(
                document(.nodeChild, node.nodeIndex, key), rest.dropFirst(),
                by: hasRules ? .dot : dotOfBase([]))
        }
        if let paths = pathsBelow(node, rest) { return paths }
        return steps(document(.node, node.nodeIndex), rest)
    }

    /// A ref through packages that only the evaluation names, as far as it binds nothing; nil when
    /// one step is all of it, or leads to no package.
    private mutating func pathBelow(
        _ node: RuleTree.Node, _ operands: ArraySlice<Term>
    ) -> Operand? {
        let path = operands.prefix { binding.isReadable($0) }
        guard path.count > 1, node.children.values.contains(where: { $0.group == nil }) else {
            return nil
        }
        let keys = path.map { self.term($0) }
        let array = make(.makeArray, consecutive(keys), keys.count)
        return steps(
            document(.nodePath, node.nodeIndex, array), operands.dropFirst(path.count))
    }

    /// A ref that goes through packages (`data.teams[team].allow`): by their names, so that of each
    /// only what the rest of the path leads to is evaluated. nil when all of them is asked for, or
    /// there are no packages.
    private mutating func pathsBelow(
        _ node: RuleTree.Node, _ operands: ArraySlice<Term>
    ) -> Operand? {
        guard operands.count > 1, let pattern = operands.first,
            node.children.values.contains(where: { $0.group == nil })
        else { return nil }
        let loop = openLoop(over: document(.nodeNames, node.nodeIndex))
        match(pattern, loop.key)
        let path = operands.dropFirst().prefix { binding.isReadable($0) }
        let keys = [loop.key] + path.map { self.term($0) }
        let array = make(.makeArray, consecutive(keys), keys.count)
        return steps(
            document(.nodePath, node.nodeIndex, array), operands.dropFirst(keys.count))
    }

    mutating func rule(_ group: RuleGroup) -> Operand {
        let path = builder.program.rules[group.ruleIndex].path
        if builder.isReplaced(path) { return document(.ruleReplaceable, group.ruleIndex) }
        if builder.remembersRules { return document(.rule, group.ruleIndex) }
        return once(.document(.call, group.functionIndex, 0)) { generator in
            let result = generator.emitter.register()
            generator.emitter.emit(
                .call, a: result, b: group.functionIndex, c: result, to: generator.fail)
            return result
        }
    }

    /// The rule that a term is the whole value of, when it is in no register yet: a test of it
    /// needs none.
    func testedRule(_ term: Term) -> Int? {
        guard case .ref(let head, let operands) = term.kind, case .variable("data") = head.kind,
            builder.remembersRules
        else { return nil }
        var node = builder.tree.root
        for operand in operands {
            guard node.group == nil, case .string(let name) = operand.kind,
                let child = node.children[name]
            else { return nil }
            node = child
        }
        guard let group = node.group, group.ruleIndex >= 0,
            builder.constant(ofRule: group.ruleIndex) == nil,
            !builder.isReplaced(builder.program.rules[group.ruleIndex].path)
        else { return nil }
        return computed[.document(.rule, group.ruleIndex, 0)] == nil ? group.ruleIndex : nil
    }

    private mutating func baseDocument(_ operands: [Term]) -> Operand {
        let (path, rest) = constantPath(operands[...])
        return steps(document(.data, builder.dataPath(path)), rest, by: dotOfBase(path))
    }

    private func dotOfBase(_ path: [Value]) -> Opcode {
        let isReplaceable = path.isEmpty ? !builder.replacedPaths.isEmpty : builder.isReplaced(path)
        return isReplaceable ? .dotStoredReplaceable : .dotStored
    }

    /// Follows operands from a value: a bound one selects, an unbound one enumerates.
    mutating func steps(
        _ base: Operand, _ operands: ArraySlice<Term>, by dot: Opcode = .dot
    ) -> Operand {
        var current = base
        for operand in operands {
            if binding.isReadable(operand) {
                let key = self.term(operand)
                current = operation(dot, current, key)
            } else {
                let loop = openLoop(over: current)
                match(operand, loop.key)
                current = loop.value
            }
        }
        return current
    }
}
