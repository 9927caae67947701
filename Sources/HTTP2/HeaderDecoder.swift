// SPDX-License-Identifier: Apache-2.0
import CNghttp2

/// Decodes the header blocks of one connection (RFC 7541), with nghttp2's decoder.
struct HeaderDecoder {
    private let inflater: OpaquePointer

    /// Nil when memory is short.
    init?() {
        var inflater: OpaquePointer?
        guard nghttp2_hd_inflate_new(&inflater) == 0, let inflater else { return nil }
        self.inflater = inflater
    }

    func destroy() { nghttp2_hd_inflate_del(inflater) }

    /// Decodes a piece of a block.
    ///
    /// - Parameters:
    ///   - isLast: the block ends with this piece.
    ///   - field: is given each field; false stops.
    /// - Returns: false when the piece is no HPACK.
    func decode(
        _ piece: UnsafeRawBufferPointer, isLast: Bool,
        _ field: (UnsafeBufferPointer<UInt8>, UnsafeBufferPointer<UInt8>) -> Bool
    ) -> Bool {
        var rest = piece
        while true {
            var pair = nghttp2_nv()
            var flags: Int32 = 0
            let start = rest.baseAddress?.assumingMemoryBound(to: UInt8.self)
            let used = nghttp2_hd_inflate_hd2(
                inflater, &pair, &flags, start, rest.count, isLast ? 1 : 0)
            guard used >= 0 else { return false }
            rest = UnsafeRawBufferPointer(rebasing: rest[used...])
            let isField = flags & Int32(NGHTTP2_HD_INFLATE_EMIT.rawValue) != 0
            if isField {
                let name = UnsafeBufferPointer(start: pair.name, count: pair.namelen)
                let value = UnsafeBufferPointer(start: pair.value, count: pair.valuelen)
                if !field(name, value) { return true }
            }
            if flags & Int32(NGHTTP2_HD_INFLATE_FINAL.rawValue) != 0 {
                nghttp2_hd_inflate_end_headers(inflater)
                return true
            }
            if !isField && rest.isEmpty { return true }
        }
    }

    /// Whether decoding `block` leaves the table as it is: it adds no entry and changes no size
    /// (RFC 7541 section 6). False also when the block is not well formed.
    static func keepsTable(_ block: UnsafeRawBufferPointer) -> Bool {
        var reader = RepresentationReader(block)
        while !reader.isAtEnd { if !reader.skip() { return false } }
        return true
    }
}

/// Steps over header field representations without decoding them.
private struct RepresentationReader {
    private let block: UnsafeRawBufferPointer
    private var position = 0

    init(_ block: UnsafeRawBufferPointer) { self.block = block }

    var isAtEnd: Bool { position >= block.count }

    /// False at one that changes the table, or is none.
    mutating func skip() -> Bool {
        let first = block[position]
        // Indexed: nothing follows the index.
        if first & 0x80 != 0 { return number(bits: 7) != nil }
        // Incremental indexing or a size update: the table changes.
        if first & 0x60 != 0 { return false }
        guard let name = number(bits: 4) else { return false }
        return (name != 0 || skipString()) && skipString()
    }

    private mutating func skipString() -> Bool {
        guard !isAtEnd, let length = number(bits: 7), length <= block.count - position else {
            return false
        }
        position += length
        return true
    }

    /// An integer (RFC 7541 section 5.1) of at most three bytes.
    private mutating func number(bits: UInt8) -> Int? {
        let most = UInt8(1 << bits - 1)
        var number = Int(block[position] & most)
        position += 1
        guard number == Int(most) else { return number }
        for shift in [0, 7] {
            guard position < block.count else { return nil }
            let byte = block[position]
            position += 1
            number += Int(byte & 0x7F) << shift
            if byte & 0x80 == 0 { return number }
        }
        return nil
    }
}
