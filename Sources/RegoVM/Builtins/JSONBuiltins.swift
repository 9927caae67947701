// SPDX-License-Identifier: Apache-2.0

/// JSON text.
enum JSONBuiltins {
    static let all: [Builtin] = [
        Builtin("json.marshal", "any -> string") { evaluation, operands throws(BuiltinError) in
            try JSONMarshal.compact(operands[0], evaluation)
        },
        Builtin(
            "json.marshal_with_options",
            "any, object<indent: string, prefix: string, pretty: boolean, ...> -> string"
        ) { evaluation, operands throws(BuiltinError) in
            try marshal(operands[0], options: operands.object(1), evaluation)
        },
        Builtin("json.unmarshal", "string -> any") { evaluation, operands throws(BuiltinError) in
            try unmarshal(operands.string(0), evaluation)
        },
        Builtin("json.is_valid", "string -> boolean") { evaluation, operands in
            guard operands[0].isString else { return .false }
            let result = try? JSONReader.read(operands[0].bytes, into: evaluation.arena)
            return .boolean(result != nil)
        },
    ]

    private static func unmarshal(_ text: Value, _ evaluation: Evaluation) throws(BuiltinError)
        -> Value
    {
        do throws(JSONReader.Failure) {
            return try JSONReader.read(text.bytes, into: evaluation.arena)
        } catch {
            throw .failed(describe(error, text))
        }
    }

    /// Go's words for the common mistakes.
    private static func describe(_ failure: JSONReader.Failure, _ text: Value) -> String {
        switch failure.code {
        case .unexpectedEnd:
            return text.count == 0 ? "EOF" : "unexpected EOF"
        case .tooDeep: return "exceeded max depth"
        default:
            guard failure.offset < text.count else { return "unexpected EOF" }
            let (scalar, _) = Runes.decode(text.bytes, failure.offset)
            let character = Unicode.Scalar(scalar).map { String(Character($0)) } ?? "?"
            return "invalid character '\(character)' at offset \(failure.offset)"
        }
    }

    private static func marshal(
        _ value: Value, options: Value, _ evaluation: Evaluation
    ) throws(BuiltinError) -> Value {
        var (indent, prefix) = (Value.string("\t"), Value.emptyString)
        var isPretty = false
        var explicit: Bool?
        for index in 0..<options.count {
            let (key, option) = (options.keys[index], options.values[index])
            guard key.isString else {
                throw .operand(
                    2,
                    "failed to stringify key \(key) at index \(index): "
                        + "operand \(index) must be string but got \(key.typeName)"
                )
            }
            if key.equals("pretty") {
                guard let flag = option.asBoolean else {
                    throw .operand(2, "key \"pretty\" failed cast to bool")
                }
                explicit = flag
                continue
            }
            guard key.equals("prefix") || key.equals("indent") else {
                throw .operand(2, "object contained unknown key \(key)")
            }
            guard option.isString else {
                throw .operand(
                    2,
                    "key \(key) failed cast to string: "
                        + "operand \(index) must be string but got \(option.typeName)"
                )
            }
            if key.equals("prefix") { prefix = option } else { indent = option }
            isPretty = true
        }
        guard explicit ?? isPretty else { return try JSONMarshal.compact(value, evaluation) }
        return try JSONMarshal.indented(value, prefix, indent, evaluation)
    }
}

/// Writes JSON as Go's `encoding/json` does: HTML's special characters escaped, sets as sorted
/// arrays, keys that are no strings as their JSON text, keys sorted by their text.
struct JSONMarshal {
    private let evaluation: Evaluation
    private var output: ByteBuilder
    private var prefix: Value = .emptyString
    /// Nil when everything stands on one line.
    private var indent: Value?

    static func compact(_ value: Value, _ evaluation: Evaluation) throws(BuiltinError) -> Value {
        var writer = JSONMarshal(evaluation: evaluation, output: ByteBuilder(evaluation.arena))
        try writer.append(value, depth: 0)
        return writer.output.string
    }

    static func indented(
        _ value: Value, _ prefix: Value, _ indent: Value, _ evaluation: Evaluation
    ) throws(BuiltinError) -> Value {
        var writer = JSONMarshal(
            evaluation: evaluation, output: ByteBuilder(evaluation.arena), prefix: prefix,
            indent: indent)
        writer.output.append(prefix.bytes)
        try writer.append(value, depth: 0)
        return writer.output.string
    }

    private mutating func append(_ value: Value, depth: Int) throws(BuiltinError) {
        switch value.kind {
        case .string: JSONWriter.appendString(value.bytes, to: &output, forHTML: true)
        case .array, .set:
            try collection("[", "]", value.count, depth) { writer, index throws(BuiltinError) in
                try writer.append(value.elements[index], depth: depth + 1)
            }
        case .object:
            let (keys, values) = try texts(of: value)
            try collection("{", "}", value.count, depth) { writer, index throws(BuiltinError) in
                JSONWriter.appendString(keys[index].bytes, to: &writer.output, forHTML: true)
                writer.output.append(writer.indent == nil ? ":" : ": ")
                try writer.append(values[index], depth: depth + 1)
            }
        default: JSONWriter.append(value, to: &output)
        }
        guard output.count <= Limits.stringBytes else {
            throw BuiltinError(.limit, "string of \(output.count) bytes exceeds the limit")
        }
    }

    private mutating func collection(
        _ open: StaticString, _ close: StaticString, _ count: Int, _ depth: Int,
        _ body: (inout JSONMarshal, Int) throws(BuiltinError) -> Void
    ) throws(BuiltinError) {
        output.append(open)
        for index in 0..<count {
            if index > 0 { output.append(",") }
            newLine(depth + 1)
            try body(&self, index)
        }
        if count > 0 { newLine(depth) }
        output.append(close)
    }

    private mutating func newLine(_ depth: Int) {
        guard let indent else { return }
        output.append("\n")
        output.append(prefix.bytes)
        for _ in 0..<depth { output.append(indent.bytes) }
    }

    /// The keys of an object as texts, in order, and the values under them.
    private func texts(
        of object: Value
    ) throws(BuiltinError) -> (UnsafeBufferPointer<Value>, UnsafeBufferPointer<Value>) {
        if object.keys.allSatisfy(\.isString) { return (object.keys, object.values) }
        let builder = CollectionBuilder.object(in: evaluation.arena, capacity: object.count)
        for index in 0..<object.count {
            let key = object.keys[index]
            builder.update(
                key.isString ? key : try Self.compact(key, evaluation), object.values[index])
        }
        let sorted = builder.finish()
        guard sorted.count == object.count else {
            throw .failed("object has keys of equal text")
        }
        return (sorted.keys, sorted.values)
    }
}
