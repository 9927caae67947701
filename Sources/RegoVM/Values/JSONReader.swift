// SPDX-License-Identifier: Apache-2.0

/// Reads JSON text (RFC 8259) into a value.
///
/// Strings and numbers without escapes share the text, so it must outlive the value; the rest lives
/// in the arena. The reader is strict: UTF-8 is checked, nesting is bounded, nothing may follow the
/// document. Of a key that occurs twice the last value counts, as in OPA, and `hasDuplicateKeys`
/// says that it happened: two parsers that disagree about it are a way around a policy.
public struct JSONReader {
    private let text: UnsafeBufferPointer<UInt8>
    private var position = 0
    private let arena: Arena
    private let interner: StringInterner?
    private var stack: ValueStack
    private var depth = 0
    /// Room for what strings with escapes become. It is made for the first one, as large as the
    /// text that is left then: no string gets longer by decoding.
    /// With an interner, which copies them, it is used again for each.
    private var decoded: UnsafeMutablePointer<UInt8>?
    private var decodedCapacity = 0
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

    /// Compact text has hardly any white space: mostly one comparison is all.
    @inline(__always)
    private mutating func skipSpace() {
        if position < text.count, text[position] <= 0x20 { skipSpaces() }
    }

    private mutating func skipSpaces() {
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
            guard text[position &+ index] == literal.utf8Start[index] else {
                throw failure(.unexpectedByte)
            }
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
    @inline(__always)
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
        var parts = Shape()
        repeat {
            let key = try key()
            let element = try value()
            stack.push(key)
            stack.push(element)
            parts.weight &+= 1
            parts.add(element)
        } while try more(closing: UInt8(ascii: "}"))
        depth -= 1
        return closeObject(base, parts)
    }

    /// A key and the colon behind it.
    @inline(__always)
    private mutating func key() throws(Failure) -> Value {
        skipSpace()
        guard position < text.count else { throw failure(.unexpectedEnd) }
        guard text[position] == UInt8(ascii: "\"") else { throw failure(.unexpectedByte) }
        let key = try string()
        skipSpace()
        guard position < text.count else { throw failure(.unexpectedEnd) }
        guard text[position] == UInt8(ascii: ":") else { throw failure(.unexpectedByte) }
        position &+= 1
        return key
    }

    /// Lays out the pairs above `base` on the stack as an object.
    ///
    /// - Parameter parts: what its keys and values are together.
    private mutating func closeObject(_ base: Int, _ parts: Shape) -> Value {
        let count = (stack.count - base) / 2
        let pairs = stack.base + base
        stack.count = base
        if count <= smallCollection { return smallObject(pairs, count, parts) }
        let builder = CollectionBuilder.object(in: arena, capacity: count)
        for index in 0..<count { builder.update(pairs[index * 2], pairs[index * 2 + 1]) }
        if builder.count != count { hasDuplicateKeys = true }
        return builder.finish()
    }

    /// Insertion sort straight into place: most objects are small.
    private mutating func smallObject(
        _ pairs: UnsafePointer<Value>, _ count: Int, _ parts: Shape
    ) -> Value {
        let keys = arena.values(count * 2)
        let values = keys + count
        var stored = 0
        for index in 0..<count {
            let key = pairs + index * 2
            var hole = stored
            var order = 1
            while hole > 0 {
                order = Self.order(keys + (hole - 1), key)
                if order <= 0 { break }
                hole -= 1
            }
            if hole > 0 && order == 0 {
                hasDuplicateKeys = true
                values[hole - 1] = pairs[index * 2 + 1]
                continue
            }
            // `update` moves a value as 16 bytes, an assignment moves it field by field.
            var moving = stored
            while moving > hole {
                (keys + moving).update(from: keys + (moving - 1), count: 1)
                (values + moving).update(from: values + (moving - 1), count: 1)
                moving -= 1
            }
            (keys + hole).update(from: key, count: 1)
            (values + hole).update(from: key + 1, count: 1)
            stored += 1
        }
        guard stored == count else {
            // Of a key that came again an earlier value may have been the deepest.
            (keys + stored).update(from: values, count: stored)
            return Value(
                kind: .object, pointer: UnsafeRawPointer(keys), length: stored,
                parts: Shape(keys, stored * 2))
        }
        return Value(
            kind: .object, pointer: UnsafeRawPointer(keys), length: count, parts: parts)
    }

