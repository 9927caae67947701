// SPDX-License-Identifier: Apache-2.0

/// Reads JSON text (RFC 8259) into a value.
///
/// Strings and numbers without escapes share the text, so it must outlive the value; the rest lives
/// in the arena. The reader is strict: UTF-8 is checked, nesting is bounded, nothing may follow the
/// document. Of a key that occurs twice the last value counts, as in OPA, and `hasDuplicateKeys` says
/// that it happened: two parsers that disagree about it are a way around a policy.
public struct JSONReader {
    private let text: UnsafeBufferPointer<UInt8>
    private var position = 0
    private let arena: Arena
    private let interner: StringInterner?
    private var stack: ValueStack
    private var depth = 0
    public private(set) var hasDuplicateKeys = false

    public struct Failure: Error, Equatable {
        public enum Code: String, Sendable {
            case unexpectedEnd = "json_unexpected_end"
            case unexpectedByte = "json_unexpected_byte"
            case invalidNumber = "json_invalid_number"
            case invalidString = "json_invalid_string"
            case invalidUTF8 = "json_invalid_utf8"
            case tooDeep = "json_too_deep"
            case trailingBytes = "json_trailing_bytes"
        }
        public let code: Code
        /// Byte offset in the text.
        public let offset: Int
    }

    /// - Parameter interner: when given, every string and decimal is stored once in the interner's
    ///   arena, and the value no longer needs the text.
    public init(_ text: UnsafeBufferPointer<UInt8>, arena: Arena, interner: StringInterner? = nil) {
        self.text = text
        self.arena = arena
        self.interner = interner
        stack = ValueStack(arena)
    }

    /// Reads the whole text as one document.
    public static func read(
        _ text: UnsafeBufferPointer<UInt8>, into arena: Arena
    ) throws(Failure) -> Value {
        var reader = JSONReader(text, arena: arena)
        return try reader.document()
    }

    public mutating func document() throws(Failure) -> Value {
        let result = try value()
        skipSpace()
        guard position == text.count else { throw failure(.trailingBytes) }
        return result
    }

    private func failure(_ code: Failure.Code) -> Failure { Failure(code: code, offset: position) }

    private mutating func skipSpace() {
        while position < text.count {
            switch text[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position &+= 1
            default: return
            }
        }
    }

