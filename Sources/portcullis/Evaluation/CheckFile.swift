// SPDX-License-Identifier: Apache-2.0
import Authorization
import ExtAuthz
import RegoVM

/// A CheckRequest in a file: as it is on the wire, or as JSON.
enum CheckFile {
    struct Malformed: Error, Equatable, CustomStringConvertible {
        let description: String
    }

    /// The request's wire bytes.
    static func message(_ bytes: [UInt8], name: String) throws(Malformed) -> [UInt8] {
        guard isJSON(bytes) else { return bytes }
        let arena = Arena()
        defer { arena.destroy() }
        let document: Value? = bytes.withUnsafeBufferPointer { buffer in
            var reader = JSONReader(buffer, arena: arena, interner: StringInterner(arena))
            return try? reader.document()
        }
        guard let document else { throw Malformed(description: "\(name): malformed JSON") }
        var encoder = MessageEncoder(file: name)
        try encoder.encode(document, CheckSchema.request, path: "")
        return encoder.bytes
    }

    /// A CheckRequest on the wire begins with the tag of its one field, 0x0A, which is also white
    /// space in JSON; what follows decides.
    private static func isJSON(_ bytes: [UInt8]) -> Bool {
        bytes.first { $0 != 0x20 && $0 != 0x0A && $0 != 0x0D && $0 != 0x09 } == UInt8(ascii: "{")
            && bytes.last { $0 != 0x20 && $0 != 0x0A && $0 != 0x0D && $0 != 0x09 }
                == UInt8(ascii: "}")
    }
}

/// Encodes protobuf's JSON form by a schema. Field names may be in either of their spellings.
struct MessageEncoder {
    private let file: String
    private(set) var bytes: [UInt8] = []

    init(file: String) { self.file = file }

    private func malformed(_ path: String, _ message: String) -> CheckFile.Malformed {
        CheckFile.Malformed(
            description: "\(file): \(message)" + (path.isEmpty ? "" : " for `\(path)`"))
    }

    mutating func encode(_ object: Value, _ schema: CheckSchema, path: String) throws(CheckFile
        .Malformed)
    {
        guard object.kind == .object else {
            throw malformed(path, "expected an object, got \(object.typeName)")
        }
        var fields: [(field: CheckSchema.Field, value: Value, path: String)] = []
        for (key, value) in zip(object.keys, object.values) where value.kind != .null {
            let name = key.asString ?? ""
            let below = path.isEmpty ? name : "\(path).\(name)"
            if name == "@type" { continue }
            guard let field = schema.field(name) else {
                let near = Suggestion.closest(to: name, among: schema.names)
                throw malformed(
                    below, "unknown field" + (near.map { ", did you mean `\($0)`?" } ?? ""))
            }
            fields.append((field, value, below))
        }
        // By number, as protobuf's own encoders write them.
        for entry in fields.sorted(by: { $0.field.number < $1.field.number }) {
            try encode(entry.value, entry.field, entry.path)
        }
    }

    private mutating func encode(
        _ value: Value, _ field: CheckSchema.Field, _ path: String
    ) throws(CheckFile.Malformed) {
        switch field.type {
        case .string: delimited(field.number, Array(try text(value, path).utf8))
        case .bytes: delimited(field.number, try base64(value, path))
        case .integer: varint(field.number, UInt64(bitPattern: try integer(value, path)))
        case .boolean:
            guard let flag = value.asBoolean else {
                throw malformed(path, "expected true or false")
            }
            varint(field.number, flag ? 1 : 0)
        case .word(let words):
            if let number = value.asString.flatMap({ words.firstIndex(of: $0) }) {
                varint(field.number, UInt64(number))
            } else {
                varint(field.number, UInt64(bitPattern: try integer(value, path)))
            }
        case .message(let schema):
            try message(field.number, path) { encoder throws(CheckFile.Malformed) in
                try encoder.encode(value, schema(), path: path)
            }
        case .repeated(let schema):
            for element in value.elements {
                try message(field.number, path) { encoder throws(CheckFile.Malformed) in
                    try encoder.encode(element, schema(), path: path)
                }
            }
        case .map(let entry): try map(value, field.number, entry, path)
        case .timestamp:
            try message(field.number, path) { encoder throws(CheckFile.Malformed) in
                try encoder.timestamp(value, path)
            }
        case .structure:
            try message(field.number, path) { encoder throws(CheckFile.Malformed) in
                try encoder.structure(value, path)
            }
        case .any:
            try message(field.number, path) { encoder throws(CheckFile.Malformed) in
                try encoder.any(value, path)
            }
        case .wrapped(let type):
            try message(field.number, path) { encoder throws(CheckFile.Malformed) in
                try encoder.encode(value, CheckSchema.Field(number: 1, type: type()), path)
            }
        }
    }

