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
    private var frames: JSONFrames
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
        frames = JSONFrames(arena)
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

    // MARK: values

    /// Reads one value, with all that it holds: a loop over the bytes with the open collections on
    /// a stack, so that nesting costs no calls and values are written where they belong.
    private mutating func value() throws(Failure) -> Value {
        while true {
            stack.reserve()
            guard try !scalarOrOpening() else { continue }
            // A value is complete; it may be the last one of its collection, and so on.
            while let frame = frames.last {
                stack.count &+= 1
                if try more(closing: frame.pointee.closing) {
                    if frame.pointee.isObject { try key() }
                    break
                }
                frames.count &-= 1
                close(frame)
            }
            if frames.count == 0 { return stack.base[stack.count] }
        }
    }

    /// Writes a value at the top of the stack, or opens a collection that is not empty.
    ///
    /// - Returns: true when one was opened.
    @inline(__always)
    private mutating func scalarOrOpening() throws(Failure) -> Bool {
        skipSpace()
        guard position < text.count else { throw failure(.unexpectedEnd) }
        let slot = stack.base + stack.count
        switch text[position] {
        case UInt8(ascii: "\""): try string(into: slot)
        case UInt8(ascii: "{"): return try open(UInt8(ascii: "}"), .emptyObject)
        case UInt8(ascii: "["): return try open(UInt8(ascii: "]"), .emptyArray)
        case UInt8(ascii: "t"): slot.pointee = try word("true", .true)
        case UInt8(ascii: "f"): slot.pointee = try word("false", .false)
        case UInt8(ascii: "n"): slot.pointee = try word("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            slot.pointee = try number()
        default: throw failure(.unexpectedByte)
        }
        return false
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

    // MARK: collections

    /// Steps into a collection; an empty one is complete at once.
    private mutating func open(_ closing: UInt8, _ empty: Value) throws(Failure) -> Bool {
        guard frames.count < Limits.jsonDepth else { throw failure(.tooDeep) }
        position &+= 1
        skipSpace()
        if position < text.count, text[position] == closing {
            position &+= 1
            stack.base[stack.count] = empty
            frames.last?.pointee.add(empty)
            return false
        }
        let frame = JSONFrame(base: stack.count, closing: closing)
        frames.push(frame)
        if frame.isObject { try key() }
        return true
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

    /// Pushes a key, and steps over the colon behind it.
    @inline(__always)
    private mutating func key() throws(Failure) {
        skipSpace()
        guard position < text.count else { throw failure(.unexpectedEnd) }
        guard text[position] == UInt8(ascii: "\"") else { throw failure(.unexpectedByte) }
        stack.reserve()
        try string(into: stack.base + stack.count)
        stack.count &+= 1
        skipSpace()
        guard position < text.count else { throw failure(.unexpectedEnd) }
        guard text[position] == UInt8(ascii: ":") else { throw failure(.unexpectedByte) }
        position &+= 1
    }

    /// Makes a collection of what lies above `frame` on the stack, and puts it in their place.
    private mutating func close(_ frame: UnsafeMutablePointer<JSONFrame>) {
        let base = frame.pointee.base
        let parts = stack.base + base
        let count = stack.count &- base
        let shape = frame.pointee.shape(count)
        let value: Value
        if !frame.pointee.isObject {
            let elements = arena.values(count)
            elements.update(from: parts, count: count)
            value = Value(
                kind: .array, pointer: UnsafeRawPointer(elements), length: count, parts: shape)
        } else if count <= smallCollection * 2,
            let object = Value.smallObject(of: parts, count / 2, shape, in: arena)
        {
            value = object
        } else {
            let builder = CollectionBuilder.object(in: arena, capacity: count / 2)
            for index in 0..<(count / 2) { builder.update(parts[index * 2], parts[index * 2 + 1]) }
            if builder.count * 2 != count { hasDuplicateKeys = true }
            value = builder.finish()
        }
        parts.pointee = value
        stack.count = base
        frames.last?.pointee.add(value)
    }

    // MARK: numbers and strings

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

    @inline(__always)
    private mutating func string(into slot: UnsafeMutablePointer<Value>) throws(Failure) {
        let start = position &+ 1
        let end = JSONText.plainEnd(text, from: start)
        guard end < text.count, text[end] == UInt8(ascii: "\"") else {
            slot.pointee = try unusualString(from: start, plainTo: end)
            return
        }
        position = end &+ 1
        if interner == nil, let base = text.baseAddress {
            slot.setString(base + start, end &- start)
        } else {
            slot.pointee = string(UnsafeBufferPointer(rebasing: text[start..<end]))
        }
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
