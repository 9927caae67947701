// SPDX-License-Identifier: Apache-2.0

/// `json.filter`, `json.remove` and `json.patch`.
enum JSONPathBuiltins {
    private static let paths = "any<array[any<string, array[any]>], set[any<string, array[any]>]>"

    static let all: [Builtin] = [
        Builtin("json.filter", "object[any: any], \(paths) -> object[any: any]") {
            evaluation, operands throws(BuiltinError) in
            let object = try operands.object(0)
            return try filter(object, tree(operands[1], evaluation), evaluation)
        },
        Builtin("json.remove", "object[any: any], \(paths) -> object[any: any]") {
            evaluation, operands throws(BuiltinError) in
            let object = try operands.object(0)
            return try remove(object, tree(operands[1], evaluation), evaluation)
        },
        Builtin("json.patch", "any, array[object<op: string, path: any, ...>] -> any") {
            evaluation, operands throws(BuiltinError) in
            try JSONPatch.apply(operands.array(1), to: operands[0], evaluation)
        },
    ]

    // MARK: Paths

    /// A path's keys: of `/a/b` the strings, of an array its elements.
    static func steps(_ path: Value, _ evaluation: Evaluation) throws(BuiltinError) -> [Value] {
        switch path.kind {
        case .array: return Array(path.elements)
        case .string:
            if path.count == 0 { return [] }
            let bytes = path.bytes
            var start = bytes.firstIndex { $0 != UInt8(ascii: "/") } ?? bytes.count
            var result: [Value] = []
            while true {
                let end = bytes[start...].firstIndex(of: UInt8(ascii: "/")) ?? bytes.count
                result.append(try unescape(path.slice(start, end), evaluation))
                if end == bytes.count { return result }
                start = end + 1
            }
        default:
            throw .operand(
                2,
                "must be one of {set, array} containing string paths or array of path segments "
                    + "but got \(path.typeName)")
        }
    }

    /// `~1` is a slash, `~0` a tilde (RFC 6901).
    private static func unescape(_ step: Value, _ evaluation: Evaluation) throws(BuiltinError)
        -> Value
    {
        guard step.bytes.contains(UInt8(ascii: "~")) else { return step }
        let copy = try evaluation.bytes(step.count)
        var (index, count) = (0, 0)
        while index < step.count {
            copy[count] = step.bytes[index]
            if step.bytes[index] == UInt8(ascii: "~"), index + 1 < step.count {
                let next = step.bytes[index + 1]
                if next == UInt8(ascii: "0") || next == UInt8(ascii: "1") {
                    if next == UInt8(ascii: "1") { copy[count] = UInt8(ascii: "/") }
                    index += 1
                }
            }
            index += 1
            count += 1
        }
        return .string(copy, count)
    }

    /// The paths as a tree of builders whose leaves are null.
    private static func tree(
        _ paths: Value, _ evaluation: Evaluation
    ) throws(BuiltinError) -> CollectionBuilder {
        guard paths.kind == .set || paths.kind == .array else {
            throw .operand(2, mustBeOneOf: "set, array", got: paths)
        }
        let root = CollectionBuilder.object(in: evaluation.arena)
        for path in paths.elements {
            let steps = try self.steps(path, evaluation)
            guard let last = steps.last else { continue }
            if let node = descend(root, steps.dropLast(), evaluation) { node.update(last, .null) }
        }
        return root
    }

    /// The node under a path, made if need be; nil when a shorter path is a leaf already.
    private static func descend(
        _ root: CollectionBuilder, _ steps: ArraySlice<Value>, _ evaluation: Evaluation
    ) -> CollectionBuilder? {
        var node = root
        for step in steps {
            let child = node[step]
            if child.kind == .null { return nil }
            if child.isDefined {
                node = CollectionBuilder(child)
                continue
            }
            let made = CollectionBuilder.object(in: evaluation.arena)
            node.insert(step, made.value)
            node = made
        }
        return node
    }

    /// The key under which a tree of paths knows an array's element.
    private static func key(_ index: Int, _ evaluation: Evaluation) -> Value {
        var text = ByteBuilder(evaluation.arena, capacity: IntegerText.capacity)
        text.append(Int64(index))
        return text.string
    }

    // MARK: Filter and remove

    /// What of `value` the tree names.
    private static func filter(
        _ value: Value, _ tree: CollectionBuilder, _ evaluation: Evaluation
    ) throws(BuiltinError) -> Value {
        try map(value, evaluation) { key, element throws(BuiltinError) in
            let node = tree[key]
            if node.isUndefined { return .undefined }
            return node.kind == .null
                ? element : try filter(element, CollectionBuilder(node), evaluation)
        }
    }

    /// What of `value` the tree does not name.
    private static func remove(
        _ value: Value, _ tree: CollectionBuilder, _ evaluation: Evaluation
    ) throws(BuiltinError) -> Value {
        try map(value, evaluation) { key, element throws(BuiltinError) in
            let node = tree[key]
            if node.isUndefined { return element }
            return node.kind == .null
                ? .undefined : try remove(element, CollectionBuilder(node), evaluation)
        }
    }

    /// A collection with each element replaced; `.undefined` leaves it out.
    private static func map(
        _ value: Value, _ evaluation: Evaluation,
        _ replace: (_ key: Value, _ element: Value) throws(BuiltinError) -> Value
    ) throws(BuiltinError) -> Value {
        switch value.kind {
        case .array:
            let kept = try evaluation.values(value.count)
            var count = 0
            for index in 0..<value.count {
                let element = try replace(key(index, evaluation), value.elements[index])
                guard element.isDefined else { continue }
                kept[count] = element
                count += 1
            }
            return .array(sharing: kept, count: count)
        case .set:
            let builder = CollectionBuilder.set(in: evaluation.arena)
            for member in value.elements {
                let element = try replace(member, member)
                if element.isDefined { builder.insert(element) }
            }
            return builder.finish()
        case .object:
            let keys = try evaluation.values(value.count * 2)
            let values = keys + value.count
            var count = 0
            for index in 0..<value.count {
                let element = try replace(value.keys[index], value.values[index])
                guard element.isDefined else { continue }
                keys[count] = value.keys[index]
                values[count] = element
                count += 1
            }
            return .object(in: evaluation.arena, uniqueKeys: keys, values: values, count: count)
        default: return value
        }
    }
}
