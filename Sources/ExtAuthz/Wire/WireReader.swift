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
/// Invariant: `0 <= position <= end <= count of the outermost message`. All bytes are loaded in
/// `byte()`, `varint()` and `slice()`, which compare with `end` first, in release builds too. A
/// reader of an embedded message shares the memory of the outermost one, so that errors name one
/// offset.
public struct WireReader {
    private let base: UnsafePointer<UInt8>
    public private(set) var position: Int
    /// The end of this message, counted from the start of the outermost one.
    public let end: Int
    /// The wire type of the field that `next()` has returned.
    private var wireType: UInt8 = 0
    /// Where that field's tag began.
    private var tagPosition: Int

    public init(_ bytes: Bytes) {
        // An empty message has no memory, and none of this is read then.
        base = bytes.start ?? UnsafePointer(bitPattern: 1).unsafelyUnwrapped
        position = 0
        end = bytes.start == nil ? 0 : bytes.count
        tagPosition = 0
    }

    private init(_ outer: WireReader, _ range: Range<Int>) {
        base = outer.base
        position = range.lowerBound
        end = range.upperBound
        tagPosition = range.lowerBound
    }

    public var isAtEnd: Bool { position >= end }

    /// What has not been read yet.
    var rest: Bytes { Bytes(start: base + position, count: end - position) }

    /// The number of the next field; nil at the end of the message. Read its value or `skip()` it.
    @inline(__always)
    public mutating func next() throws(CheckRequestError) -> UInt32? {
        guard position < end else { return nil }
        tagPosition = position
        let tag = try varint()
        wireType = UInt8(truncatingIfNeeded: tag & 7)
        let number = tag >> 3
        guard number >= 1, number < 1 << 29 else { throw error(.invalidTag) }
        return UInt32(truncatingIfNeeded: number)
    }

    /// An error at the field that `next()` has returned.
    func error(_ code: CheckRequestError.Code) -> CheckRequestError {
        CheckRequestError(code, tagPosition)
    }

    /// Passes over a field that is not known here.
    @inline(__always)
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
    @inline(__always)
    public mutating func number() throws(CheckRequestError) -> UInt64 {
        guard wireType == WireType.varint else { throw error(.wrongWireType) }
        return try varint()
    }

    /// The bits of a `double`.
    @inline(__always)
    public mutating func fixed64() throws(CheckRequestError) -> UInt64 {
        guard wireType == WireType.fixed64 else { throw error(.wrongWireType) }
        var value: UInt64 = 0
        for index in 0..<8 { value |= UInt64(try byte()) << UInt64(8 * index) }
        return value
    }

    /// The content of a `bytes` field.
    @inline(__always)
    public mutating func data() throws(CheckRequestError) -> Bytes {
        guard wireType == WireType.lengthDelimited else { throw error(.wrongWireType) }
        let range = try slice()
        return Bytes(
            start: base + range.lowerBound, count: range.upperBound &- range.lowerBound)
    }

    /// The content of a `string` field: UTF-8, as proto3 demands. NUL is a character like others.
    @inline(__always)
    public mutating func string() throws(CheckRequestError) -> Bytes {
        let content = try data()
        if let start = content.start, UTF8Check.isShortASCII(start, content.count) {
            return content
        }
        if let bad = UTF8Check.firstInvalid(in: content) {
            throw CheckRequestError(.invalidUTF8, position - content.count + bad)
        }
        return content
    }

    /// A reader of an embedded message.
    @inline(__always)
    public mutating func message() throws(CheckRequestError) -> WireReader {
        guard wireType == WireType.lengthDelimited else { throw error(.wrongWireType) }
        return WireReader(self, try slice())
    }

    /// Goes over the field that `next()` has found, and over those of the same tag that follow it,
    /// as long as they are ASCII with their tags and lengths, and `take` wants them. It gets each
    /// one's content, of at most 127 bytes.
    ///
    /// - Returns: where the first lies that was not taken.
    @inline(__always)
    func entriesEnd(_ take: (UnsafePointer<UInt8>, Int) -> Bool) -> Int {
        guard tagPosition &+ 1 == position, wireType == WireType.lengthDelimited else {
            return tagPosition
        }
        let tag = base[tagPosition]
        var next = tagPosition
        var plainEnd = tagPosition
        while next &+ 2 <= end, base[next] == tag {
            let content = next &+ 2
            let count = Int(base[next &+ 1])
            guard count < 0x80, count <= end &- content else { break }
            // 64 bytes at a time, which is more than most entries have.
            let contentEnd = content &+ count
            while contentEnd > plainEnd, UTF8Check.isBlockASCII(base + plainEnd, end &- plainEnd) {
                plainEnd &+= UTF8Check.block
            }
            if contentEnd > plainEnd {
                // What is left of the message, if it is less than that.
                if UTF8Check.isShortASCII(base + plainEnd, end &- plainEnd) {
                    plainEnd = end
                } else {
                    let rest = contentEnd &- plainEnd
                    guard UTF8Check.isASCII(base + plainEnd, rest) else { break }
                    plainEnd = contentEnd
                }
            }
            guard take(base + content, count) else { break }
            next = contentEnd
        }
        return next
    }

    /// Steps over the entries before `next`.
    ///
    /// - Returns: false when there are none.
    @inline(__always)
    mutating func skipEntries(to next: Int) -> Bool {
        guard next > tagPosition else { return false }
        position = next
        return true
    }

    @inline(__always)
    private mutating func slice() throws(CheckRequestError) -> Range<Int> {
        let length = try varint()
        let start = position
        guard length <= UInt64(bitPattern: Int64(end &- start)) else { throw error(.truncated) }
        position = start &+ Int(truncatingIfNeeded: length)
        return Range(uncheckedBounds: (start, position))
    }

    @inline(__always)
    private mutating func advance(_ count: Int) throws(CheckRequestError) {
        guard count <= end - position else { throw error(.truncated) }
        position += count
    }

    @inline(__always)
    private mutating func byte() throws(CheckRequestError) -> UInt8 {
        guard position < end else { throw error(.truncated) }
        let byte = base[position]
        position &+= 1
        return byte
    }

    @inline(__always)
    private mutating func varint() throws(CheckRequestError) -> UInt64 {
        let first = try byte()
        if first < 0x80 { return UInt64(first) }
        // Two bytes are what most lengths take that are not short.
        if position < end, base[position] < 0x80 {
            position &+= 1
            return UInt64(first & 0x7F) | UInt64(base[position &- 1]) << 7
        }
        let (value, next) = try Self.longVarint(
            UInt64(first & 0x7F), base, position, end, field: tagPosition)
        position = next
        return value
    }

    /// The rest of a varint of several bytes, and where it ends. The tenth byte holds bit 63 alone.
    ///
    /// Not inlined, because it is rare. Static, because a mutating call would keep the whole reader
    /// in memory instead of registers.
    @inline(never)
    private static func longVarint(
        _ first: UInt64, _ base: UnsafePointer<UInt8>, _ start: Int, _ end: Int, field: Int
    ) throws(CheckRequestError) -> (value: UInt64, next: Int) {
        var value = first
        var position = start
        for shift in stride(from: UInt64(7), through: 63, by: 7) {
            guard position < end else { throw CheckRequestError(.truncated, field) }
            let byte = base[position]
            position += 1
            if shift == 63, byte > 1 { break }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return (value, position) }
        }
        throw CheckRequestError(.varintOverflow, field)
    }
}
