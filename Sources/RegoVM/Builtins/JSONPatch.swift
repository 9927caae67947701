// SPDX-License-Identifier: Apache-2.0

/// JSON patches (RFC 6902), which may also reach into sets and through keys that are no strings. A
/// patch that does not apply is an error.
struct JSONPatch {
    private let evaluation: Evaluation
    /// `.undefined` after the whole document was removed.
    private var document: Value
    /// Values that operations may still put into the document: copies of copies grow exponentially,
    /// although they share memory.
    private var allowance = Limits.collectionEntries

    private init(evaluation: Evaluation, document: Value) {
        self.evaluation = evaluation
        self.document = document
    }

    private typealias Stop = BuiltinError

    static func apply(
        _ operations: Value, to document: Value, _ evaluation: Evaluation
    ) throws(BuiltinError) -> Value {
        var patch = JSONPatch(evaluation: evaluation, document: document)
        for operation in operations.elements {
            try patch.run(operation)
        }
        return patch.document
    }

    private mutating func run(_ operation: Value) throws(Stop) {
        guard operation.kind == .object else {
            throw .failed("must be an array of JSON-Patch objects, but at least one element is not")
        }
        let name = try attribute(operation, "op")
        guard name.isString else { throw .failed("attribute 'op' must be a string") }
        let path = try steps(attribute(operation, "path"))
        if name.equals("add") {
            try add(path, attribute(operation, "value"))
        } else if name.equals("remove") {
            try remove(path)
        } else if name.equals("replace") {
            let value = try attribute(operation, "value")
            try remove(path)
            try add(path, value)
        } else if name.equals("move") {
            let from = try steps(attribute(operation, "from"))
            let value = try read(from)
            try remove(from)
            try add(path, value)
        } else if name.equals("copy") {
            try add(path, read(steps(attribute(operation, "from"))))
        } else if name.equals("test") {
            let (found, expected) = try (read(path), attribute(operation, "value"))
            guard found.isEqual(to: expected) else {
                throw .failed(
                    "value from EditTree != patch value.\n\nExpected: \(expected.description)"
                        + "\n\nFound: \(found.description)")
            }
        } else {
            throw .failed("unrecognized op: '\(name.asString ?? "")'")
        }
    }

    private func attribute(_ operation: Value, _ name: StaticString) throws(Stop) -> Value {
        let value = operation[name]
        guard value.isDefined else { throw .failed("missing required attribute '\(name)'") }
        return value
    }

    private func steps(_ path: Value) throws(Stop) -> ArraySlice<Value> {
        try JSONPathBuiltins.steps(path, evaluation)[...]
    }

    private func read(_ path: ArraySlice<Value>) throws(Stop) -> Value {
        var current = document
        for step in path { current = try child(of: current, step) }
        guard current.isDefined else { throw .failed("the document was removed") }
        return current
    }

    private func child(of value: Value, _ step: Value) throws(Stop) -> Value {
        let child: Value
        if value.kind == .array {
            let index = try self.index(step, count: value.count)
            guard index < value.count else { throw .failed("index for array out of bounds") }
            child = value.elements[index]
        } else {
            child = value[step]
        }
        guard child.isDefined else {
            throw .failed(
                "path \(step.description) does not exist in \(value.typeName) term "
                    + value.description)
        }
        return child
    }

    /// A step as an array index; `-` is the place behind the last element.
    private func index(_ step: Value, count: Int) throws(Stop) -> Int {
        if let integer = step.asInteger {
            guard integer >= 0 else { throw .failed("index for array out of bounds") }
            return Int(integer)
        }
        guard step.isString else { throw .failed("invalid type for indexing") }
        if step.equals("-") { return count }
        var digits = step.bytes
        // Go's `Atoi` reads a sign.
        if digits.first == UInt8(ascii: "+"), digits.count > 1, digits[1] != UInt8(ascii: "-") {
            digits = .init(rebasing: digits[1...])
        }
        guard let integer = JSONNumber.integer(digits), integer >= 0,
            step.bytes[0] != UInt8(ascii: "0") || step.count == 1
        else { throw .failed("invalid string for indexing") }
        return Int(integer)
    }

    // MARK: Editing

    private mutating func add(_ path: ArraySlice<Value>, _ value: Value) throws(Stop) {
        try charge(value, depth: path.count)
        guard let last = path.last else {
            document = value
            return
        }
        document = try edit(document, path.dropLast()) { parent throws(Stop) in
            try self.inserting(value, at: last, into: parent)
        }
    }

