// SPDX-License-Identifier: Apache-2.0
import Cryptography

/// Turns entries into the files of a log, without writing them: the caller writes each file that
/// it is handed, and only then lets the tree go on. Every step can be repeated after a failure.
///
/// Belongs to one thread.
public final class LogBuilder {
    /// Writes a file.
    public typealias Write = (_ path: String, UnsafeRawBufferPointer) throws -> Void

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

    /// Whether no entry waits for its bundle to be full.
    public var isBundleEmpty: Bool { ends.isEmpty }

    /// Whether `writeFull` must run before the next `append`.
    public var isBundleFull: Bool { ends.count == LogLimits.tileWidth }

    /// Adds an entry of at most 65,535 bytes. Not while `isBundleFull`.
    public func append(_ entry: UnsafeRawBufferPointer) {
        precondition(!isBundleFull)
        EntryBundle.append(entry, to: &bundle)
        ends.append(bundle.count)
    }

    private func hashAppended() {
        guard hashed < ends.count else { return }
        bundle.withUnsafeMutableBytes { bundle in
            ends.withUnsafeBufferPointer { ends in
                addLeaves(
                    of: bundle, from: hashed == 0 ? 0 : ends[hashed - 1],
                    ends: UnsafeBufferPointer(rebasing: ends[hashed...]))
            }
        }
        hashed = ends.count
    }

    private func addLeaves(
        of bundle: UnsafeMutableRawBufferPointer, from start: Int, ends: UnsafeBufferPointer<Int>
    ) {
        withUnsafeTemporaryAllocation(byteCount: ends.count * Digest.byteCount, alignment: 8) {
            hasher.leaves(of: bundle, from: start, ends: ends, into: $0)
            edge.append(leaves: $0.readable)
        }
    }

    /// Hands out the full bundle and all tiles that it completes. When `write` throws nothing has
    /// changed.
    public func writeFull(_ write: Write) throws {
        guard isBundleFull else { return }
        hashAppended()
        try bundle.withUnsafeBytes {
            try write(TilePath.entries(edge.size / LogLimits.tileWidth - 1), $0)
        }
        try completeTiles(write)
        bundle.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
        hashed = 0
    }

    /// Takes the entries of a whole bundle from where they lie, without a copy, and hands it out
    /// with all tiles that it completes. Only while `isBundleEmpty`. When `write` throws
    /// the entries are in the tree as if they had been appended.
    ///
    /// - Parameters:
    ///   - bundle: in the file's form; changed while the entries are hashed.
    ///   - ends: where each of its entries ends.
    public func append(
        bundle: UnsafeMutableRawBufferPointer, ends: [Int], _ write: Write
    ) throws {
        precondition(isBundleEmpty && ends.count == LogLimits.tileWidth)
        do {
            // Before it is hashed: read from one end to the other it comes into this processor's
            // caches fastest, and hashing reads at many places at a time.
            try write(TilePath.entries(edge.size / LogLimits.tileWidth), bundle.readable)
            ends.withUnsafeBufferPointer { addLeaves(of: bundle, from: 0, ends: $0) }
            hashed = ends.count
            try completeTiles(write)
            hashed = 0
        } catch {
            self.bundle += bundle
            self.ends += ends
            throw error
        }
    }

    private func completeTiles(_ write: Write) throws {
        let roots = try edge.completedTiles(hasher) { level, index, hashes in
            let path = TilePath.hashes(level: level, index: index)
            try hashes.withUnsafeBytes { try write(path, $0) }
        }
        edge.roll(roots)
    }

    /// Hands out the partial bundle and tiles of the tree as it is now, those that the last call
    /// did not hand out already. Not while `isBundleFull`.
    public func writePartial(_ write: Write) throws {
        precondition(!isBundleFull)
        hashAppended()
        let shape = TileShape(size: edge.size)
        let before = TileShape(size: max(0, writtenSize))
        for level in 0..<shape.levels
        where shape.hashes(level: level) != before.hashes(level: level) {
            let width = shape.partialWidth(level: level)
            let index = shape.fullTiles(level: level)
            guard width > 0 else { continue }
            if level == 0 {
                try bundle.withUnsafeBytes { try write(TilePath.entries(index, width: width), $0) }
            }
            try edge.partialTile(level: level).withUnsafeBytes {
                try write(TilePath.hashes(level: level, index: index, width: width), $0)
            }
        }
        writtenSize = edge.size
    }

    /// What a checkpoint of the tree as it is now says.
    public func checkpoint(origin: String) -> Checkpoint {
        hashAppended()
        return Checkpoint(origin: origin, size: edge.size, root: edge.root(hasher))
    }
}