    private mutating func value() throws(Failure) -> Value {
        skipSpace()
        guard position < text.count else { throw failure(.unexpectedEnd) }
        switch text[position] {
        case UInt8(ascii: "{"): return try object()
        case UInt8(ascii: "["): return try array()
        case UInt8(ascii: "\""): return try string()
        case UInt8(ascii: "t"): return try word("true", .true)
        case UInt8(ascii: "f"): return try word("false", .false)
        case UInt8(ascii: "n"): return try word("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        default: throw failure(.unexpectedByte)
        }
    }

    private mutating func word(_ literal: StaticString, _ value: Value) throws(Failure) -> Value {
        let count = literal.utf8CodeUnitCount
        for index in 0..<count {
            guard position &+ index < text.count else { throw failure(.unexpectedEnd) }
            guard text[position &+ index] == literal.utf8Start[index] else { throw failure(.unexpectedByte) }
        }
        position &+= count
        return value
    }

    private mutating func enter() throws(Failure) {
        depth += 1
        guard depth <= Limits.jsonDepth else { throw failure(.tooDeep) }
        position &+= 1
        skipSpace()
    }

    private mutating func array() throws(Failure) -> Value {
        try enter()
        let base = stack.count
        if position < text.count, text[position] == UInt8(ascii: "]") {
            position &+= 1
            depth -= 1
            return .emptyArray
        }
        while true {
            let element = try value()
            stack.push(element)
            if try !more(closing: UInt8(ascii: "]")) { break }
        }
        depth -= 1
        let count = stack.count - base
        let elements = arena.values(count)
        elements.update(from: stack.base + base, count: count)
        stack.count = base
        return .array(sharing: elements, count: count)
    }

    /// Steps over a comma (true) or the closing byte (false).
    private mutating func more(closing: UInt8) throws(Failure) -> Bool {
        skipSpace()
        guard position < text.count else { throw failure(.unexpectedEnd) }
        let byte = text[position]
        guard byte == closing || byte == UInt8(ascii: ",") else { throw failure(.unexpectedByte) }
        position &+= 1
        return byte != closing
    }

    private mutating func object() throws(Failure) -> Value {
        try enter()
        let base = stack.count
        if position < text.count, text[position] == UInt8(ascii: "}") {
            position &+= 1
            depth -= 1
            return .emptyObject
        }
        while true {
            skipSpace()
            guard position < text.count else { throw failure(.unexpectedEnd) }
            guard text[position] == UInt8(ascii: "\"") else { throw failure(.unexpectedByte) }
            let key = try string()
            skipSpace()
            guard position < text.count else { throw failure(.unexpectedEnd) }
            guard text[position] == UInt8(ascii: ":") else { throw failure(.unexpectedByte) }
            position &+= 1
            let element = try value()
            stack.push(key)
            stack.push(element)
            if try !more(closing: UInt8(ascii: "}")) { break }
        }
        depth -= 1
        return closeObject(base)
    }

    /// Lays out the pairs above `base` on the stack as an object.
    private mutating func closeObject(_ base: Int) -> Value {
        let count = (stack.count - base) / 2
        let pairs = stack.base + base
        stack.count = base
        if count <= smallCollection { return smallObject(pairs, count) }
        let builder = CollectionBuilder.object(in: arena, capacity: count)
        for index in 0..<count { builder.update(pairs[index * 2], pairs[index * 2 + 1]) }
        if builder.count != count { hasDuplicateKeys = true }
        return builder.finish()
    }

    /// Insertion sort straight into place: most objects are small.
    private mutating func smallObject(_ pairs: UnsafePointer<Value>, _ count: Int) -> Value {
        let keys = arena.values(count * 2)
        let values = keys + count
        var stored = 0
        for index in 0..<count {
            let key = pairs[index * 2]
            var hole = stored
            var order = 1
            while hole > 0 {
                order = keys[hole - 1].compare(key)
                if order <= 0 { break }
                hole -= 1
            }
            if hole > 0 && order == 0 {
                hasDuplicateKeys = true
                values[hole - 1] = pairs[index * 2 + 1]
                continue
            }
            var moving = stored
            while moving > hole {
                keys[moving] = keys[moving - 1]
                values[moving] = values[moving - 1]
                moving -= 1
            }
            keys[hole] = key
            values[hole] = pairs[index * 2 + 1]
            stored += 1
        }
        if stored < count { (keys + stored).update(from: values, count: stored) }
        let parts = max(Value.nesting(keys, stored), Value.nesting(keys + stored, stored))
        return Value(
            kind: .object, pointer: UnsafeRawPointer(keys), length: stored, parts: parts)
    }

    private mutating func number() throws(Failure) -> Value {
        let start = position
        guard let end = JSONNumber.end(text, from: position) else { throw failure(.invalidNumber) }
        position = end
        let digits = UnsafeBufferPointer(rebasing: text[start..<end])
        if let integer = JSONNumber.integer(digits) { return .integer(integer) }
        if let interner { return interner.decimal(digits) }
        return Value(kind: .decimal, pointer: UnsafeRawPointer(digits.baseAddress), length: digits.count)
    }

    private mutating func string() throws(Failure) -> Value {
        position &+= 1
        let start = position
        var isASCII = true
        while true {
            position = JSONText.plainEnd(text, from: position)
            guard position < text.count else { throw failure(.unexpectedEnd) }
            let byte = text[position]
            if byte == UInt8(ascii: "\"") { break }
            if byte == UInt8(ascii: "\\") { return try escapedString(from: start) }
            guard byte >= 0x80 else { throw failure(.invalidString) }
            isASCII = false
            position &+= 1
        }
        let bytes = UnsafeBufferPointer(rebasing: text[start..<position])
        guard isASCII || UTF8Text.isValid(bytes) else {
            position = start
            throw failure(.invalidUTF8)
        }
        position &+= 1
        return interner?.string(bytes) ?? .string(sharing: bytes)
    }

    private mutating func escapedString(from start: Int) throws(Failure) -> Value {
        var end = position
        while end < text.count, text[end] != UInt8(ascii: "\"") {
            end += text[end] == UInt8(ascii: "\\") ? 2 : 1
        }
        guard end < text.count else { throw failure(.unexpectedEnd) }
        let raw = UnsafeBufferPointer(rebasing: text[start..<end])
        let memory = arena.allocate(UInt8.self, count: raw.count)
        guard let count = JSONText.unescape(raw, into: memory) else { throw failure(.invalidString) }
        let bytes = UnsafeBufferPointer(start: UnsafePointer(memory), count: count)
        guard UTF8Text.isValid(bytes) else { throw failure(.invalidUTF8) }
        position = end &+ 1
        return interner?.string(bytes) ?? .string(sharing: bytes)
    }
}

/// Values read so far of collections that are still open.
struct ValueStack {
    let arena: Arena
    var base: UnsafeMutablePointer<Value>
    var count = 0
    var capacity = 32

    init(_ arena: Arena) {
        self.arena = arena
        base = arena.values(capacity)
    }

    mutating func push(_ value: Value) {
        if count == capacity {
            let larger = arena.values(capacity * 2)
            larger.update(from: base, count: count)
            base = larger
            capacity *= 2
        }
        base[count] = value
        count &+= 1
    }
}
