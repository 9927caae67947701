// SPDX-License-Identifier: Apache-2.0

/// Hand-made protobuf for tests: fields are byte arrays that are put one after the other.
enum Wire {
    static func varint(_ value: UInt64) -> [UInt8] {
        var rest = value
        var bytes: [UInt8] = []
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }

    static func number(_ field: UInt64, _ value: UInt64) -> [UInt8] {
        varint(field << 3) + varint(value)
    }

    static func bytes(_ field: UInt64, _ content: [UInt8]) -> [UInt8] {
        varint(field << 3 | 2) + varint(UInt64(content.count)) + content
    }

    static func text(_ field: UInt64, _ content: String) -> [UInt8] {
        bytes(field, Array(content.utf8))
    }

    static func message(_ field: UInt64, _ parts: [UInt8]...) -> [UInt8] {
        bytes(field, parts.flatMap { $0 })
    }

    static func entry(_ field: UInt64, _ key: String, _ value: String) -> [UInt8] {
        message(field, text(1, key), text(2, value))
    }

    /// A CheckRequest with this content of `attributes`.
    static func check(_ attributes: [UInt8]...) -> [UInt8] { bytes(1, attributes.flatMap { $0 }) }

    /// A CheckRequest with this content of `attributes.request.http`.
    static func http(_ parts: [UInt8]...) -> [UInt8] {
        check(message(4, bytes(2, parts.flatMap { $0 })))
    }
}
