// SPDX-License-Identifier: Apache-2.0

// The longer operations behind single opcodes.

extension Machine {
    // MARK: Builtins

    func builtin(
        _ index: Int, _ operands: UnsafePointer<Value>, _ function: Int, _ pc: Int
    ) throws(EvaluationError) -> Value {
        try spend(1)
        let linked = tables.builtins + index
        let count = linked.pointee.arity
        for operand in 0..<count { try weigh(operand: operands[operand]) }
        if !linked.pointee.isPure { reads.spoil() }
        let result: Value
        do throws(BuiltinError) {
            result = try linked.pointee.function(
                evaluation, Operands(operands, count: count))
        } catch {
            return try failed(index, error, function, pc)
        }
        if evaluation.owed != 0 { try settle() }
        try checkMemory()
        return try bounded(result)
    }

    /// Pays for what a builtin did beyond its call.
    @inline(never)
    private func settle() throws(EvaluationError) {
        let units = evaluation.owed
        evaluation.owed = 0
        try spend(units)
    }

    func calculate(
        _ index: Int, _ left: Value, _ right: Value, _ function: Int, _ pc: Int
    ) throws(EvaluationError) -> Value {
        let operands = arena.values(2)
        operands[0] = left
        operands[1] = right
        return try builtin(index, operands, function, pc)
    }

    /// Turns a builtin's error into "undefined", or ends the evaluation where that is asked for.
    @inline(never)
    private func failed(
        _ index: Int, _ error: BuiltinError, _ function: Int, _ pc: Int
    ) throws(EvaluationError) -> Value {
        try settle()
        let name = BuiltinTable.all[index].name
        let code: EvaluationError.Code
        switch error.code {
        case .limit: code = .limit
        case .cancelled: code = .cancelled
        case .type, .builtin:
            guard evaluation.isStrict else { return .undefined }
            code = error.code == .type ? .type : .builtin
        }
        throw EvaluationError(code, "\(name): \(error.message)", at: position(function, pc))
    }

    // MARK: Input and data

    var hasInput: Bool { document._withUnsafeGuaranteedRef { $0.isDefined } }

    func inputValue(_ index: Int) -> Value {
        // Scopes that see the decision's input read each of its parts once, together.
        let scope = scope.pointee.replacesInput ? scope : baseScope
        let memo = scope.pointee.inputMemo + index
        if memo.pointee.epoch == scope.pointee.epoch { return memo.pointee.value }
        let value: Value
        if scope.pointee.replacesInput {
            value = scope.pointee.input.value(at: tables.inputPaths[index])
        } else {
            value = requestValue(index)
            reads.add(index, .undefined, value)
        }
        memo.pointee = MemoEntry(value: value, epoch: scope.pointee.epoch)
        return value
    }

    /// A member of what is at a path.
    func member(_ index: Int, _ key: Value) -> Value {
        if scope.pointee.replacesInput { return inputValue(index)[key] }
        let value = requestValue(index)[key]
        reads.addMember(index, key, value)
        return value
    }

    private func requestValue(_ index: Int) -> Value {
        document._withUnsafeGuaranteedRef { $0.value(at: index, of: tables.inputPaths, in: arena) }
    }

    func replacedData(_ index: Int) -> Value {
        let path = policy.program.dataPaths[index]
        let data = scope.pointee.data
        return isHidden(path) ? data.value(at: path) : data.document(at: path)
    }

    // MARK: Virtual documents

    /// The whole of a node: its rules' values over the base document at the same place.
    func node(_ index: Int) throws(EvaluationError) -> Value {
        let memo = scope.pointee.nodeMemo + index
        if memo.pointee.epoch == scope.pointee.epoch { return memo.pointee.value }
        let node = policy.program.nodes[index]
        let base =
            scope.pointee.replacesData
            ? replacedData(node.dataPath) : tables.linkedData[node.dataPath]
        let result: Value
        if isHidden(node.path) {
            result = base
        } else {
            let builder = CollectionBuilder.object(
                in: arena, capacity: node.children.count + base.count)
            for (key, child) in node.children {
                let value = try virtual(child)
                if value.isDefined { builder.update(key, value) }
            }
            if base.kind == .object {
                for entry in 0..<base.count {
                    let key = base.keys[entry]
                    builder.update(key, builder[key].merged(with: base.values[entry], in: arena))
                }
            }
            result = try bounded(builder.finish())
            try checkMemory()
        }
        memo.pointee = MemoEntry(value: result, epoch: scope.pointee.epoch)
        return result
    }

    /// `data.a[key]` where key is known only now.
    func nodeChild(_ index: Int, _ key: Value) throws(EvaluationError) -> Value {
        let node = policy.program.nodes[index]
        if !isHidden(node.path) {
            for (name, child) in node.children where name.isEqual(to: key) {
                return try virtual(child)
            }
        }
        return scope.pointee.replacesData
            ? replacedData(node.dataPath)[key] : tables.linkedData[node.dataPath].stored(key)
    }

    /// `data.a[key].b` where some of the path is known only now: of the packages on it, no rule but
    /// the one that it leads to is evaluated.
    func nodePath(_ index: Int, _ path: Value) throws(EvaluationError) -> Value {
        var index = index
        for (position, key) in path.elements.enumerated() {
            try weigh(key)
            let node = policy.program.nodes[index]
            let child =
                isHidden(node.path)
                ? nil : node.children.first { $0.key.isEqual(to: key) }?.child
            let rest = path.elements[position...]
            switch child {
            case .node(let below): index = below
            case .rule(let rule):
                return rest.dropFirst().reduce(try replaceableRule(rule)) { $0[$1] }
            case nil:
                return scope.pointee.replacesData
                    ? rest.reduce(replacedData(node.dataPath)) { $0[$1] }
                    : rest.reduce(tables.linkedData[node.dataPath]) { $0.stored($1) }
            }
        }
        return try node(index)
    }

