// SPDX-License-Identifier: Apache-2.0
import Cryptography

/// Turns entries into the files of a log, without writing them: the caller writes each file that
/// it is handed, and only then lets the tree go on. Every step can be repeated after a failure.
///
/// Belongs to one thread.
public final class LogBuilder {
    private let hasher = MerkleHasher()
    private var edge: TreeEdge
    /// The unfinished bundle, in the file's form.
    private var bundle: [UInt8]
    /// Where each of its entries ends.
    private var ends: [Int] = []
    /// How many of them `edge` has. The others are hashed together, when their hashes are needed.
    private var hashed = 0
    /// The size whose partial tiles were written last.
    private var writtenSize: Int

    /// An empty log.
    public init() {
        edge = TreeEdge()
        bundle = []
        writtenSize = -1
    }

    /// Takes up the log in `source`.
    ///
    /// - Throws: when its right edge does not give the checkpoint's root, or its last bundle does
    ///   not fit its hashes.
    public init(resuming checkpoint: Checkpoint, from source: some TileSource) throws {
        let size = checkpoint.size
        edge = try TreeEdge(size: size, from: source)
        bundle = []
        writtenSize = size
        let root = edge.root(hasher)
        guard root == checkpoint.root else {
            throw TransparencyError(
                .rootDiffers, at: TilePath.checkpoint,
                "root of \(size) entries: the tiles give `\(Base64.encode(root.bytes))`, "
                    + "expected `\(checkpoint.rootText)`")
        }
        if size % LogLimits.tileWidth != 0 { try takeLastBundle(source) }
    }

    private func takeLastBundle(_ source: some TileSource) throws {
        let shape = TileShape(size: size)
        let tile = edge.partialTile(level: 0)
        let stored = try source.bundle(size / LogLimits.tileWidth, shape: shape)
        try stored.bytes.withUnsafeBytes { bytes in
            try EntryBundle.forEach(
                bytes, path: stored.path, count: size % LogLimits.tileWidth,
                allowsMore: stored.isFull
            ) { position, entry in
                let start = position * Digest.byteCount
                let expected = tile[start..<(start + Digest.byteCount)]
                guard hasher.leaf(entry).bytes.elementsEqual(expected) else {
                    throw TransparencyError(
                        .entryDiffers, at: stored.path,
                        "entry \(position) differs from its hash in the tile of level 0")
                }
                append(entry)
            }
        }
        hashed = ends.count
    }

    /// Entries in the tree.
    public var size: Int { edge.size + ends.count - hashed }

    /// Whether `writeFull` must run before the next `append`.
    public var isBundleFull: Bool { ends.count == LogLimits.tileWidth }

    /// Adds an entry of at most 65,535 bytes. Not while `isBundleFull`.
    public func append(_ entry: UnsafeRawBufferPointer) {
        precondition(!isBundleFull)
        EntryBundle.append(entry, to: &bundle)
        ends.append(bundle.count)
    }

    private func hashAppended() {
        let count = ends.count - hashed
        guard count > 0 else { return }
        withUnsafeTemporaryAllocation(byteCount: count * Digest.byteCount, alignment: 8) { hashes in
            bundle.withUnsafeMutableBytes { bundle in
                ends.withUnsafeBufferPointer { ends in
                    hasher.leaves(
                        of: bundle, from: hashed == 0 ? 0 : ends[hashed - 1],
                        ends: UnsafeBufferPointer(rebasing: ends[hashed...]), into: hashes)
                }
            }
            edge.append(leaves: hashes.readable)
        }
        hashed = ends.count
    }

    /// Hands out the full bundle and all tiles that it completes. When `write` throws nothing has
    /// changed.
    public func writeFull(_ write: (_ path: String, [UInt8]) throws -> Void) throws {
        guard isBundleFull else { return }
        hashAppended()
        try write(TilePath.entries(edge.size / LogLimits.tileWidth - 1), bundle)
        let roots = try edge.completedTiles(hasher) { level, index, hashes in
            try write(TilePath.hashes(level: level, index: index), hashes)
        }
        edge.roll(roots)
        bundle.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
        hashed = 0
    }

    /// Hands out the partial bundle and tiles of the tree as it is now, those that the last call
    /// did not hand out already. Not while `isBundleFull`.
    public func writePartial(_ write: (_ path: String, [UInt8]) throws -> Void) throws {
        precondition(!isBundleFull)
        hashAppended()
        let shape = TileShape(size: edge.size)
        let before = TileShape(size: max(0, writtenSize))
        for level in 0..<shape.levels
        where shape.hashes(level: level) != before.hashes(level: level) {
            let width = shape.partialWidth(level: level)
            let index = shape.fullTiles(level: level)
            guard width > 0 else { continue }
            if level == 0 { try write(TilePath.entries(index, width: width), bundle) }
            try write(
                TilePath.hashes(level: level, index: index, width: width),
                edge.partialTile(level: level))
        }
        writtenSize = edge.size
    }

    /// What a checkpoint of the tree as it is now says.
    public func checkpoint(origin: String) -> Checkpoint {
        hashAppended()
        return Checkpoint(origin: origin, size: edge.size, root: edge.root(hasher))
    }
}
