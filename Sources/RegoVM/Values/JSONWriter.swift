// SPDX-License-Identifier: Apache-2.0

/// Bytes that grow in an arena.
public struct ByteBuilder {
    public let arena: Arena
    private(set) var base: UnsafeMutablePointer<UInt8>
    public private(set) var count = 0
    private var capacity: Int

    public init(_ arena: Arena, capacity: Int = 256) {
        self.arena = arena
        self.capacity = max(capacity, 16)
        base = arena.allocate(UInt8.self, count: self.capacity)
    }

    @inline(__always)
    public mutating func append(_ byte: UInt8) {
        if count == capacity { grow(1) }
        base[count] = byte
        count &+= 1
    }

    public mutating func append(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard let source = bytes.baseAddress, bytes.count > 0 else { return }
        if count &+ bytes.count > capacity { grow(bytes.count) }
        (base + count).update(from: source, count: bytes.count)
        count &+= bytes.count
    }

    public mutating func append(_ literal: StaticString) {
        append(UnsafeBufferPointer(start: literal.utf8Start, count: literal.utf8CodeUnitCount))
    }

    public mutating func append(_ integer: Int64) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: IntegerText.capacity) { buffer in
            let start = IntegerText.write(integer, into: buffer)
            append(UnsafeBufferPointer(rebasing: buffer[start...]))
        }
    }

    private mutating func grow(_ more: Int) {
        capacity = max(capacity * 2, count + more)
        let larger = arena.allocate(UInt8.self, count: capacity)
        larger.update(from: base, count: count)
        base = larger
    }

    public var bytes: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: base, count: count) }

    /// The bytes as a string value (they must be valid UTF-8).
    public var string: Value { .string(base, count) }
}

/// Writes values as JSON, keys sorted, without white space. Sets become sorted arrays; object keys
/// that are no strings become strings of their JSON text, as in OPA.
public enum JSONWriter {
    public static func append(_ value: Value, to output: inout ByteBuilder) {
        switch value.kind {
        case .undefined, .builder, .null: output.append("null")
        case .boolean: output.append(value.isTrue ? "true" : "false")
        case .integer: output.append(value.asInteger ?? 0)
        case .decimal: output.append(value.bytes)
        case .string: appendString(value.bytes, to: &output)
        case .array, .set:
            output.append(UInt8(ascii: "["))
            for index in 0..<value.count {
                if index > 0 { output.append(UInt8(ascii: ",")) }
                append(value.elements[index], to: &output)
            }
            output.append(UInt8(ascii: "]"))
        case .object: appendObject(value, to: &output)
        }
    }

    private static func appendObject(_ value: Value, to output: inout ByteBuilder) {
        output.append(UInt8(ascii: "{"))
        for index in 0..<value.count {
            if index > 0 { output.append(UInt8(ascii: ",")) }
            let key = value.keys[index]
            if key.isString {
                appendString(key.bytes, to: &output)
            } else {
                var text = ByteBuilder(output.arena)
                append(key, to: &text)
                appendString(text.bytes, to: &output)
            }
            output.append(UInt8(ascii: ":"))
            append(value.values[index], to: &output)
        }
        output.append(UInt8(ascii: "}"))
    }

    /// Writes a quoted string. `<`, `>`, `&`, U+2028 and U+2029 are escaped as Go's encoder does
    /// when `forHTML` is set (json.marshal does). Bytes that are no UTF-8 become U+FFFD.
    public static func appendString(
        _ bytes: UnsafeBufferPointer<UInt8>, to output: inout ByteBuilder, forHTML: Bool = false
    ) {
        output.append(UInt8(ascii: "\""))
        var start = 0
        var index = 0
        while index < bytes.count {
            if !forHTML { index = JSONText.plainEnd(bytes, from: index) }
            guard index < bytes.count else { break }
            let byte = bytes[index]
            if byte >= 0x80 {
                let (scalar, length) = Runes.decode(bytes, index)
                let isInvalid = scalar == Runes.replacement && length == 1
                if isInvalid || (forHTML && (scalar == 0x2028 || scalar == 0x2029)) {
                    output.append(UnsafeBufferPointer(rebasing: bytes[start..<index]))
                    output.append("\\u")
                    RegoText.appendHexadecimal(scalar, digits: 4, to: &output)
                    start = index &+ length
                }
                index &+= length
                continue
            }
            let isMarkup = forHTML && (byte == 0x3C || byte == 0x3E || byte == 0x26)
            guard byte < 0x20 || byte == 0x22 || byte == 0x5C || isMarkup else {
                index &+= 1
                continue
            }
            output.append(UnsafeBufferPointer(rebasing: bytes[start..<index]))
            appendEscape(byte, to: &output)
            index &+= 1
            start = index
        }
        output.append(UnsafeBufferPointer(rebasing: bytes[start..<bytes.count]))
        output.append(UInt8(ascii: "\""))
    }

    private static func appendEscape(_ byte: UInt8, to output: inout ByteBuilder) {
        output.append(UInt8(ascii: "\\"))
        switch byte {
        case 0x22, 0x5C: output.append(byte)
        case 0x0A: output.append(UInt8(ascii: "n"))
        case 0x0D: output.append(UInt8(ascii: "r"))
        case 0x09: output.append(UInt8(ascii: "t"))
        case 0x08: output.append(UInt8(ascii: "b"))
        case 0x0C: output.append(UInt8(ascii: "f"))
        default:
            output.append("u00")
            let digits: StaticString = "0123456789abcdef"
            output.append(digits.utf8Start[Int(byte >> 4)])
            output.append(digits.utf8Start[Int(byte & 15)])
        }
    }
}

extension Value: CustomStringConvertible {
    /// The value as JSON text. Allocates: for tests and messages.
    public var description: String {
        let arena = Arena(chunk: 1024)
        defer { arena.destroy() }
        var output = ByteBuilder(arena)
        JSONWriter.append(self, to: &output)
        return String(decoding: output.bytes, as: UTF8.self)
    }
}
