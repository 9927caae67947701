// SPDX-License-Identifier: Apache-2.0

/// Objects as a whole.
enum ObjectBuiltins {
    private static let keyed = "any<array[any], object[any: any], set[any]>"

    static let all: [Builtin] = [
        Builtin("object.get", "object[any: any], any, any -> any") {
            _, operands throws(BuiltinError) in
            let found = try get(operands.object(0), operands[1])
            return found.isDefined ? found : operands[2]
        },
        Builtin("object.keys", "object[any: any] -> set[any]") {
            evaluation, operands throws(BuiltinError) in
            let object = try operands.object(0)
            guard let keys = object.keys.baseAddress else { return .emptySet }
            return .set(in: evaluation.arena, unique: keys, count: object.count)
        },
        Builtin("object.remove", "object[any: any], \(keyed) -> object[any: any]") {
            evaluation, operands throws(BuiltinError) in
            try select(operands, evaluation, keepsNamed: false)
        },
        Builtin("object.filter", "object[any: any], \(keyed) -> object[any: any]") {
            evaluation, operands throws(BuiltinError) in
            try select(operands, evaluation, keepsNamed: true)
        },
        Builtin("object.union", "object[any: any], object[any: any] -> object[any: any]") {
            evaluation, operands throws(BuiltinError) in
            try merge(operands.object(0), operands.object(1), evaluation)
        },
        Builtin("object.union_n", "array[object[any: any]] -> object[any: any]") {
            evaluation, operands throws(BuiltinError) in
            try mergeAll(operands.array(0), evaluation)
        },
        Builtin("object.subset", "\(keyed), \(keyed) -> boolean") {
            _, operands throws(BuiltinError) in
            guard let result = isSubset(operands[1], of: operands[0]) else {
                throw BuiltinError(
                    .type, "both arguments object.subset must be of the same type or array and set")
            }
            return .boolean(result)
        },
    ]

    /// What lies under `key`, which as an array is a path of keys.
    private static func get(_ object: Value, _ key: Value) -> Value {
        guard key.kind == .array else { return object[key] }
        var current = object
        for step in key.elements {
            current = current[step]
            if current.isUndefined { break }
        }
        return current
    }

    /// The entries of the first operand whose keys are (or are not) among the second operand's.
    private static func select(
        _ operands: Operands, _ evaluation: Evaluation, keepsNamed: Bool
    ) throws(BuiltinError) -> Value {
        let object = try operands.object(0)
        var names = operands[1]
        switch names.kind {
        case .object, .set: break
        case .array:
            let builder = CollectionBuilder.set(in: evaluation.arena, capacity: names.count)
            for name in names.elements { builder.insert(name) }
            names = builder.finish()
        default: throw .operand(2, mustBeOneOf: "object, set, array", got: names)
        }
        let keys = try evaluation.values(object.count * 2)
        let values = keys + object.count
        var size = 0
        for index in 0..<object.count {
            guard (names.position(of: object.keys[index]) >= 0) == keepsNamed else { continue }
            keys[size] = object.keys[index]
            values[size] = object.values[index]
            size += 1
        }
        if size == object.count { return object }
        return .object(in: evaluation.arena, uniqueKeys: keys, values: values, count: size)
    }

    /// The entries of both; where both have objects under a key these are merged, else `b` wins.
    static func merge(_ a: Value, _ b: Value, _ evaluation: Evaluation) throws(BuiltinError)
        -> Value
    {
        if a.count == 0 { return b }
        if b.count == 0 { return a }
        let keys = try evaluation.values((a.count + b.count) * 2)
        let values = keys + (a.count + b.count)
        var (i, j, size) = (0, 0, 0)
        while i < a.count || j < b.count {
            let order = i == a.count ? 1 : j == b.count ? -1 : a.keys[i].compare(b.keys[j])
            keys[size] = order <= 0 ? a.keys[i] : b.keys[j]
            if order == 0 {
                values[size] = try mergeValues(a.values[i], b.values[j], evaluation)
            } else {
                values[size] = order < 0 ? a.values[i] : b.values[j]
            }
            if order <= 0 { i += 1 }
            if order >= 0 { j += 1 }
            size += 1
        }
        return .object(in: evaluation.arena, uniqueKeys: keys, values: values, count: size)
    }

