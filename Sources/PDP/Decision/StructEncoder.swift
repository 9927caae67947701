// SPDX-License-Identifier: Apache-2.0
import Authorization
import RegoVM

/// Encodes values as `google.protobuf.Struct` (struct.proto): numbers become doubles, sets lists.
enum StructEncoder {
    /// - Returns: the encoded message, in `arena`.
    static func encode(_ object: Value, in arena: Arena) -> Bytes {
        var output = ByteBuilder(arena)
        append(object, to: &output)
        return Bytes(start: output.bytes.baseAddress, count: output.count)
    }

    /// `Struct { map<string, Value> fields = 1 }`
    private static func append(_ object: Value, to output: inout ByteBuilder) {
        for index in 0..<object.count {
            var entry = ByteBuilder(output.arena)
            field(1, text(object.keys[index], output.arena), to: &entry)
            field(2, message(object.values[index], output.arena), to: &entry)
            field(1, entry.bytes, to: &output)
        }
    }

    /// `Value { oneof: null = 1, number = 2, string = 3, bool = 4, struct = 5, list = 6 }`
    private static func message(_ value: Value, _ arena: Arena) -> UnsafeBufferPointer<UInt8> {
        var output = ByteBuilder(arena)
        switch value.kind {
        case .boolean:
            output.append(UInt8(4 << 3))
            output.append(UInt8(value.isTrue ? 1 : 0))
        case .integer, .decimal:
            output.append(UInt8(2 << 3 | 1))
            var bits = (value.asDouble ?? 0).bitPattern
            for _ in 0..<8 {
                output.append(UInt8(truncatingIfNeeded: bits))
                bits >>= 8
            }
        case .string: field(3, value.bytes, to: &output)
        case .object:
            var inner = ByteBuilder(arena)
            append(value, to: &inner)
            field(5, inner.bytes, to: &output)
        case .array, .set:
            var list = ByteBuilder(arena)
            for element in value.elements { field(1, message(element, arena), to: &list) }
            field(6, list.bytes, to: &output)
        case .undefined, .null, .builder:
            output.append(UInt8(1 << 3))
            output.append(UInt8(0))
        }
        return output.bytes
    }

    /// Keys that are no strings become their JSON text.
    private static func text(_ key: Value, _ arena: Arena) -> UnsafeBufferPointer<UInt8> {
        if key.isString { return key.bytes }
        var output = ByteBuilder(arena)
        JSONWriter.append(key, to: &output)
        return output.bytes
    }

    private static func field(
        _ number: UInt8, _ bytes: UnsafeBufferPointer<UInt8>, to output: inout ByteBuilder
    ) {
        output.append(number << 3 | 2)
        var length = bytes.count
        while length >= 0x80 {
            output.append(UInt8(truncatingIfNeeded: length) | 0x80)
            length >>= 7
        }
        output.append(UInt8(length))
        output.append(bytes)
    }
}