    /// The order of two strings; mostly their first bytes tell.
    @inline(__always)
    private static func order(_ left: UnsafePointer<Value>, _ right: UnsafePointer<Value>) -> Int {
        if left.pointee.length > 0, right.pointee.length > 0,
            let first = left.pointee.pointer?.load(as: UInt8.self),
            let other = right.pointee.pointer?.load(as: UInt8.self), first != other
        {
            return first < other ? -1 : 1
        }
        return compareBytes(left.pointee.bytes, right.pointee.bytes)
    }

    private mutating func number() throws(Failure) -> Value {
        let start = position
        guard let end = JSONNumber.end(text, from: position) else { throw failure(.invalidNumber) }
        position = end
        let digits = UnsafeBufferPointer(rebasing: text[start..<end])
        if let integer = JSONNumber.integer(digits) { return .integer(integer) }
        if let interner { return interner.decimal(digits) }
        return Value(
            kind: .decimal, pointer: UnsafeRawPointer(digits.baseAddress), length: digits.count)
    }

    private mutating func string() throws(Failure) -> Value {
        let start = position &+ 1
        let end = JSONText.plainEnd(text, from: start)
        guard end < text.count, text[end] == UInt8(ascii: "\"") else {
            return try unusualString(from: start, plainTo: end)
        }
        position = end &+ 1
        return string(UnsafeBufferPointer(rebasing: text[start..<end]))
    }

    /// A string that is not plain ASCII up to its end, or that has none.
    private mutating func unusualString(
        from start: Int, plainTo plainEnd: Int
    ) throws(Failure) -> Value {
        var end = plainEnd
        while end < text.count, text[end] >= 0x80 {
            position = end
            let width = UTF8Text.width(text, at: end)
            guard width > 0 else { throw failure(.invalidUTF8) }
            end = JSONText.plainEnd(text, from: end &+ width)
        }
        position = end
        guard end < text.count else { throw failure(.unexpectedEnd) }
        guard text[end] == UInt8(ascii: "\"") else {
            guard text[end] == UInt8(ascii: "\\") else { throw failure(.invalidString) }
            return try escapedString(from: start)
        }
        position = end &+ 1
        return string(UnsafeBufferPointer(rebasing: text[start..<end]))
    }

    @inline(__always)
    private func string(_ bytes: UnsafeBufferPointer<UInt8>) -> Value {
        interner?.string(bytes) ?? .string(sharing: bytes)
    }

    /// A string with at least one escape: decoded in one pass.
    private mutating func escapedString(from start: Int) throws(Failure) -> Value {
        let memory = roomForDecoding(from: start)
        var count = 0
        position = start
        while true {
            let end = JSONText.copyPlain(text, from: position, into: memory + count)
            count &+= end &- position
            position = end
            guard end < text.count else { throw failure(.unexpectedEnd) }
            let byte = text[end]
            if byte == UInt8(ascii: "\"") { break }
            if byte == UInt8(ascii: "\\") {
                guard let escape = JSONText.unescape(text, at: end, into: memory + count) else {
                    throw failure(.invalidString)
                }
                position = escape.end
                count &+= escape.written
                continue
            }
            guard byte >= 0x80 else { throw failure(.invalidString) }
            let width = UTF8Text.width(text, at: end)
            guard width > 0 else { throw failure(.invalidUTF8) }
            for index in 0..<width { memory[count &+ index] = text[end &+ index] }
            position &+= width
            count &+= width
        }
        position &+= 1
        if interner == nil { decoded = memory + count }
        return string(UnsafeBufferPointer(start: UnsafePointer(memory), count: count))
    }

    private mutating func roomForDecoding(from start: Int) -> UnsafeMutablePointer<UInt8> {
        guard interner != nil else {
            return decoded ?? arena.allocate(UInt8.self, count: text.count &- start)
        }
        var end = position
        while end < text.count, text[end] != UInt8(ascii: "\"") {
            end &+= text[end] == UInt8(ascii: "\\") ? 2 : 1
        }
        // `copyPlain` writes whole words.
        let needed = end &- start &+ 8
        if let decoded, needed <= decodedCapacity { return decoded }
        decodedCapacity = max(needed, decodedCapacity &* 2)
        let memory = arena.allocate(UInt8.self, count: decodedCapacity)
        decoded = memory
        return memory
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

    @inline(__always)
    mutating func push(_ value: Value) {
        if count == capacity { grow() }
        base[count] = value
        count &+= 1
    }

    private mutating func grow() {
        let larger = arena.values(capacity * 2)
        larger.update(from: base, count: count)
        base = larger
        capacity *= 2
    }
}
