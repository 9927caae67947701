// SPDX-License-Identifier: Apache-2.0
import CText

/// Borrowed, immutable bytes: a pointer and a count, without reference counting.
///
/// The owner (a request message, an arena, a loaded policy) must outlive every `Bytes` into it.
/// On the path of a Check that owner is the message buffer or the loop's arena, both of which live
/// until the answer has been encoded.
@frozen
public struct Bytes: BitwiseCopyable, @unchecked Sendable {
    public let start: UnsafePointer<UInt8>?
    public let count: Int

    @inlinable
    public init(start: UnsafePointer<UInt8>?, count: Int) {
        self.start = start
        self.count = count
    }

    @inlinable
    public init(_ buffer: UnsafeRawBufferPointer) {
        start = buffer.baseAddress?.assumingMemoryBound(to: UInt8.self)
        count = buffer.count
    }

    /// The bytes of a literal, which live as long as the program.
    @inlinable
    public init(_ literal: StaticString) {
        start = literal.utf8Start
        count = literal.utf8CodeUnitCount
    }

    @inlinable public static var empty: Bytes { Bytes(start: nil, count: 0) }

    @inlinable public var isEmpty: Bool { count == 0 }

    @inlinable
    public var buffer: UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(start: start, count: count)
    }

    @inlinable
    public subscript(index: Int) -> UInt8 {
        precondition(index >= 0 && index < count)
        return start.unsafelyUnwrapped[index]
    }

    /// The bytes `range`, sharing the same owner.
    @inlinable
    public subscript(range: Range<Int>) -> Bytes {
        precondition(range.lowerBound >= 0 && range.upperBound <= count)
        guard let start, !range.isEmpty else { return Bytes(start: start, count: 0) }
        return Bytes(start: start + range.lowerBound, count: range.count)
    }

    /// Inlined, so that all but one literal of a list of them cost a comparison with a constant.
    @inlinable @inline(__always)
    public func equals(_ literal: StaticString) -> Bool { self == Bytes(literal) }

    /// A copy as a `String`; ill-formed UTF-8 is repaired with U+FFFD. Not for the path of a Check.
    public var string: String { String(decoding: buffer, as: UTF8.self) }
}

extension Bytes: Hashable {
    @inlinable
    public static func == (left: Bytes, right: Bytes) -> Bool {
        guard left.count == right.count else { return false }
        guard left.count > 0, let a = left.start, let b = right.start, a != b else { return true }
        return text_equal(a, b, left.count)
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(bytes: UnsafeRawBufferPointer(buffer))
    }
}