    /// The keys that `data.a` may have, as a set: those of base data and of the packages and rules,
    /// none of which is evaluated. Undefined where base data is no object and hides them all.
    func nodeNames(_ index: Int) throws(EvaluationError) -> Value {
        let node = policy.program.nodes[index]
        let base =
            scope.pointee.replacesData
            ? replacedData(node.dataPath) : tables.linkedData[node.dataPath]
        let isHidden = isHidden(node.path)
        if isHidden, base.kind != .object { return .undefined }
        let names = CollectionBuilder.set(in: arena)
        if !isHidden { for (name, _) in node.children { names.insert(name) } }
        if base.kind == .object { for entry in 0..<base.count { names.insert(base.keys[entry]) } }
        try checkMemory()
        return try bounded(names.finish())
    }

    private func virtual(_ child: Program.Node.Child) throws(EvaluationError) -> Value {
        switch child {
        case .rule(let index): try replaceableRule(index)
        case .node(let index): try node(index)
        }
    }

    func replaceableRule(_ index: Int) throws(EvaluationError) -> Value {
        guard scope.pointee.hidden != nil else { return try rule(index) }
        let path = policy.program.rules[index].path
        return isHidden(path) ? scope.pointee.data.value(at: path) : try rule(index)
    }

    /// True when a replacement stands at `path` or above it.
    func isHidden(_ path: [Value]) -> Bool {
        var hidden = scope.pointee.hidden
        while let entry = hidden {
            let prefix = entry.pointee.path.elements
            if prefix.count <= path.count,
                (0..<prefix.count).allSatisfy({ prefix[$0].isEqual(to: path[$0]) })
            {
                return true
            }
            hidden = entry.pointee.next
        }
        return false
    }

    // MARK: Building collections

    func openBuilder(_ kind: Int32) -> Value {
        switch kind {
        case 0: CollectionBuilder.set(in: arena).value
        case 1: CollectionBuilder.object(in: arena).value
        default: ArrayBuilder(arena).value
        }
    }

    func put(
        _ object: Value, _ key: Value, _ value: Value, _ function: Int, _ pc: Int
    ) throws(EvaluationError) {
        try weigh(key)
        if case .present(sameValue: false) = CollectionBuilder(object).insert(key, value) {
            throw EvaluationError(
                .conflict, "object keys must be unique", at: position(function, pc))
        }
    }

    /// Puts a leaf under `count` keys. Inner objects, and a set or array at the end, stay open.
    ///
    /// - Parameter leaf: 0 a value, 1 a member of a set, 2 an element of an array; 3 a value too,
    ///   and where it conflicts the object around it becomes null for good.
    func putPath(
        _ object: Value, _ keys: UnsafePointer<Value>, _ count: Int, _ leaf: Int32,
        _ function: Int,
        _ pc: Int
    ) throws(EvaluationError) {
        var builder = CollectionBuilder(object)
        for index in 0..<count {
            let isLast = index == count - 1
            if isLast && leaf == 0 {
                try put(builder.value, keys[index], keys[count], function, pc)
                return
            }
            try weigh(keys[index])
            var child = builder[keys[index]]
            if leaf == 3 && index == count - 2 {
                if child.isUndefined { child = openBuilder(1) }
                builder.update(keys[index], try merge(keys[index + 1], keys[count], into: child))
                return
            }
            if child.isUndefined {
                child = openBuilder(!isLast ? 1 : leaf == 1 ? 0 : 2)
                builder.update(keys[index], child)
            }
            let isOpen =
                isLast
                ? leaf == 1 ? child.isSetBuilder : child.isArrayBuilder
                : child.kind == .builder && !child.isSetBuilder && !child.isArrayBuilder
            guard isOpen else {
                throw EvaluationError(
                    .conflict, "object keys must be unique", at: position(function, pc))
            }
            if isLast && leaf == 2 { return ArrayBuilder(child).append(keys[count]) }
            builder = CollectionBuilder(child)
        }
        try weigh(keys[count])
        builder.insert(keys[count])
    }

    /// The object with a key more, or null when the key has another value there.
    private func merge(_ key: Value, _ value: Value, into object: Value)
        throws(EvaluationError) -> Value
    {
        guard object.kind == .builder else { return object }
        try weigh(key)
        if case .present(sameValue: false) = CollectionBuilder(object).insert(key, value) {
            return .null
        }
        return object
    }

    /// Finishes a collection and the collections still open inside it.
    func finished(_ value: Value) -> Value {
        guard value.kind == .builder else { return value }
        if value.isArrayBuilder { return ArrayBuilder(value).finish() }
        let builder = CollectionBuilder(value)
        builder.finishValues { finished($0) }
        return builder.finish()
    }

    func conflict(_ kind: Int32, _ function: Int, _ pc: Int) -> EvaluationError {
        let message =
            kind == 0
            ? "complete rules must not produce multiple outputs"
            : "functions must not produce multiple outputs for same inputs"
        return EvaluationError(.conflict, message, at: position(function, pc))
    }
}
