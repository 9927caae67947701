// SPDX-License-Identifier: Apache-2.0

/// Reads types in the notation of `Builtin.signature`:
///
///     any  null  boolean  number  string  any<T, T>
///     array[T]  array<T, T>  array<T>[T]  set[T]
///     object[K: V]  object<name: T, name: T>  object<name: T, ...>
///
/// The texts are the program's own, so what cannot be read is `any` rather than an error.
struct TypeReader {
    private let text: [UInt8]
    private var position = 0

    init(_ text: String) { self.text = Array(text.utf8) }

    static func type(_ text: String) -> RegoType {
        var reader = TypeReader(text)
        return reader.type()
    }

    mutating func skipSpace() {
        while position < text.count, text[position] == UInt8(ascii: " ") || text[position] == 10 {
            position += 1
        }
    }

    mutating func accept(_ token: StaticString) -> Bool {
        skipSpace()
        let matches = token.withUTF8Buffer { text[position...].starts(with: $0) }
        if matches { position += token.utf8CodeUnitCount }
        return matches
    }

    var isAtEnd: Bool { position >= text.count }

    private mutating func word() -> String {
        skipSpace()
        let start = position
        while position < text.count, Self.isWord(text[position]) { position += 1 }
        return String(decoding: text[start..<position], as: UTF8.self)
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        0x30...0x39 ~= byte || 0x61...0x7A ~= byte | 0x20 || byte == UInt8(ascii: "_")
    }

    mutating func type() -> RegoType {
        switch word() {
        case "null": return .null
        case "boolean": return .boolean
        case "number": return .number
        case "string": return .string
        case "any": return accept("<") ? RegoType.merging(list()) : .any
        case "set":
            guard accept("[") else { return .set(.any) }
            return .set(closed())
        case "array":
            let elements = accept("<") ? list() : []
            return .array(elements, rest: accept("[") ? closed() : nil)
        case "object": return object()
        default: return .any
        }
    }

    /// A type and the bracket behind it.
    private mutating func closed() -> RegoType {
        let result = type()
        _ = accept("]")
        return result
    }

    /// Types up to the closing `>`.
    private mutating func list() -> [RegoType] {
        var result: [RegoType] = []
        while !isAtEnd, !accept(">") {
            result.append(type())
            if !accept(",") {
                _ = accept(">")
                break
            }
        }
        return result
    }

    private mutating func object() -> RegoType {
        var properties: [RegoType.Property] = []
        var rest: RegoType.Rest?
        if accept("<") {
            while !isAtEnd, !accept(">") {
                if accept("...") {
                    rest = .init(key: .any, value: .any)
                } else {
                    let name = word()
                    _ = accept(":")
                    properties.append(.init(key: .string(name), type: type()))
                }
                if !accept(",") {
                    _ = accept(">")
                    break
                }
            }
        }
        if accept("[") {
            let key = type()
            _ = accept(":")
            rest = .init(key: key, value: closed())
        }
        return .object(properties.sorted { $0.key.text < $1.key.text }, rest: rest)
    }
}
