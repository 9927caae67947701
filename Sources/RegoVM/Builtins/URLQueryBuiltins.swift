// SPDX-License-Identifier: Apache-2.0

/// Query strings of URLs, as Go's `net/url` reads and writes them.
enum URLQueryBuiltins {
    private static let fields = "object[string: any<string, array[string], set[string]>]"

    static let all: [Builtin] = [
        Builtin("urlquery.encode", "string -> string") {
            evaluation, operands throws(BuiltinError) in
            var output = ByteBuilder(evaluation.arena, capacity: try operands.string(0).count + 16)
            try append(operands.string(0).bytes, to: &output)
            return output.string
        },
        Builtin("urlquery.decode", "string -> string") {
            evaluation, operands throws(BuiltinError) in
            let text = try operands.string(0)
            return try unescape(text, 0, text.count, evaluation)
        },
        Builtin("urlquery.encode_object", "\(fields) -> string") {
            evaluation, operands throws(BuiltinError) in
            try encode(operands.object(0), evaluation)
        },
        Builtin("urlquery.decode_object", "string -> object[string: array[string]]") {
            evaluation, operands throws(BuiltinError) in
            try decode(operands.string(0), evaluation)
        },
    ]

    static func append(_ bytes: UnsafeBufferPointer<UInt8>, to output: inout ByteBuilder) {
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
                UInt8(ascii: "."), UInt8(ascii: "~"):
                output.append(byte)
            case UInt8(ascii: " "): output.append(UInt8(ascii: "+"))
            default:
                output.append(UInt8(ascii: "%"))
                RegoText.appendHexadecimal(UInt32(byte), digits: 2, isUpper: true, to: &output)
            }
        }
    }

    private static func unescape(
        _ text: Value, _ start: Int, _ end: Int, _ evaluation: Evaluation
    ) throws(BuiltinError) -> Value {
        let bytes = text.bytes
        var isPlain = true
        for index in start..<end where bytes[index] == 0x25 || bytes[index] == 0x2B {
            isPlain = false
        }
        if isPlain { return text.slice(start, end) }
        let decoded = try evaluation.bytes(end - start)
        var (index, count) = (start, 0)
        while index < end {
            switch bytes[index] {
            case UInt8(ascii: "%"):
                guard index + 2 < end,
                    let high = EncodingBuiltins.hexadecimalDigit(bytes[index + 1]),
                    let low = EncodingBuiltins.hexadecimalDigit(bytes[index + 2])
                else {
                    let shown = String(decoding: bytes[index..<min(index + 3, end)], as: UTF8.self)
                    throw .failed("invalid URL escape \"\(shown)\"")
                }
                decoded[count] = high << 4 | low
                index += 3
            case UInt8(ascii: "+"):
                decoded[count] = UInt8(ascii: " ")
                index += 1
            default:
                decoded[count] = bytes[index]
                index += 1
            }
            count += 1
        }
        return .string(decoded, count)
    }

    private static func encode(_ object: Value, _ evaluation: Evaluation) throws(BuiltinError)
        -> Value
    {
        let wrong = BuiltinError.operand(1, "values must be string, array[string], or set[string]")
        // Keys that are no strings stand as their JSON text, and sort by it.
        let builder = CollectionBuilder.object(in: evaluation.arena, capacity: object.count)
        for index in 0..<object.count {
            let key = object.keys[index]
            builder.update(
                key.isString ? key : try JSONMarshal.compact(key, evaluation), object.values[index])
        }
        let fields = builder.finish()
        var output = ByteBuilder(evaluation.arena)
        for index in 0..<fields.count {
            let value = fields.values[index]
            switch value.kind {
            case .string: append(fields.keys[index], value, to: &output)
            case .array, .set:
                for element in value.elements {
                    guard element.isString else { throw wrong }
                    append(fields.keys[index], element, to: &output)
                }
            default: throw wrong
            }
            guard output.count <= Limits.stringBytes else {
                throw BuiltinError(.limit, "string of \(output.count) bytes exceeds the limit")
            }
        }
        return output.string
    }

    private static func append(_ key: Value, _ value: Value, to output: inout ByteBuilder) {
        if output.count > 0 { output.append("&") }
        append(key.bytes, to: &output)
        output.append("=")
        append(value.bytes, to: &output)
    }

    /// Go's `ParseQuery`: the first mistake is the error.
    private static func decode(_ query: Value, _ evaluation: Evaluation) throws(BuiltinError)
        -> Value
    {
        let bytes = query.bytes
        let builder = CollectionBuilder.object(in: evaluation.arena)
        var start = 0
        while start < bytes.count {
            let end = bytes[start...].firstIndex(of: UInt8(ascii: "&")) ?? bytes.count
            defer { start = end + 1 }
            guard !bytes[start..<end].contains(UInt8(ascii: ";")) else {
                throw .failed("invalid semicolon separator in query")
            }
            guard end > start else { continue }
            let equals = bytes[start..<end].firstIndex(of: UInt8(ascii: "=")) ?? end
            let key = try unescape(query, start, equals, evaluation)
            let value = try unescape(query, min(equals + 1, end), end, evaluation)
            // The values of a key are collected in a builder of pairs (number, value), whose order
            // is that of the query.
            let list = builder[key]
            let values =
                list.isDefined
                ? CollectionBuilder(list) : CollectionBuilder.object(in: evaluation.arena)
            if list.isUndefined { builder.insert(key, values.value) }
            values.insert(.integer(values.count), value)
        }
        return finish(builder)
    }

    private static func finish(_ builder: CollectionBuilder) -> Value {
        let object = builder.finish()
        guard let values = UnsafeMutablePointer(mutating: object.values.baseAddress) else {
            return object
        }
        for index in 0..<object.count {
            let list = CollectionBuilder(values[index]).finish()
            values[index] = .array(sharing: list.values.baseAddress, count: list.count)
        }
        return object
    }
}
