// SPDX-License-Identifier: Apache-2.0
import CText

/// A Rego value: 16 trivial bytes, copied freely, never reference counted.
///
/// Scalars live in the value itself. Strings and collections point into memory that somebody else
/// owns: the request message, the evaluation's `Arena`, or the constants and data of a loaded
/// policy. All of them outlive the decision, and nothing that a value points to ever changes.
///
/// | kind | `bits` | `length` |
/// | --- | --- | --- |
/// | boolean | 0 or 1 | |
/// | integer | two's complement Int64 | |
/// | decimal | pointer to the number as written | bytes |
/// | string | pointer to UTF-8 | bytes |
/// | array | pointer to the elements | elements |
/// | object | pointer to sorted keys, then their values, then the hash slots | entries |
/// | set | pointer to sorted elements, then the hash slots | elements |
@frozen
public struct Value: @unchecked Sendable {
    @usableFromInline var bits: UInt64
    /// From the low end: 32 bits of the length, 8 of the kind, 24 of the shape.
    ///
    /// One word, because a value then travels in two registers. As fields of their own each would
    /// take one, and every call that a value goes through would pack and unpack them.
    @usableFromInline var head: UInt64

    /// Kinds in the order in which Rego sorts values. `integer` and `decimal` are both numbers.
    @frozen
    public enum Kind: UInt8, Sendable {
        /// No value at all. Builtins return it to say "undefined".
        case undefined
        case null
        case boolean
        case integer
        case decimal
        case string
        case array
        case object
        case set
        /// A collection that the machine is still filling; no policy ever sees it.
        case builder
    }

    @inlinable
    init(kind: Kind, bits: UInt64, length: UInt32 = 0) {
        self.bits = bits
        head = UInt64(length) | UInt64(kind.rawValue) << Self.kindShift
    }

    @inlinable
    init(kind: Kind, pointer: UnsafeRawPointer?, length: Int) {
        self.init(
            kind: kind, bits: UInt64(UInt(bitPattern: pointer)),
            length: UInt32(truncatingIfNeeded: length))
    }

    /// A collection of such parts.
    init(kind: Kind, pointer: UnsafeRawPointer?, length: Int, parts: Shape) {
        self.init(kind: kind, pointer: pointer, length: length)
        head |= parts.packed << Self.shapeShift
    }

    @usableFromInline static var kindShift: UInt64 { 32 }
    static var shapeShift: UInt64 { 40 }

    @inlinable
    public var kind: Kind {
        unsafeBitCast(UInt8(truncatingIfNeeded: head >> Self.kindShift), to: Kind.self)
    }

    @inlinable
    var length: UInt32 {
        get { UInt32(truncatingIfNeeded: head) }
        set { head = head & ~0xFFFF_FFFF | UInt64(newValue) }
    }

    /// How deep a collection nests, and about how many values it holds: see `Shape`. 0 for all
    /// other values.
    var shape: UInt64 { head >> Self.shapeShift }

    @inlinable
    var pointer: UnsafeRawPointer? { UnsafeRawPointer(bitPattern: UInt(bits)) }
}

// MARK: Making values

extension Value {
    public static let undefined = Value(kind: .undefined, bits: 0)
    public static let null = Value(kind: .null, bits: 0)
    public static let `true` = Value(kind: .boolean, bits: 1)
    public static let `false` = Value(kind: .boolean, bits: 0)
    public static let emptyString = Value(kind: .string, bits: 0)
    public static let emptyArray = Value(kind: .array, pointer: nil, length: 0, parts: Shape())
    public static let emptyObject = Value(kind: .object, pointer: nil, length: 0, parts: Shape())
    public static let emptySet = Value(kind: .set, pointer: nil, length: 0, parts: Shape())

    @inlinable
    public static func boolean(_ value: Bool) -> Value {
        Value(kind: .boolean, bits: value ? 1 : 0)
    }

    @inlinable
    public static func integer(_ value: Int64) -> Value {
        Value(kind: .integer, bits: UInt64(bitPattern: value))
    }

    @inlinable
    public static func integer(_ value: Int) -> Value { integer(Int64(value)) }

