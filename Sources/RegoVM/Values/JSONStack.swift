// SPDX-License-Identifier: Apache-2.0

/// A collection that is still open.
struct JSONFrame {
    /// Where its parts begin on the stack of values.
    let base: Int
    let closing: UInt8
    /// Of those parts that are collections: how deep they nest, and what they hold besides
    /// themselves.
    var nesting: UInt16 = 0
    var held: UInt64 = 0

    init(base: Int, closing: UInt8) {
        self.base = base
        self.closing = closing
    }

    var isObject: Bool { closing == UInt8(ascii: "}") }

    /// One of its parts is this collection.
    mutating func add(_ part: Value) {
        nesting = max(nesting, part.nesting)
        held &+= part.weight &- 1
    }

    /// What its parts are together.
    func shape(_ count: Int) -> Shape {
        var shape = Shape()
        shape.nesting = nesting
        shape.weight = held &+ UInt64(count)
        return shape
    }
}

/// Collections that are still open, the innermost last.
struct JSONFrames {
    private let arena: Arena
    private var base: UnsafeMutablePointer<JSONFrame>
    var count = 0
    private var capacity = 16

    init(_ arena: Arena) {
        self.arena = arena
        base = Self.room(capacity, arena)
    }

    @inline(__always)
    var last: UnsafeMutablePointer<JSONFrame>? { count == 0 ? nil : base + (count &- 1) }

    mutating func push(_ frame: JSONFrame) {
        if count == capacity {
            let larger = Self.room(capacity * 2, arena)
            larger.update(from: base, count: count)
            base = larger
            capacity *= 2
        }
        base[count] = frame
        count &+= 1
    }

    private static func room(_ count: Int, _ arena: Arena) -> UnsafeMutablePointer<JSONFrame> {
        arena.allocate(bytes: count * MemoryLayout<JSONFrame>.stride)
            .bindMemory(to: JSONFrame.self, capacity: count)
    }
}

extension UnsafeMutablePointer<Value> {
    /// Writes a string in two words; a value that is returned or assigned moves field by field.
    @inline(__always)
    func setString(_ start: UnsafePointer<UInt8>, _ count: Int) {
        let words = UnsafeMutableRawPointer(self)
        words.storeBytes(of: UInt64(UInt(bitPattern: start)), as: UInt64.self)
        let word = UInt64(UInt32(truncatingIfNeeded: count)) | Self.stringKind
        words.storeBytes(of: word.littleEndian, toByteOffset: 8, as: UInt64.self)
    }

    /// The kind lies behind the four bytes of the length.
    private static var stringKind: UInt64 { UInt64(Value.Kind.string.rawValue) << 32 }
}

extension Value {
    /// Lays out an object of at most `smallCollection` pairs of a string and a value.
    ///
    /// - Parameter parts: what keys and values are together.
    /// - Returns: nil when a key comes again.
    static func smallObject(
        of pairs: UnsafePointer<Value>, _ count: Int, _ parts: Shape, in arena: Arena
    ) -> Value? {
        let keys = arena.values(count &* 2)
        let prefixes = arena.allocate(UInt64.self, count: count)
        let ranks = arena.allocate(Int.self, count: count)
        var index = 0
        while index < count {
            let key = pairs + index &* 2
            let prefix = key.pointee.prefix
            var rank = 0
            var other = 0
            while other < index {
                var isGreater = prefix > prefixes[other]
                if prefix == prefixes[other] {
                    let order = compareBytes(key.pointee.bytes, pairs[other &* 2].bytes)
                    if order == 0 { return nil }
                    isGreater = order > 0
                }
                rank &+= isGreater ? 1 : 0
                ranks[other] &+= isGreater ? 0 : 1
                other &+= 1
            }
            prefixes[index] = prefix
            ranks[index] = rank
            index &+= 1
        }
        let values = keys + count
        index = 0
        while index < count {
            // `update` moves a value as 16 bytes, an assignment moves it field by field.
            (keys + ranks[index]).update(from: pairs + index &* 2, count: 1)
            (values + ranks[index]).update(from: pairs + (index &* 2 &+ 1), count: 1)
            index &+= 1
        }
        return Value(
            kind: .object, pointer: UnsafeRawPointer(keys), length: count, parts: parts)
    }

    /// The first eight bytes of a string as a number that orders as they do.
    @inline(__always)
    private var prefix: UInt64 {
        guard length > 0, let start = pointer else { return 0 }
        let count = Int(length)
        if count >= 8 { return UInt64(bigEndian: start.loadUnaligned(as: UInt64.self)) }
        if count >= 4 {
            let first = UInt64(UInt32(bigEndian: start.loadUnaligned(as: UInt32.self)))
            let last = UInt64(
                UInt32(bigEndian: start.loadUnaligned(fromByteOffset: count - 4, as: UInt32.self)))
            return first << 32 | last << UInt64((8 - count) * 8)
        }
        var prefix: UInt64 = 0
        for index in 0..<count {
            let byte = start.load(fromByteOffset: index, as: UInt8.self)
            prefix |= UInt64(byte) << UInt64(56 - index * 8)
        }
        return prefix
    }
}
