// SPDX-License-Identifier: Apache-2.0

import CText

/// Reads JSON text (RFC 8259) into a value.
///
/// Strings and numbers without escapes share the text, so it must outlive the value; the rest lives
/// in the arena. The reader is strict: UTF-8 is checked, nesting is bounded, nothing may follow the
/// document. Of a key that occurs twice the last value counts, as in OPA, and `hasDuplicateKeys`
/// says that it happened: two parsers that disagree about it are a way around a policy.
public struct JSONReader {
    let text: UnsafeBufferPointer<UInt8>
    let start: UnsafePointer<UInt8>
    let end: UnsafePointer<UInt8>
    /// Before this place a key and the bytes around it can be looked at without asking each time
    /// whether the text goes on: a quote, sixteen bytes, a quote, a colon. An interner wants to see
    /// each string, so that with one there is no such place.
    private let wideEnd: UnsafePointer<UInt8>
    let arena: Arena
    let interner: StringInterner?
    private var stack: JSONStack
    /// Room for what strings with escapes become. It is made for the first one, as large as the
    /// text that is left then: no string gets longer by decoding.
    /// With an interner, which copies them, it is used again for each.
    var decoded: UnsafeMutablePointer<UInt8>?
    var decodedCapacity = 0
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
        let nothing: StaticString = ""
        start = text.baseAddress ?? nothing.utf8Start
        end = start + text.count
        wideEnd = interner == nil && text.count >= 19 ? end - 18 : start
        self.arena = arena
        self.interner = interner
        stack = JSONStack(arena)
    }

    /// Reads the whole text as one document.
    public static func read(
        _ text: UnsafeBufferPointer<UInt8>, into arena: Arena
    ) throws(Failure) -> Value {
        var reader = JSONReader(text, arena: arena)
        return try reader.document()
    }

    func failure(_ code: Failure.Code, _ place: UnsafePointer<UInt8>) -> Failure {
        Failure(code: code, offset: place - start)
    }

    /// Something else was expected at `place`.
    private func unexpected(_ place: UnsafePointer<UInt8>) -> Failure {
        failure(place < end ? .unexpectedByte : .unexpectedEnd, place)
    }

    /// Steps over white space, of which compact text has hardly any.
    ///
    /// - Returns: the byte behind it; 0, which no grammar allows there, at the end of the text.
    @inline(__always)
    private func byte(at cursor: inout UnsafePointer<UInt8>) -> UInt8 {
        guard cursor < end else { return 0 }
        let byte = cursor.pointee
        if byte > 0x20 { return byte }
        cursor = spaceEnd(cursor)
        return cursor < end ? cursor.pointee : 0
    }

    private func spaceEnd(_ start: UnsafePointer<UInt8>) -> UnsafePointer<UInt8> {
        var cursor = start
        while cursor < end {
            switch cursor.pointee {
            case 0x20, 0x0A, 0x0D, 0x09: cursor += 1
            default: return cursor
            }
        }
        return cursor
    }

    // MARK: values

    /// Reads one value, with all that it holds, and nothing behind it: a loop over the bytes with
    /// the open collections on a stack, so that nesting costs no calls and values are written where
    /// they belong. Its place in the text stays in a register: what moves it returns where it went.
    public mutating func document() throws(Failure) -> Value {
        var cursor = start
        var frame = stack.frames
        var slot = stack.values
        while true {
            if slot == stack.valuesEnd { slot = stack.growValues() }
            if frame.pointee.isObject { cursor = try key(cursor, of: slot) }
            let first = byte(at: &cursor)
            switch first {
            case UInt8(ascii: "\""): cursor = try string(cursor, into: slot)
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                // `}` and `]` come two places after their opening bytes.
                if try open(first &+ 2, &cursor, slot) {
                    frame = stack.lastFrame
                    slot += 1
                    continue
                }
            case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
                cursor = try number(cursor, into: slot)
            case UInt8(ascii: "t"): cursor = try word("true", .true, cursor, into: slot)
            case UInt8(ascii: "f"): cursor = try word("false", .false, cursor, into: slot)
            case UInt8(ascii: "n"): cursor = try word("null", .null, cursor, into: slot)
            default: throw unexpected(cursor)
            }
            slot += 1
            // A value is complete; it may be the last one of its collection, and so on.
            while true {
                let next = byte(at: &cursor)
                if next == frame.pointee.separator { break }
                guard next == frame.pointee.closing else {
                    guard frame == stack.frames else { throw unexpected(cursor) }
                    guard cursor == end else { throw failure(.trailingBytes, cursor) }
                    return stack.values.pointee
                }
                cursor += 1
                slot = close(slot)
                frame = stack.lastFrame
            }
            cursor += 1
        }
    }

    @inline(__always)
    private mutating func word(
        _ literal: StaticString, _ value: Value, _ cursor: UnsafePointer<UInt8>,
        into slot: UnsafeMutablePointer<Value>
    ) throws(Failure) -> UnsafePointer<UInt8> {
        let count = literal.utf8CodeUnitCount
        guard end - cursor >= count, text_equal(cursor, literal.utf8Start, count) else {
            throw wordFailure(literal, cursor)
        }
        slot.pointee = value
        return cursor + count
    }

    private mutating func wordFailure(
        _ literal: StaticString, _ start: UnsafePointer<UInt8>
    ) -> Failure {
        let count = min(end - start, literal.utf8CodeUnitCount)
        let isCut = text_equal(start, literal.utf8Start, count)
        return failure(isCut ? .unexpectedEnd : .unexpectedByte, start)
    }

    // MARK: collections

    /// Steps into a collection; an empty one is complete at once.
    ///
    /// - Returns: true when it is open.
    @inline(__always)
    private mutating func open(
        _ closing: UInt8, _ cursor: inout UnsafePointer<UInt8>,
        _ slot: UnsafeMutablePointer<Value>
    ) throws(Failure) -> Bool {
        guard stack.depth < Limits.jsonDepth else { throw failure(.tooDeep, cursor) }
        cursor += 1
        if byte(at: &cursor) == closing {
            cursor += 1
            let empty = closing == UInt8(ascii: "}") ? Value.emptyObject : .emptyArray
            slot.pointee = empty
            stack.lastFrame.pointee.add(empty)
            return false
        }
        stack.push(JSONFrame(base: stack.offset(of: slot + 1), closing: closing))
        return true
    }

    /// Reads the key of the value that will lie in `slot`, and steps over the colon behind it.
    @inline(__always)
    private mutating func key(
        _ start: UnsafePointer<UInt8>, of slot: UnsafeMutablePointer<Value>
    ) throws(Failure) -> UnsafePointer<UInt8> {
        let place = stack.offset(of: slot)
        guard start < wideEnd, start.pointee == UInt8(ascii: "\"") else {
            return try unusualKey(start, place)
        }
        let content = start + 1
        let count = text_plain_run16(content)
        guard content[count] == UInt8(ascii: "\""), content[count &+ 1] == UInt8(ascii: ":") else {
            return try unusualKey(start, place)
        }
        stack.key(at: place).setString(content, count)
        stack.prefix(at: place).pointee = text_short_prefix(content, count)
        return content + (count &+ 2)
    }

    /// A key that is long, not plain ASCII, near the end of the text or not where it should be.
    private mutating func unusualKey(
        _ start: UnsafePointer<UInt8>, _ place: Int
    ) throws(Failure) -> UnsafePointer<UInt8> {
        var cursor = start
        guard byte(at: &cursor) == UInt8(ascii: "\"") else { throw unexpected(cursor) }
        let key = stack.key(at: place)
        cursor = try longString(cursor, from: cursor + 1, into: key)
        stack.prefix(at: place).pointee = key.pointee.prefix
        guard byte(at: &cursor) == UInt8(ascii: ":") else { throw unexpected(cursor) }
        return cursor + 1
    }

    /// Makes a collection of the parts of the innermost frame up to `top`, and puts it in its
    /// place, which lies before them.
    ///
    /// - Returns: the place behind it.
    @inline(never)
    private mutating func close(
        _ top: UnsafeMutablePointer<Value>
    ) -> UnsafeMutablePointer<Value> {
        let frame = stack.lastFrame
        let base = frame.pointee.base
        let parts = stack.value(at: base)
        let count = JSONStack.count(from: parts, to: top)
        if frame.pointee.isObject {
            let keys = stack.key(at: base)
            let shape = frame.pointee.shape(count &* 2)
            if !parts.setSmallObject(keys, stack.prefix(at: base), count, shape, in: arena) {
                setObject(keys, parts, count)
            }
        } else {
            let elements = arena.values(count)
            elements.update(from: parts, count: count)
            (parts - 1).pointee = Value(
                kind: .array, pointer: UnsafeRawPointer(elements), length: count,
                parts: frame.pointee.shape(count))
        }
        stack.popFrame()
        stack.lastFrame.pointee.add((parts - 1).pointee)
        return parts
    }

    /// Puts an object that is large, or has a key more than once, in the place before its values.
    @inline(never)
    private mutating func setObject(
        _ keys: UnsafePointer<Value>, _ values: UnsafeMutablePointer<Value>, _ count: Int
    ) {
        let builder = CollectionBuilder.object(in: arena, capacity: count)
        for index in 0..<count { builder.update(keys[index], values[index]) }
        if builder.count != count { hasDuplicateKeys = true }
        (values - 1).pointee = builder.finish()
    }

    // MARK: numbers and strings

    @inline(__always)
    private mutating func number(
        _ start: UnsafePointer<UInt8>, into slot: UnsafeMutablePointer<Value>
    ) throws(Failure) -> UnsafePointer<UInt8> {
        var magnitude: UInt64 = 0
        var cursor = start
        while cursor < end, cursor.pointee &- 0x30 <= 9 {
            magnitude = magnitude &* 10 &+ UInt64(cursor.pointee &- 0x30)
            cursor += 1
        }
        let digits = cursor - start
        guard digits == 1 || start.pointee > UInt8(ascii: "0") && digits <= 18,
            cursor == end || JSONNumber.ends(before: cursor.pointee)
        else { return try unusualNumber(start, into: slot) }
        slot.pointee = .integer(Int64(truncatingIfNeeded: magnitude))
        return cursor
    }

    /// A number that is not merely a few digits.
    private mutating func unusualNumber(
        _ cursor: UnsafePointer<UInt8>, into slot: UnsafeMutablePointer<Value>
    ) throws(Failure) -> UnsafePointer<UInt8> {
        guard let numberEnd = JSONNumber.end(text, from: cursor - start) else {
            throw failure(.invalidNumber, cursor)
        }
        let next = start + numberEnd
        let digits = UnsafeBufferPointer(start: cursor, count: next - cursor)
        if let integer = JSONNumber.integer(digits) {
            slot.pointee = .integer(integer)
        } else if let interner {
            slot.pointee = interner.decimal(digits)
        } else {
            slot.pointee = Value(
                kind: .decimal, pointer: UnsafeRawPointer(cursor), length: digits.count)
        }
        return next
    }

    @inline(__always)
    private mutating func string(
        _ cursor: UnsafePointer<UInt8>, into slot: UnsafeMutablePointer<Value>
    ) throws(Failure) -> UnsafePointer<UInt8> {
        let content = cursor + 1
        guard cursor < wideEnd else { return try longString(cursor, from: content, into: slot) }
        let count = text_plain_run16(content)
        guard content[count] == UInt8(ascii: "\"") else {
            return try longString(cursor, from: content + count, into: slot)
        }
        slot.setString(content, count)
        return content + (count &+ 1)
    }
}