    /// Takes the values inside `value` off the allowance.
    private mutating func charge(_ value: Value, depth: Int) throws(Stop) {
        allowance -= 1
        guard allowance >= 0, depth <= Limits.jsonDepth else {
            throw BuiltinError(.limit, "patched document exceeds the limit of size or depth")
        }
        guard value.isCollection else { return }
        for element in value.elements { try charge(element, depth: depth + 1) }
        for element in value.values { try charge(element, depth: depth + 1) }
    }

    private mutating func remove(_ path: ArraySlice<Value>) throws(Stop) {
        guard let last = path.last else {
            guard document.isDefined else { throw .failed("the document was removed") }
            document = .undefined
            return
        }
        document = try edit(document, path.dropLast()) { parent throws(Stop) in
            try self.removing(last, from: parent)
        }
    }

    /// `value` with what lies under `path` changed.
    private func edit(
        _ value: Value, _ path: ArraySlice<Value>, _ change: (Value) throws(Stop) -> Value
    ) throws(Stop) -> Value {
        guard let step = path.first else { return try change(value) }
        let old = try child(of: value, step)
        let new = try edit(old, path.dropFirst(), change)
        switch value.kind {
        case .array:
            let copy = try elements(value.count)
            copy.update(from: value.elements.baseAddress!, count: value.count)
            copy[try index(step, count: value.count)] = new
            return .array(sharing: copy, count: value.count)
        case .object: return try inserting(new, at: step, into: value)
        default: return try inserting(new, at: new, into: removing(step, from: value))
        }
    }

    private func elements(_ count: Int) throws(Stop) -> UnsafeMutablePointer<Value> {
        try evaluation.values(count)
    }

    private func inserting(_ value: Value, at step: Value, into parent: Value) throws(Stop) -> Value
    {
        switch parent.kind {
        case .object:
            let position = parent.position(of: step)
            let keys = try elements((parent.count + 1) * 2)
            let values = keys + parent.count + 1
            for index in 0..<parent.count {
                keys[index] = parent.keys[index]
                values[index] = index == position ? value : parent.values[index]
            }
            keys[parent.count] = step
            values[parent.count] = value
            return .object(
                in: evaluation.arena, uniqueKeys: keys, values: values,
                count: position < 0 ? parent.count + 1 : parent.count)
        case .set:
            guard step.isEqual(to: value) else {
                throw .failed(
                    "set key \(step.description) does not equal value to be inserted "
                        + value.description)
            }
            if parent.position(of: value) >= 0 { return parent }
            let members = try elements(parent.count + 1)
            for index in 0..<parent.count { members[index] = parent.elements[index] }
            members[parent.count] = value
            return .set(in: evaluation.arena, unique: members, count: parent.count + 1)
        case .array:
            let place = try index(step, count: parent.count)
            guard place <= parent.count else {
                throw .failed("index for array insertion out of bounds")
            }
            let copy = try elements(parent.count + 1)
            for index in 0..<parent.count {
                copy[index < place ? index : index + 1] = parent.elements[index]
            }
            copy[place] = value
            return .array(sharing: copy, count: parent.count + 1)
        default: throw .failed("cannot insert into \(parent.typeName)")
        }
    }

    private func removing(_ step: Value, from parent: Value) throws(Stop) -> Value {
        if parent.kind != .array, parent[step].isUndefined {
            throw .failed("cannot delete child key \(step.description) that does not exist")
        }
        _ = try child(of: parent, step)
        let left = parent.count - 1
        switch parent.kind {
        case .object:
            let position = parent.position(of: step)
            let keys = try elements(parent.count * 2)
            let values = keys + parent.count
            for index in 0..<left {
                keys[index] = parent.keys[index < position ? index : index + 1]
                values[index] = parent.values[index < position ? index : index + 1]
            }
            return .object(in: evaluation.arena, uniqueKeys: keys, values: values, count: left)
        default:
            let position =
                parent.kind == .set
                ? parent.position(of: step) : try index(step, count: parent.count)
            let copy = try elements(parent.count)
            for index in 0..<left {
                copy[index] = parent.elements[index < position ? index : index + 1]
            }
            return parent.kind == .array
                ? .array(sharing: copy, count: left)
                : .set(in: evaluation.arena, unique: copy, count: left)
        }
    }
}
