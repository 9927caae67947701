// SPDX-License-Identifier: Apache-2.0
import Authorization

/// Writes protobuf fields from a buffer's end towards its start: the length of an embedded message
/// is known when its content has been written, so that nothing is moved and nothing counted first.
///
/// Fields come out in the reverse order of the calls; tags and lengths come before their content.
/// Whoever begins a message sees to it that all of it fits.
struct ReverseWriter: ~Copyable {
    private var memory: UnsafeMutablePointer<UInt8>
    private var capacity: Int
    private var place: Int

    init(capacity: Int) {
        self.capacity = capacity
        memory = .allocate(capacity: capacity)
        place = capacity
    }

    deinit { memory.deallocate() }

    /// What has been written since `begin`; valid until the next one.
    var bytes: Bytes { Bytes(start: UnsafePointer(memory + place), count: capacity - place) }

    /// Starts anew, with room for so many bytes.
    mutating func begin(room: Int) {
        if room > capacity {
            memory.deallocate()
            capacity = max(room, capacity * 2)
            memory = .allocate(capacity: capacity)
        }
        place = capacity
    }

    /// Bytes so far: what `close` is given.
    var mark: Int {
        @inline(__always) get { place }
    }

    @inline(__always)
    mutating func raw(_ bytes: Bytes) {
        guard let source = bytes.start, bytes.count > 0 else { return }
        precondition(bytes.count <= place)
        place -= bytes.count
        (memory + place).update(from: source, count: bytes.count)
    }

    /// A `string` or `bytes` field; written even when empty.
    @inline(__always)
    mutating func field(_ number: UInt8, _ bytes: Bytes) {
        raw(bytes)
        varint(UInt64(bytes.count))
        byte(number << 3 | WireType.lengthDelimited)
    }

    /// The same, left out when empty.
    @inline(__always)
    mutating func text(_ number: UInt8, _ text: Bytes) {
        if !text.isEmpty { field(number, text) }
    }

    /// An integer, `bool` or enum field; written even when zero.
    @inline(__always)
    mutating func field(_ number: UInt8, varint value: UInt64) {
        varint(value)
        byte(number << 3 | WireType.varint)
    }

    /// The same, left out when zero.
    @inline(__always)
    mutating func number(_ number: UInt8, _ value: UInt64) {
        if value != 0 { field(number, varint: value) }
    }

    /// Makes all since `mark` an embedded message, or a string.
    @inline(__always)
    mutating func close(_ number: UInt8, since mark: Int) {
        varint(UInt64(mark - place))
        byte(number << 3 | WireType.lengthDelimited)
    }

    @inline(__always)
    private mutating func byte(_ byte: UInt8) {
        precondition(place > 0)
        place -= 1
        memory[place] = byte
    }

    @inline(__always)
    private mutating func varint(_ value: UInt64) {
        if value < 0x80 { byte(UInt8(truncatingIfNeeded: value)) } else { longVarint(value) }
    }

    private mutating func longVarint(_ value: UInt64) {
        let groups = (70 - value.leadingZeroBitCount) / 7
        var group = groups - 1
        while group >= 0 {
            let bits = UInt8(truncatingIfNeeded: value >> UInt64(7 * group)) & 0x7F
            byte(group == groups - 1 ? bits : bits | 0x80)
            group -= 1
        }
    }
}
