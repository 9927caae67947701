// SPDX-License-Identifier: Apache-2.0
import CText

/// Children of a state besides its first one.
struct EdgeTable {
    private struct Slot {
        var state: UInt32
        var child: UInt32
        var byte: UInt8
    }

    private let slots: UnsafeMutablePointer<Slot>
    private let mask: Int

    init(_ edges: [(state: UInt32, byte: UInt8, child: UInt32)]) {
        let capacity = tableCapacity(edges.count)
        mask = capacity - 1
        slots = .allocate(capacity: capacity)
        slots.initialize(repeating: Slot(state: 0, child: 0, byte: 0), count: capacity)
        for edge in edges {
            var slot = Self.hash(edge.state, edge.byte) & mask
            while slots[slot].child != 0 { slot = (slot + 1) & mask }
            slots[slot] = Slot(state: edge.state, child: edge.child, byte: edge.byte)
        }
    }

    func free() { slots.deallocate() }

    private static func hash(_ state: UInt32, _ byte: UInt8) -> Int {
        Int(truncatingIfNeeded: mixed(UInt64(state) << 8 | UInt64(byte)))
    }

    /// 0 when there is none.
    func find(_ state: UInt32, _ byte: UInt8) -> UInt32 {
        var slot = Self.hash(state, byte) & mask
        while slots[slot].child != 0 {
            if slots[slot].state == state, slots[slot].byte == byte { return slots[slot].child }
            slot = (slot + 1) & mask
        }
        return 0
    }
}

/// The state of each window with which a pattern begins.
struct WindowTable {
    private struct Slot {
        var window: UInt32
        var state: UInt32
    }

    private let slots: UnsafeMutablePointer<Slot>
    private let mask: Int

    init(_ starts: [(window: UInt32, state: UInt32)]) {
        let capacity = tableCapacity(starts.count)
        mask = capacity - 1
        slots = .allocate(capacity: capacity)
        slots.initialize(repeating: Slot(window: 0, state: 0), count: capacity)
        for start in starts {
            var slot = Self.hash(start.window) & mask
            while slots[slot].state != 0 { slot = (slot + 1) & mask }
            slots[slot] = Slot(window: start.window, state: start.state)
        }
    }

    func free() { slots.deallocate() }

    /// The first four bytes of a pattern, as they are read from memory.
    static func window(_ pattern: [UInt8]) -> UInt32 {
        (0..<PatternMatcher.window).reduce(0) { $0 | UInt32(pattern[$1]) << UInt32(8 * $1) }
    }

    private static func hash(_ window: UInt32) -> Int {
        Int(truncatingIfNeeded: (UInt64(window) &* 0x9E37_79B9_7F4A_7C15) >> 32)
    }

    /// 0 when there is none.
    func find(_ window: UInt32) -> UInt32 {
        var slot = Self.hash(window) & mask
        while slots[slot].state != 0 {
            if slots[slot].window == window { return slots[slot].state }
            slot = (slot + 1) & mask
        }
        return 0
    }
}

/// A set of windows of four to eight bytes that may hold more than was put in: a bit for each hash.
struct WindowFilter {
    /// Bits for each window; one in that many other windows is taken for one of them.
    private static let spread = 16
    /// 512 KB at most, so that it stays in the processor's cache.
    private static let largestBits = 22

    private let words: UnsafeMutablePointer<UInt64>
    private let shift: UInt64
    /// The bytes of a window in a word of eight.
    private let mask: UInt64

    /// The windows of `width` bytes at the first `offsets` places of each pattern.
    init(_ patterns: [[UInt8]], width: Int, offsets: Int) {
        mask = width == 8 ? .max : 1 << UInt64(8 * width) - 1
        var windows: Set<UInt64> = []
        for pattern in patterns {
            for offset in 0..<offsets {
                windows.insert(
                    (0..<width).reduce(0) {
                        $0 | UInt64(pattern[offset + $1]) << UInt64(8 * $1)
                    })
            }
        }
        var bits = 10
        while bits < Self.largestBits, 1 << bits < windows.count * Self.spread { bits += 1 }
        shift = UInt64(64 - bits)
        words = .allocate(capacity: 1 << (bits - 6))
        words.initialize(repeating: 0, count: 1 << (bits - 6))
        for window in windows {
            let bit = Self.hash(window) >> shift
            words[Int(bit >> 6)] |= 1 << (bit & 63)
        }
    }

    func free() { words.deallocate() }

    private static let factor: UInt64 = 0x9E37_79B9_7F4A_7C15

    private static func hash(_ window: UInt64) -> UInt64 { window &* factor }

    /// The first place from `place` to `last`, in steps of `stride`, whose window may be one of the
    /// set; beyond `last` when there is none. Eight bytes are read at each place.
    @inline(__always)
    func next(_ text: UnsafePointer<UInt8>, from place: Int, to last: Int, by stride: Int) -> Int {
        text_next_window(
            text, place, last, stride, words, UInt32(truncatingIfNeeded: shift), mask, Self.factor)
    }
}
