// SPDX-License-Identifier: Apache-2.0

extension Machine {
    /// A list of clause addresses: `bits` points to them, `length` counts what is left.
    ///
    /// One leaf that alone has clauses is the list itself; several are merged in the order of the
    /// clauses, each clause once.
    func candidates(_ index: Int, _ frame: UnsafePointer<Value>) throws(EvaluationError) -> Value {
        let linked = tables.indices + index
        var found = Candidates()
        try collect(linked.pointee.root, frame, &found)
        guard found.isMerged else {
            return Value(
                kind: .builder, pointer: found.first?.pointee.addresses, length: found.count)
        }
        let list = arena.allocate(Int32.self, count: min(found.count, linked.pointee.entryCount))
        let count = clauseBits.drain(
            below: linked.pointee.entryCount, linked.pointee.entries, into: list)
        return Value(kind: .builder, pointer: UnsafeRawPointer(list), length: count)
    }

    /// What a lookup has found: one leaf, or clauses in `clauseBits`.
    struct Candidates {
        var first: UnsafePointer<LinkedIndex.Node>?
        /// Clauses, counting those found twice.
        var count = 0
        var isMerged = false
    }

    func nextCandidate(_ list: inout Value) -> Int32 {
        let base = list.pointer.unsafelyUnwrapped.assumingMemoryBound(to: Int32.self)
        list = Value(kind: .builder, pointer: UnsafeRawPointer(base + 1), length: list.count - 1)
        return base.pointee
    }

    private func add(_ leaf: UnsafePointer<LinkedIndex.Node>, _ found: inout Candidates) {
        guard leaf.pointee.count > 0 else { return }
        found.count += leaf.pointee.count
        guard let first = found.first else {
            found.first = leaf
            return
        }
        if !found.isMerged {
            found.isMerged = true
            clauseBits.insert(first.pointee.clauses, first.pointee.count)
        }
        clauseBits.insert(leaf.pointee.clauses, leaf.pointee.count)
    }

    private func collect(
        _ start: UnsafePointer<LinkedIndex.Node>, _ frame: UnsafePointer<Value>,
        _ found: inout Candidates
    ) throws(EvaluationError) {
        var node = start
        while let branch = node.pointee.branch {
            let value = subject(branch, frame)
            switch branch.pointee.test {
            case .equality:
                if value.isDefined, let child = branch.pointee.child(value) {
                    try collect(child, frame, &found)
                }
            case .truth:
                if value.isTruthy, let child = branch.pointee.child(.true) {
                    try collect(child, frame, &found)
                }
            case .membership:
                for element in members(value) {
                    if let child = branch.pointee.child(element) {
                        try collect(child, frame, &found)
                    }
                }
                try spend(elements: value)
            case .prefix, .suffix:
                if value.isString {
                    try affixes(branch, value, frame, &found)
                } else {
                    for element in members(value) where element.isString {
                        try affixes(branch, element, frame, &found)
                    }
                    try spend(elements: value)
                }
            }
            node = branch.pointee.others
        }
        add(node, &found)
    }

    /// Follows each key that `value` begins or ends with.
    private func affixes(
        _ branch: UnsafePointer<LinkedIndex.Branch>, _ value: Value, _ frame: UnsafePointer<Value>,
        _ found: inout Candidates
    ) throws(EvaluationError) {
        let start = value.bytes.baseAddress
        for position in 0..<branch.pointee.lengthCount {
            let length = branch.pointee.lengths[position]
            if length > value.count { break }
            let from = branch.pointee.test == .prefix ? 0 : value.count - length
            let affix = Value.string(start.map { $0 + from }, length)
            if let child = branch.pointee.child(affix) { try collect(child, frame, &found) }
        }
    }

    /// The elements of an array or set, the values of an object; nothing of other values.
    private func members(_ value: Value) -> UnsafeBufferPointer<Value> {
        value.kind == .object ? value.values : value.elements
    }

    /// Looking at 16 elements is about one step of a loop.
    private func spend(elements value: Value) throws(EvaluationError) {
        if value.isCollection { try spend(Int64(1 + value.count / 16)) }
    }

    private func subject(
        _ branch: UnsafePointer<LinkedIndex.Branch>, _ frame: UnsafePointer<Value>
    ) -> Value {
        let number = branch.pointee.subject
        switch branch.pointee.source {
        case .input: return inputValue(number)
        case .data:
            return scope.pointee.replacesData ? replacedData(number) : tables.linkedData[number]
        case .argument:
            var value = frame[number]
            for step in 0..<branch.pointee.stepCount where value.isDefined {
                value = value[branch.pointee.steps[step]]
            }
            return value
        }
    }
}
