// SPDX-License-Identifier: Apache-2.0
import Authorization

/// The wire types of protobuf that proto3 uses.
enum WireType {
    static let varint: UInt8 = 0
    static let fixed64: UInt8 = 1
    static let lengthDelimited: UInt8 = 2
    static let startGroup: UInt8 = 3
    static let endGroup: UInt8 = 4
    static let fixed32: UInt8 = 5
}

/// Reads the fields of one protobuf message in place.
///
/// Every access goes through `Bytes`, which checks its bounds in release builds too, and every
/// length is compared with the end of the enclosing message before it is used. A reader of an
/// embedded message shares the bytes of the outermost one, so that errors name one offset.
public struct WireReader {
    /// The outermost message.
    public let bytes: Bytes
    public private(set) var position: Int
    /// The end of this message in `bytes`; never beyond it.
    public let end: Int
    /// The wire type of the field that `next()` has returned.
    private var wireType: UInt8 = 0
    /// Where that field's tag began.
    private var tagPosition = 0

    public init(_ bytes: Bytes) {
        self.init(bytes: bytes, from: 0, to: bytes.count)
    }

    private init(bytes: Bytes, from: Int, to: Int) {
        self.bytes = bytes
        position = from
        end = to
    }

    public var isAtEnd: Bool { position >= end }

    /// The number of the next field; nil at the end of the message. Read its value or `skip()` it.
    @inline(__always)
    public mutating func next() throws(CheckRequestError) -> UInt32? {
        guard position < end else { return nil }
        tagPosition = position
        let tag = try varint()
        let number = tag >> 3
        guard number >= 1, number < 1 << 29 else { throw error(.invalidTag) }
        wireType = UInt8(truncatingIfNeeded: tag & 7)
        return UInt32(truncatingIfNeeded: number)
    }

    /// An error at the field that `next()` has returned.
    func error(_ code: CheckRequestError.Code) -> CheckRequestError {
        CheckRequestError(code, tagPosition)
    }

    /// Passes over a field that is not known here.
    public mutating func skip() throws(CheckRequestError) {
        switch wireType {
        case WireType.varint: _ = try varint()
        case WireType.fixed64: try advance(8)
        case WireType.fixed32: try advance(4)
        case WireType.lengthDelimited: _ = try slice()
        case WireType.startGroup, WireType.endGroup: throw error(.group)
        default: throw error(.invalidTag)
        }
    }

    /// The value of a `uint64`, `int64`, `uint32`, `int32`, `bool` or enum field; the narrower
    /// types take the low bits, as protobuf says.
    public mutating func number() throws(CheckRequestError) -> UInt64 {
        guard wireType == WireType.varint else { throw error(.wrongWireType) }
        return try varint()
    }

    /// The bits of a `double`.
    public mutating func fixed64() throws(CheckRequestError) -> UInt64 {
        guard wireType == WireType.fixed64 else { throw error(.wrongWireType) }
        let start = position
        try advance(8)
        var value: UInt64 = 0
        for index in 0..<8 { value |= UInt64(bytes[start + index]) << UInt64(8 * index) }
        return value
    }

    /// The content of a `bytes` field.
    @inline(__always)
    public mutating func data() throws(CheckRequestError) -> Bytes {
        guard wireType == WireType.lengthDelimited else { throw error(.wrongWireType) }
        let range = try slice()
        return bytes[range]
    }

    /// The content of a `string` field: UTF-8, as proto3 demands. NUL is a character like others.
    @inline(__always)
    public mutating func string() throws(CheckRequestError) -> Bytes {
        let content = try data()
        if let bad = UTF8Check.firstInvalid(in: content) {
            throw CheckRequestError(.invalidUTF8, position - content.count + bad)
        }
        return content
    }

    /// A reader of an embedded message.
    @inline(__always)
    public mutating func message() throws(CheckRequestError) -> WireReader {
        guard wireType == WireType.lengthDelimited else { throw error(.wrongWireType) }
        let range = try slice()
        return WireReader(bytes: bytes, from: range.lowerBound, to: range.upperBound)
    }

    @inline(__always)
    private mutating func slice() throws(CheckRequestError) -> Range<Int> {
        let length = try varint()
        guard length <= UInt64(end - position) else { throw error(.truncated) }
        let start = position
        position += Int(length)
        return start..<position
    }

    private mutating func advance(_ count: Int) throws(CheckRequestError) {
        guard count <= end - position else { throw error(.truncated) }
        position += count
    }

    @inline(__always)
    private mutating func varint() throws(CheckRequestError) -> UInt64 {
        guard position < end else { throw error(.truncated) }
        let first = bytes[position]
        if first < 0x80 {
            position += 1
            return UInt64(first)
        }
        return try longVarint()
    }

    private mutating func longVarint() throws(CheckRequestError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while position < end {
            let byte = bytes[position]
            // The tenth byte holds bit 63 alone.
            if shift == 63, byte > 1 { throw error(.varintOverflow) }
            position += 1
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        throw error(.truncated)
    }
}