    private static func mergeValues(
        _ a: Value, _ b: Value, _ evaluation: Evaluation
    ) throws(BuiltinError) -> Value {
        a.kind == .object && b.kind == .object ? try merge(a, b, evaluation) : b
    }

    private static func mergeAll(_ objects: Value, _ evaluation: Evaluation) throws(BuiltinError)
        -> Value
    {
        let builder = CollectionBuilder.object(in: evaluation.arena)
        for object in objects.elements {
            guard object.kind == .object else {
                throw .element(1, of: objects, mustBe: "object", got: object)
            }
            for index in 0..<object.count {
                let key = object.keys[index]
                let old = builder[key]
                builder.update(key, try mergeValues(old, object.values[index], evaluation))
            }
        }
        return builder.finish()
    }
}

// MARK: Subsets

extension ObjectBuiltins {
    /// Whether `part` is contained in `whole`; nil when they cannot be compared.
    private static func isSubset(_ part: Value, of whole: Value) -> Bool? {
        switch (whole.kind, part.kind) {
        case (.object, .object): return isObjectSubset(part, of: whole)
        case (.set, .set): return part.elements.allSatisfy { whole.position(of: $0) >= 0 }
        case (.array, .array): return isRun(part, in: whole)
        case (.array, .set): return isCovered(part, by: whole)
        default: return nil
        }
    }

    /// OPA counts the array's elements that are in the set: one that occurs twice counts twice, and
    /// an empty array covers nothing.
    private static func isCovered(_ set: Value, by array: Value) -> Bool {
        var missing = set.count
        for element in array.elements {
            if set.position(of: element) >= 0 { missing -= 1 }
            if missing == 0 { return true }
        }
        return false
    }

    /// Every key of `part` is in `whole`, with an equal value or, for collections of the same kind,
    /// with one that contains it.
    private static func isObjectSubset(_ part: Value, of whole: Value) -> Bool {
        for index in 0..<part.count {
            let (value, other) = (part.values[index], whole[part.keys[index]])
            if other.isUndefined { return false }
            if value.isEqual(to: other) { continue }
            guard value.kind == other.kind, isSubset(value, of: other) == true else { return false }
        }
        return true
    }

    /// The elements of `part` follow each other somewhere in `whole`.
    private static func isRun(_ part: Value, in whole: Value) -> Bool {
        if part.count == 0 { return true }
        if part.count > whole.count { return false }
        if part.count > ByteSearch.shortNeedle { return isLongRun(part.elements, in: whole) }
        for start in 0...whole.count - part.count {
            var matched = 0
            while matched < part.count,
                whole.elements[start + matched].isEqual(to: part.elements[matched])
            {
                matched += 1
            }
            if matched == part.count { return true }
        }
        return false
    }

    /// Knuth-Morris-Pratt, linear in both.
    private static func isLongRun(_ pattern: UnsafeBufferPointer<Value>, in whole: Value) -> Bool {
        var fallback = [Int](repeating: 0, count: pattern.count)
        var matched = 0
        for index in 1..<pattern.count {
            while matched > 0 && !pattern[index].isEqual(to: pattern[matched]) {
                matched = fallback[matched - 1]
            }
            if pattern[index].isEqual(to: pattern[matched]) { matched += 1 }
            fallback[index] = matched
        }
        matched = 0
        for element in whole.elements {
            while matched > 0 && !element.isEqual(to: pattern[matched]) {
                matched = fallback[matched - 1]
            }
            if element.isEqual(to: pattern[matched]) { matched += 1 }
            if matched == pattern.count { return true }
        }
        return false
    }
}
