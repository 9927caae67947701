// SPDX-License-Identifier: Apache-2.0

/// Walks the length-delimited fields of a serialized protobuf message; others are skipped.
/// For descriptors and reflection only: it copies.
struct ProtobufFields: Sequence, IteratorProtocol {
    private var rest: ArraySlice<UInt8>

    init(_ message: ArraySlice<UInt8>) { rest = message }

    /// The next field with bytes; nil at the end, or where the message is malformed.
    mutating func next() -> (number: Int, bytes: ArraySlice<UInt8>)? {
        while let tag = varint() {
            switch tag & 7 {
            case 0: if varint() == nil { return nil }
            case 1: if take(8) == nil { return nil }
            case 5: if take(4) == nil { return nil }
            case 2:
                guard let count = varint(), let bytes = take(count) else { return nil }
                return (Int(truncatingIfNeeded: tag >> 3), bytes)
            default: return nil
            }
        }
        return nil
    }

    private mutating func varint() -> UInt64? {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while let byte = rest.popFirst() {
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
            shift += 7
            if shift > 63 { return nil }
        }
        return nil
    }

    private mutating func take(_ count: UInt64) -> ArraySlice<UInt8>? {
        guard count <= UInt64(rest.count) else { return nil }
        defer { rest = rest.dropFirst(Int(count)) }
        return rest.prefix(Int(count))
    }
}

/// Writes the fields of a protobuf message.
struct ProtobufWriter {
    private(set) var bytes: [UInt8] = []

    mutating func field(_ number: Int, _ content: some Collection<UInt8>) {
        varint(UInt64(number) << 3 | 2)
        varint(UInt64(content.count))
        bytes.append(contentsOf: content)
    }

    mutating func field(_ number: Int, varint value: UInt64) {
        varint(UInt64(number) << 3)
        varint(value)
    }

    private mutating func varint(_ value: UInt64) {
        var left = value
        while left >= 0x80 {
            bytes.append(UInt8(left & 0x7F | 0x80))
            left >>= 7
        }
        bytes.append(UInt8(left))
    }
}
