// SPDX-License-Identifier: Apache-2.0
import CText

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

    /// Lays out an object of at most `smallCollection` entries whose values begin here, and puts it
    /// in the place before them.
    ///
    /// - Parameters:
    ///   - prefixes: of each key the first eight bytes, as a number that orders as they do;
    ///     behind them lies room for three.
    ///   - parts: what keys and values are together.
    /// - Returns: false when there are more, or a key comes again; then nothing has changed.
    @inline(__always)
    func setSmallObject(
        _ keys: UnsafePointer<Value>, _ prefixes: UnsafeMutablePointer<UInt64>, _ count: Int,
        _ parts: Shape, in arena: Arena
    ) -> Bool {
        guard count <= smallCollection else { return false }
        let entries = arena.values(count &* 2)
        text_close_ranks(prefixes, count)
        var taken = 0
        var index = 0
        while index < count {
            let rank = text_rank(prefixes, count, prefixes[index])
            put(index, rank, keys, count, entries)
            taken |= 1 &<< rank
            index &+= 1
        }
        // Keys that begin alike have come to the same place.
        if taken &+ 1 != 1 &<< count, !putByText(keys, count, entries) { return false }
        (self - 1).pointee = Value(
            kind: .object, pointer: UnsafeRawPointer(entries), length: count, parts: parts)
        return true
    }

    /// Puts each entry in its place by the whole of its key; false when a key comes again.
    @inline(never)
    private func putByText(
        _ keys: UnsafePointer<Value>, _ count: Int, _ entries: UnsafeMutablePointer<Value>
    ) -> Bool {
        for index in 0..<count {
            guard let rank = rankByText(index, keys, count) else { return false }
            put(index, rank, keys, count, entries)
        }
        return true
    }

    /// Copies an entry, each part as 16 bytes: an assignment moves a value field by field.
    @inline(__always)
    private func put(
        _ index: Int, _ rank: Int, _ keys: UnsafePointer<Value>, _ count: Int,
        _ entries: UnsafeMutablePointer<Value>
    ) {
        let size = MemoryLayout<Value>.size
        let place = UnsafeMutableRawPointer(entries + rank)
        place.copyMemory(from: keys + index, byteCount: size)
        (place + count &* size).copyMemory(from: self + index, byteCount: size)
    }
}

/// How many keys come before one of them in their order; nil when it occurs twice.
private func rankByText(_ index: Int, _ keys: UnsafePointer<Value>, _ count: Int) -> Int? {
    var rank = 0
    for other in 0..<count where other != index {
        let order = compareBytes(keys[index].bytes, keys[other].bytes)
        if order == 0 { return nil }
        if order > 0 { rank += 1 }
    }
    return rank
}

extension Value {
    /// The first eight bytes of a string as a number that orders as they do.
    var prefix: UInt64 {
        guard let start = bytes.baseAddress else { return 0 }
        return text_prefix(start, count, count)
    }
}
