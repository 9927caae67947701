// SPDX-License-Identifier: Apache-2.0
import Authorization
import CText

/// Writes protobuf fields into one buffer that is used again and again.
///
/// An embedded message is opened, filled and closed; its length is put in afterwards. Lengths
/// below 128, by far the most, fit the one byte that is kept free for them; for longer ones the
/// content moves up by a byte or two.
public struct WireWriter: ~Copyable {
    private var start: UnsafeMutablePointer<UInt8>
    private var capacity: Int
    public private(set) var count = 0

    public init(capacity: Int) {
        self.capacity = max(capacity, 64)
        start = .allocate(capacity: self.capacity)
    }

    deinit { start.deallocate() }

    /// What has been written; valid until the next change of the writer.
    public var bytes: Bytes { Bytes(start: UnsafePointer(start), count: count) }

    public mutating func removeAll() { count = 0 }

    /// A `string` or `bytes` field; written even when empty.
    public mutating func field(_ number: UInt32, bytes: Bytes) {
        tag(number, WireType.lengthDelimited)
        varint(UInt64(bytes.count))
        append(bytes)
    }

    /// A `string` field with a decision's id.
    mutating func field(_ number: UInt32, decisionID id: DecisionID) {
        tag(number, WireType.lengthDelimited)
        append(UInt8(DecisionID.textLength))
        reserve(DecisionID.textLength)
        id.write(to: start + count)
        count &+= DecisionID.textLength
    }

    /// An integer, `bool` or enum field; written even when zero.
    public mutating func field(_ number: UInt32, varint value: UInt64) {
        tag(number, WireType.varint)
        varint(value)
    }

    /// Where an open message's content begins.
    public struct Mark {
        fileprivate let content: Int
    }

    /// Begins an embedded message or a string that is written in parts.
    @inline(__always)
    public mutating func open(_ number: UInt32) -> Mark {
        tag(number, WireType.lengthDelimited)
        append(0)
        return Mark(content: count)
    }

    /// Ends what `open` began; the innermost first.
    @inline(__always)
    public mutating func close(_ mark: Mark) {
        precondition(mark.content > 0 && mark.content <= count)
        let length = count &- mark.content
        if length < 0x80 {
            start[mark.content &- 1] = UInt8(truncatingIfNeeded: length)
        } else {
            closeLong(mark, length)
        }
    }

    private mutating func closeLong(_ mark: Mark, _ length: Int) {
        let extra = Self.varintLength(UInt64(length)) - 1
        if extra > 0 {
            reserve(extra)
            let content = start + mark.content
            (content + extra).update(from: content, count: length)
            count += extra
        }
        var rest = UInt64(length)
        var position = mark.content - 1
        while rest >= 0x80 {
            start[position] = UInt8(truncatingIfNeeded: rest) | 0x80
            rest >>= 7
            position += 1
        }
        start[position] = UInt8(truncatingIfNeeded: rest)
    }

    /// How much an open message holds so far.
    public func length(since mark: Mark) -> Int { count - mark.content }

    /// Content of an open string or message.
    public mutating func append(_ bytes: Bytes) {
        guard let source = bytes.start, bytes.count > 0 else { return }
        reserve(bytes.count)
        text_copy(start + count, source, bytes.count)
        count &+= bytes.count
    }

    /// The same with ASCII letters in lower case.
    mutating func appendLowercased(_ bytes: Bytes) {
        guard let source = bytes.start else { return }
        reserve(bytes.count)
        text_copy_lower(start + count, source, bytes.count)
        count &+= bytes.count
    }

    @inline(__always)
    public mutating func append(_ byte: UInt8) {
        reserve(1)
        start[count] = byte
        count += 1
    }

    @inline(__always)
    private mutating func tag(_ number: UInt32, _ type: UInt8) {
        varint(UInt64(number) << 3 | UInt64(type))
    }

    @inline(__always)
    private mutating func varint(_ value: UInt64) {
        if value < 0x80 {
            append(UInt8(truncatingIfNeeded: value))
        } else {
            longVarint(value)
        }
    }

    private mutating func longVarint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(truncatingIfNeeded: rest))
    }

    private static func varintLength(_ value: UInt64) -> Int {
        max(1, (70 - value.leadingZeroBitCount) / 7)
    }

    @inline(__always)
    private mutating func reserve(_ more: Int) {
        if more > capacity - count { grow(more) }
    }

    private mutating func grow(_ more: Int) {
        let wanted = max(capacity * 2, count + more)
        let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: wanted)
        larger.update(from: start, count: count)
        start.deallocate()
        start = larger
        capacity = wanted
    }
}
