// SPDX-License-Identifier: Apache-2.0
import Cryptography

/// Checks a whole log with nothing but its verifier key: the checkpoint's signature, every entry
/// against its leaf hash, every tile of every level against the level below, the root, and that
/// the log still begins with what older checkpoints said.
///
/// Entries that the log has pruned, by its own signed statement, may be absent: their hashes are
/// checked all the same, and the report says what is not there.
public struct LogVerifier {
    /// The log's keys, in the order of their use.
    public let keys: [VerifierKey]
    /// Checkpoints seen before, such as those a witness or a backup kept. All must be signed by
    /// one of `keys`, which the caller has checked (`Checkpoint.init(note:keys:at:)`).
    public var saved: [Checkpoint] = []
    /// Called now and then with the entries checked and those in all.
    public var progress: ((_ done: Int, _ total: Int) -> Void)?

    public init(key: VerifierKey) { self.init(keys: [key]) }

    public init(keys: [VerifierKey]) { self.keys = keys }

    /// What was checked.
    public struct Report: Equatable, Sendable {
        public let checkpoint: Checkpoint
        /// Tiles of all levels, full and partial.
        public var tiles = 0
        /// Bytes of all entries.
        public var entryBytes = 0
        /// Older checkpoints that the log was found to begin with.
        public var consistentWith = 0
        /// Entries that are not here, from the first on: the log says that it pruned them.
        public var absent = 0
        /// Entries that are kept of the pruned ones, because they still mean something.
        public var kept = 0
    }

    /// - Throws: `TransparencyError` for the first thing that is wrong; what `source` throws.
    public func verify(_ source: some TileSource) throws -> Report {
        guard let note = try source.read(TilePath.checkpoint) else {
            throw TransparencyError(.missing, at: TilePath.checkpoint, "missing")
        }
        let checkpoint = try Checkpoint(note: note, keys: keys, at: TilePath.checkpoint)
        for old in saved where old.size > checkpoint.size {
            throw TransparencyError(
                .shrunk, at: TilePath.checkpoint,
                "expected at least \(old.size) entries as a saved checkpoint says, "
                    + "got \(checkpoint.size)")
        }
        var pass = VerifierPass(source: source, checkpoint: checkpoint, keys: keys, saved: saved)
        try pass.readPruned()
        return try pass.run(progress)
    }
}

/// One walk over the log from its first entry to its last.
private struct VerifierPass<Source: TileSource> {
    let source: Source
    let keys: [VerifierKey]
    let shape: TileShape
    let hasher = MerkleHasher()
    var edge = TreeEdge()
    var report: LogVerifier.Report
    /// Sorted by size; those that the walk has not reached yet.
    var saved: ArraySlice<Checkpoint>
    /// Entries below it may be absent.
    var firstKept = 0

    init(source: Source, checkpoint: Checkpoint, keys: [VerifierKey], saved: [Checkpoint]) {
        self.source = source
        self.keys = keys
        self.saved = saved.sorted { $0.size < $1.size }[...]
        shape = TileShape(size: checkpoint.size)
        report = LogVerifier.Report(checkpoint: checkpoint)
    }

    /// Reads what the log says of entries that it keeps no more.
    mutating func readPruned() throws {
        let pruned = try PrunedPart(of: source, keys: keys, size: shape.size)
        firstKept = pruned.end
        report.kept = pruned.kept.entries.count
    }

    mutating func run(_ progress: ((Int, Int) -> Void)?) throws -> LogVerifier.Report {
        try compareSaved()
        var index = 0
        while edge.size < shape.size {
            try checkBundle(index)
            try checkCompletedTiles()
            index += 1
            if edge.size % LogLimits.progressInterval == 0 { progress?(edge.size, shape.size) }
        }
        try checkPartialTiles()
        guard edge.root(hasher) == report.checkpoint.root else {
            throw TransparencyError(
                .rootDiffers, at: TilePath.checkpoint,
                "root: the entries give `\(Base64.encode(edge.root(hasher).bytes))`, "
                    + "got `\(report.checkpoint.rootText)`")
        }
        progress?(shape.size, shape.size)
        return report
    }

    /// Hashes the entries of one bundle and compares them with their tile of level 0.
    private mutating func checkBundle(_ index: Int) throws {
        let tile = try source.tile(level: 0, index: index, shape: shape)
        let first = index * LogLimits.tileWidth
        report.tiles += 1
        guard let bundle = try bundle(index, first: first) else {
            return try takeHashes(tile, count: shape.width(level: 0, index: index))
        }
        try bundle.bytes.withUnsafeBytes { bytes in
            try EntryBundle.forEach(
                bytes, path: bundle.path, count: min(LogLimits.tileWidth, shape.size - first),
                allowsMore: bundle.isFull
            ) { position, entry in
                let leaf = hasher.leaf(entry)
                guard tile.holds(leaf, at: position) else {
                    throw TransparencyError(
                        .entryDiffers, at: tile.path,
                        "hash \(position) differs from its entry: entry \(first + position), "
                            + "`\(bundle.path)` position \(position)")
                }
                edge.append(leaf)
                report.entryBytes += entry.count
                if let next = saved.first, next.size == edge.size { try compareSaved() }
            }
        }
    }

    /// Nil when its entries were pruned.
    private mutating func bundle(_ index: Int, first: Int) throws -> StoredBundle? {
        if let bundle = try source.storedBundle(index, shape: shape) { return bundle }
        // It may have gone since the statement was read, which says so before it goes.
        if first >= firstKept { try readPruned() }
        guard first < firstKept else { return try source.bundle(index, shape: shape) }
        return nil
    }

    /// The entries are gone: their hashes lead to the root, or the log is not what was signed.
    private mutating func takeHashes(_ tile: StoredTile, count: Int) throws {
        for position in 0..<count {
            edge.append(tile.hash(at: position))
            if let next = saved.first, next.size == edge.size { try compareSaved() }
        }
        report.absent += count
    }

    private mutating func checkCompletedTiles() throws {
        var tiles = 0
        let roots = try edge.completedTiles(hasher) { level, index, hashes in
            guard level > 0 else { return }  // compared entry by entry
            try compareTile(level: level, index: index, hashes)
            tiles += 1
        }
        report.tiles += tiles
        edge.roll(roots)
    }

    private mutating func checkPartialTiles() throws {
        guard shape.levels > 1 else { return }
        for level in 1..<shape.levels where shape.partialWidth(level: level) > 0 {
            try compareTile(
                level: level, index: shape.fullTiles(level: level), edge.partialTile(level: level))
            report.tiles += 1
        }
    }

    private func compareTile(level: Int, index: Int, _ computed: [UInt8]) throws {
        let stored = try source.tile(level: level, index: index, shape: shape)
        guard stored.hashes != computed else { return }
        let place = zip(stored.hashes, computed).enumerated().first { $0.element.0 != $0.element.1 }
        throw TransparencyError(
            .tileDiffers, at: stored.path,
            "hash \((place?.offset ?? 0) / Digest.byteCount) differs from the tiles of "
                + "level \(level - 1)")
    }

    /// The tree has reached the size of saved checkpoints: their roots must be its root.
    private mutating func compareSaved() throws {
        while let old = saved.first, old.size == edge.size {
            guard old.root == edge.root(hasher) else {
                throw TransparencyError(
                    .forked, at: TilePath.checkpoint,
                    "the first \(old.size) entries are not those of the saved checkpoint: "
                        + "expected root `\(old.rootText)`, "
                        + "got `\(Base64.encode(edge.root(hasher).bytes))`")
            }
            report.consistentWith += 1
            saved = saved.dropFirst()
        }
    }
}