    /// A string that shares `bytes`, which must be valid UTF-8 and outlive the value.
    @inlinable
    public static func string(sharing bytes: UnsafeBufferPointer<UInt8>) -> Value {
        Value(kind: .string, pointer: UnsafeRawPointer(bytes.baseAddress), length: bytes.count)
    }

    @inlinable
    public static func string(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Value {
        Value(kind: .string, pointer: UnsafeRawPointer(start), length: count)
    }

    /// A literal's bytes live as long as the program.
    @inlinable
    public static func string(_ literal: StaticString) -> Value {
        string(literal.utf8Start, literal.utf8CodeUnitCount)
    }

    /// An array that shares `elements`, which must outlive the value.
    public static func array(sharing elements: UnsafePointer<Value>?, count: Int) -> Value {
        Value(
            kind: .array, pointer: UnsafeRawPointer(elements), length: count,
            parts: Shape(elements, count))
    }
}

// MARK: Reading values

extension Value {
    @inlinable public var isUndefined: Bool { kind == .undefined }
    @inlinable public var isDefined: Bool { kind != .undefined }
    @inlinable public var isNumber: Bool { kind == .integer || kind == .decimal }
    @inlinable public var isString: Bool { kind == .string }
    @inlinable public var isCollection: Bool { kind.rawValue >= Kind.array.rawValue }
    /// Rego's truth: everything that is defined and not `false`.
    @inlinable public var isTruthy: Bool {
        kind != .undefined && !(kind == .boolean && bits == 0)
    }
    /// True only for the boolean `true`.
    @inlinable public var isTrue: Bool { kind == .boolean && bits == 1 }

    /// The elements of a collection, the bytes of a string or decimal; 0 for all others.
    @inlinable public var count: Int { Int(length) }

    @inlinable public var asBoolean: Bool? { kind == .boolean ? bits == 1 : nil }
    /// Only for kind `.integer`; a decimal such as `1.0` is nil here (see `Number`).
    @inlinable public var asInteger: Int64? { kind == .integer ? Int64(bitPattern: bits) : nil }

    /// The UTF-8 of a string, or the text of a decimal; empty for all others.
    @inlinable
    public var bytes: UnsafeBufferPointer<UInt8> {
        guard kind == .string || kind == .decimal else {
            return UnsafeBufferPointer(start: nil, count: 0)
        }
        return UnsafeBufferPointer(
            start: pointer?.assumingMemoryBound(to: UInt8.self), count: count)
    }

    /// The elements of an array or set, the keys of an object; empty for all others.
    @inlinable
    public var elements: UnsafeBufferPointer<Value> {
        guard kind == .array || kind == .set || kind == .object else {
            return UnsafeBufferPointer(start: nil, count: 0)
        }
        return UnsafeBufferPointer(
            start: pointer?.assumingMemoryBound(to: Value.self), count: count)
    }

    /// The keys of an object, sorted.
    @inlinable public var keys: UnsafeBufferPointer<Value> {
        kind == .object ? elements : .init(start: nil, count: 0)
    }

    /// The values of an object, in the order of `keys`.
    @inlinable
    public var values: UnsafeBufferPointer<Value> {
        guard kind == .object, let base = pointer?.assumingMemoryBound(to: Value.self) else {
            return UnsafeBufferPointer(start: nil, count: 0)
        }
        return UnsafeBufferPointer(start: base + count, count: count)
    }

    /// A copy of a string's text; nil for all other kinds. Allocates: not for the hot path.
    public var asString: String? {
        kind == .string ? String(decoding: bytes, as: UTF8.self) : nil
    }

    /// Inlined, so that all but one literal of a list of them cost a comparison with a constant.
    @inlinable @inline(__always)
    public func equals(_ literal: StaticString) -> Bool {
        let length = literal.utf8CodeUnitCount
        guard head == UInt64(Kind.string.rawValue) << Self.kindShift | UInt64(length) else {
            return false
        }
        return length == 0
            || text_equal(
                pointer.unsafelyUnwrapped.assumingMemoryBound(to: UInt8.self),
                literal.utf8Start, length)
    }

    /// Rego's name of the kind, as `type_name` gives it.
    public var typeName: StaticString {
        switch kind {
        case .undefined: "undefined"
        case .null: "null"
        case .boolean: "boolean"
        case .integer, .decimal: "number"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        case .set: "set"
        case .builder: "builder"
        }
    }
}