    private mutating func map(
        _ value: Value, _ number: UInt32, _ entry: CheckSchema.FieldType, _ path: String
    ) throws(CheckFile.Malformed) {
        guard value.kind == .object else { throw malformed(path, "expected an object") }
        for (key, element) in zip(value.keys, value.values) {
            try message(number, path) { encoder throws(CheckFile.Malformed) in
                encoder.delimited(1, Array(key.bytes))
                try encoder.encode(
                    element, CheckSchema.Field(number: 2, type: entry),
                    "\(path).\(key.asString ?? "")")
            }
        }
    }

    private mutating func timestamp(_ value: Value, _ path: String) throws(CheckFile.Malformed) {
        guard value.kind == .string else {
            return try encode(value, CheckSchema.timestamp, path: path)
        }
        guard let (seconds, nanoseconds) = ProtobufTime.parse(value.asString ?? "") else {
            throw malformed(path, "expected a time such as `2026-11-22T11:14:30.5Z`, got \(value)")
        }
        varint(1, UInt64(bitPattern: seconds))
        varint(2, UInt64(nanoseconds))
    }

    /// `google.protobuf.Struct`
    private mutating func structure(_ value: Value, _ path: String) throws(CheckFile.Malformed) {
        guard value.kind == .object else { throw malformed(path, "expected an object") }
        for (key, element) in zip(value.keys, value.values) {
            try message(1, path) { encoder throws(CheckFile.Malformed) in
                encoder.delimited(1, Array(key.bytes))
                try encoder.message(2, path) { encoder throws(CheckFile.Malformed) in
                    try encoder.structureValue(element, path)
                }
            }
        }
    }

    /// `google.protobuf.Value`
    private mutating func structureValue(_ value: Value, _ path: String) throws(CheckFile.Malformed)
    {
        switch value.kind {
        case .boolean: varint(4, value.isTrue ? 1 : 0)
        case .integer, .decimal: double(2, Double(value.description) ?? 0)
        case .string: delimited(3, Array(value.bytes))
        case .object:
            try message(5, path) { encoder throws(CheckFile.Malformed) in
                try encoder.structure(value, path)
            }
        case .array:
            try message(6, path) { encoder throws(CheckFile.Malformed) in
                for element in value.elements {
                    try encoder.message(1, path) { encoder throws(CheckFile.Malformed) in
                        try encoder.structureValue(element, path)
                    }
                }
            }
        default: varint(1, 0)
        }
    }

    /// `google.protobuf.Any` of a type that Envoy's own filters set, or already encoded.
    private mutating func any(_ value: Value, _ path: String) throws(CheckFile.Malformed) {
        let url =
            value["@type"].asString ?? value["type_url"].asString ?? value["typeUrl"].asString ?? ""
        delimited(1, Array(url.utf8))
        let name = url.split(separator: "/").last.map(String.init) ?? ""
        if let schema = CheckSchema.known[name] {
            try message(2, path) { encoder throws(CheckFile.Malformed) in
                try encoder.encode(value, schema, path: path)
            }
        } else if value["value"].isDefined {
            delimited(2, try base64(value["value"], path))
        } else if value.count > 1 {
            throw malformed(path, "unknown type `\(name)`: expected its bytes as `value`")
        }
    }

    // MARK: Scalars

    private func text(_ value: Value, _ path: String) throws(CheckFile.Malformed) -> String {
        guard let text = value.asString else {
            throw malformed(path, "expected a string, got \(value.typeName)")
        }
        return text
    }

    /// 64-bit integers are strings in protobuf's JSON.
    private func integer(_ value: Value, _ path: String) throws(CheckFile.Malformed) -> Int64 {
        let text = value.asString ?? value.description
        guard let number = Int64(text) ?? Double(text).flatMap({ Int64(exactly: $0) }) else {
            throw malformed(path, "expected an integer, got \(value)")
        }
        return number
    }

    private func base64(_ value: Value, _ path: String) throws(CheckFile.Malformed) -> [UInt8] {
        guard let bytes = Base64Text.decode(try text(value, path)) else {
            throw malformed(path, "expected base64")
        }
        return bytes
    }

    // MARK: The wire

    private mutating func message(
        _ number: UInt32, _ path: String,
        _ body: (inout MessageEncoder) throws(CheckFile.Malformed) -> Void
    ) throws(CheckFile.Malformed) {
        var inner = MessageEncoder(file: file)
        try body(&inner)
        delimited(number, inner.bytes)
    }

    private mutating func delimited(_ number: UInt32, _ content: [UInt8]) {
        raw(UInt64(number) << 3 | 2)
        raw(UInt64(content.count))
        bytes += content
    }

    private mutating func varint(_ number: UInt32, _ value: UInt64) {
        raw(UInt64(number) << 3)
        raw(value)
    }

    private mutating func double(_ number: UInt32, _ value: Double) {
        raw(UInt64(number) << 3 | 1)
        withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes += $0 }
    }

    private mutating func raw(_ value: UInt64) {
        var value = value
        while value >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: value) | 0x80)
            value >>= 7
        }
        bytes.append(UInt8(value))
    }
}
