// SPDX-License-Identifier: Apache-2.0
import Cryptography

/// Entries that a log keeps of those that it pruned, because they still mean something: a
/// restriction that holds, an approval that is open.
///
/// They are one file, which the pruning statement names by its hash, so that none can be taken out
/// or added: for each entry, ascending, its index as a big-endian uint64, then as in a bundle.
public struct KeptEntries: Equatable, Sendable {
    public struct Entry: Equatable, Sendable {
        public let index: Int
        public let bytes: [UInt8]

        public init(index: Int, bytes: [UInt8]) {
            self.index = index
            self.bytes = bytes
        }
    }

    /// Ascending by index.
    public let entries: [Entry]

    private static let indexLength = 8

    public init(_ entries: [Entry] = []) {
        self.entries = entries.sorted { $0.index < $1.index }
    }

    /// Those with an index in `range`.
    func entries(in range: Range<Int>) -> ArraySlice<Entry> {
        entries[place(of: range.lowerBound)..<place(of: range.upperBound)]
    }

    /// The first entry that is not below `index`.
    private func place(of index: Int) -> Int {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].index < index { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// The file's content.
    public var encoded: [UInt8] {
        var bytes: [UInt8] = []
        for entry in entries {
            for shift in stride(from: 56, through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: entry.index >> shift))
            }
            entry.bytes.withUnsafeBytes { EntryBundle.append($0, to: &bytes) }
        }
        return bytes
    }

    /// Reads what a log keeps, and checks it against the statement and the tree.
    ///
    /// - Parameter size: of the log's checkpoint.
    /// - Throws: `missing`, `entryDiffers` or `malformedBundle` when it is not what was kept.
    public init(
        of statement: PruningStatement, in source: some TileSource, size: Int
    ) throws {
        guard let digest = statement.kept else {
            self.init()
            return
        }
        let path = TilePath.kept(digest)
        guard let bytes = try source.read(path) else {
            throw TransparencyError(.missing, at: path, "missing, the log says that it keeps it")
        }
        guard SHA256.hash(bytes) == digest else {
            throw TransparencyError(.entryDiffers, at: path, "is not what the log keeps")
        }
        try self.init(encoded: bytes, at: path)
        try check(statement, source, TileShape(size: size), path)
    }

    init(encoded bytes: [UInt8], at path: String) throws(TransparencyError) {
        var entries: [Entry] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            let head = Self.indexLength + LogLimits.entryPrefixLength
            let prefix = Array(rest.prefix(head))
            guard prefix.count == head, prefix[0] < 0x80 else { throw Self.malformed(path) }
            let index = prefix[..<Self.indexLength].reduce(0) { $0 << 8 | Int($1) }
            let length = Int(prefix[Self.indexLength]) << 8 | Int(prefix[Self.indexLength + 1])
            rest = rest.dropFirst(head)
            guard rest.count >= length, index > entries.last?.index ?? -1 else {
                throw Self.malformed(path)
            }
            entries.append(Entry(index: index, bytes: Array(rest.prefix(length))))
            rest = rest.dropFirst(length)
        }
        self.entries = entries
    }

    private static func malformed(_ path: String) -> TransparencyError {
        TransparencyError(.malformedBundle, at: path, "expected entries with ascending indexes")
    }

    /// Each entry must be a leaf of the tree, and one of those that were pruned.
    private func check(
        _ statement: PruningStatement, _ source: some TileSource, _ shape: TileShape,
        _ path: String
    ) throws {
        let hasher = MerkleHasher()
        var tile: (index: Int, hashes: StoredTile)?
        for entry in entries {
            let (index, position) = entry.index.quotientAndRemainder(
                dividingBy: LogLimits.tileWidth)
            guard entry.index < min(statement.firstKept, shape.size) else {
                throw Self.malformed(path)
            }
            if tile?.index != index {
                tile = (index, try source.tile(level: 0, index: index, shape: shape))
            }
            let leaf = entry.bytes.withUnsafeBytes { hasher.leaf($0) }
            guard tile?.hashes.holds(leaf, at: position) == true else {
                throw TransparencyError(
                    .entryDiffers, at: path, "entry \(entry.index) differs from its hash")
            }
        }
    }
}
