// SPDX-License-Identifier: Apache-2.0

/// The table that the peer decodes our answers with (RFC 7541 section 2.3.2). It remembers two
/// fields, which are one byte each from the second answer on: the last one of heads, and the last
/// one of trailers.
struct AnswerTable {
    enum Entry { case head, trailers }

    /// Bytes that the peer was told the table may have.
    private var size = HTTP2Constants.headerTableBytes
    /// What the peer is told next.
    private var wanted = HTTP2Constants.headerTableBytes
    /// The peer has asked for less than `size` since, and gives up the connection when the next
    /// block does not begin with that.
    private var isReduced = false
    // Of the two, the head's field comes first. What else there may be is older, and so changes
    // neither's index.
    private var hasHead = false
    private var hasTrailers = false

    /// The peer's SETTINGS_HEADER_TABLE_SIZE.
    mutating func limit(_ bytes: UInt32) {
        // More than a table has from the beginning is of no use.
        wanted = min(Int(bytes), HTTP2Constants.headerTableBytes)
        if wanted < size { isReduced = true }
    }

    /// Writes header fields for the peer as the next ones that it gets.
    ///
    /// - Parameter output: has room for `fields.count` and `updateBytes`.
    /// - Returns: how many bytes.
    @inline(__always)
    mutating func write(_ fields: EncodedFields, to output: UnsafeMutableRawPointer) -> Int {
        var used = 0
        if isReduced || wanted != size { used = writeUpdates(to: output) }
        guard let entry = fields.remembered, let index = index(of: entry) else {
            (output + used).copyMemory(from: fields.bytes, byteCount: fields.count)
            return used + fields.count
        }
        (output + used).copyMemory(from: fields.bytes, byteCount: fields.lastField)
        used += fields.lastField
        output.storeBytes(of: Self.indexed | index, toByteOffset: used, as: UInt8.self)
        return used + 1
    }

    /// Nil when the field must be written out; the peer remembers it from then on.
    @inline(__always)
    private mutating func index(of entry: Entry) -> UInt8? {
        switch entry {
        case .head:
            if hasHead { return Self.newest + (hasTrailers ? 1 : 0) }
            hasHead = size >= Self.neededBytes
        case .trailers:
            if hasTrailers { return Self.newest }
            hasTrailers = hasHead
        }
        return nil
    }

    /// Tells the table's new size (RFC 7541 section 4.2): after a smaller one was asked for, first
    /// that it is empty.
    private mutating func writeUpdates(to output: UnsafeMutableRawPointer) -> Int {
        var updates: [UInt8] = []
        if isReduced {
            Self.append(size: 0, to: &updates)
            hasHead = false
            hasTrailers = false
        }
        if wanted > 0 { Self.append(size: wanted, to: &updates) }
        size = wanted
        isReduced = false
        updates.withUnsafeBytes {
            UnsafeMutableRawBufferPointer(start: output, count: $0.count).copyMemory(from: $0)
        }
        return updates.count
    }

    /// Section 6.3.
    private static func append(size: Int, to block: inout [UInt8]) {
        HeaderInteger.append(size, prefix: 31, flags: 0x20, to: &block)
    }

    /// Bytes that `write` adds at most.
    static let updateBytes = 4
    /// Bytes of one entry at most, as section 4.1 counts them.
    static let entryBytes = 64
    /// Both fit into a table of so many bytes, whatever it had before.
    private static let neededBytes = 2 * entryBytes
    /// The index of the newest entry: the static table has 61.
    private static let newest: UInt8 = 62
    /// Section 6.1.
    private static let indexed: UInt8 = 0x80
}

/// Encoded header fields, in memory that lives as long as the context or the stream.
struct EncodedFields {
    var bytes: UnsafeRawPointer
    let count: Int
    /// Where the last field begins.
    let lastField: Int
    /// What the last field is in the peer's table; nil when it is not remembered there.
    let remembered: AnswerTable.Entry?
}
