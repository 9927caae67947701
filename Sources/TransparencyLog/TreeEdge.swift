// SPDX-License-Identifier: Apache-2.0
import Cryptography

/// The right edge of a growing tree: the unfinished tile of each level. That is all that is needed
/// to go on appending and to know the root, and it is at most 8 KiB a level.
public struct TreeEdge: Sendable {
    /// Leaves in the tree.
    public private(set) var size = 0
    /// Level 0 first; each holds the hashes of its unfinished tile side by side.
    private var levels: [[UInt8]] = [[]]

    public init() {}

    /// Takes up a tree where it was left.
    ///
    /// - Parameter partialTile: answers the hashes of the unfinished tile of a level, as many as
    ///   `TileShape.partialWidth` says.
    public init<E: Error>(size: Int, partialTile: (Int) throws(E) -> [UInt8]) throws(E) {
        self.size = size
        let shape = TileShape(size: size)
        levels = []
        for level in 0..<max(1, shape.levels) {
            let width = shape.partialWidth(level: level)
            let hashes = width == 0 ? [] : try partialTile(level)
            precondition(hashes.count == width * Digest.byteCount)
            levels.append(hashes)
        }
    }

    /// Whether level 0 waits for `roll`.
    public var isTileFull: Bool { levels[0].count == LogLimits.tileWidth * Digest.byteCount }

    /// Adds a leaf hash. Not while `isTileFull`.
    public mutating func append(_ leaf: Digest) {
        precondition(!isTileFull)
        leaf.withUnsafeBytes { levels[0].append(contentsOf: $0) }
        size += 1
    }

    /// Adds leaf hashes that lie side by side, no more than the tile of level 0 has room for.
    public mutating func append(leaves: UnsafeRawBufferPointer) {
        precondition(levels[0].count + leaves.count <= LogLimits.tileWidth * Digest.byteCount)
        levels[0].append(contentsOf: leaves)
        size += leaves.count / Digest.byteCount
    }

    /// Hashes of the unfinished tile of `level`, side by side.
    public func partialTile(level: Int) -> [UInt8] { level < levels.count ? levels[level] : [] }

    /// Hands out each tile that the full tile of level 0 completes, level 0 first, changing
    /// nothing: after a failure it can be called again.
    ///
    /// - Returns: the roots of those tiles, for `roll`; none when level 0 is not full.
    public func completedTiles<E: Error>(
        _ hasher: MerkleHasher, _ body: (_ level: Int, _ index: Int, [UInt8]) throws(E) -> Void
    ) throws(E) -> [Digest] {
        guard isTileFull else { return [] }
        var roots: [Digest] = []
        var index = size / LogLimits.tileWidth - 1
        var tile = levels[0]
        var level = 0
        while tile.count == LogLimits.tileWidth * Digest.byteCount {
            try body(level, index, tile)
            let root = tile.withUnsafeBytes { hasher.root(ofPerfect: $0) }
            roots.append(root)
            level += 1
            index /= LogLimits.tileWidth
            tile = partialTile(level: level)
            root.withUnsafeBytes { tile.append(contentsOf: $0) }
        }
        return roots
    }

    /// Moves the root of each full tile one level up and starts a new tile there.
    ///
    /// - Parameter roots: what `completedTiles` answered for the tree as it is.
    public mutating func roll(_ roots: [Digest]) {
        precondition(roots.isEmpty != isTileFull)
        for (level, root) in roots.enumerated() {
            levels[level].removeAll(keepingCapacity: true)
            if level + 1 == levels.count { levels.append([]) }
            root.withUnsafeBytes { levels[level + 1].append(contentsOf: $0) }
        }
    }

    /// The root of the whole tree.
    public func root(_ hasher: MerkleHasher) -> Digest {
        var root: Digest?
        for hashes in levels {
            hashes.withUnsafeBytes { fold($0, into: &root, hasher) }
        }
        return root ?? hasher.emptyRoot()
    }

    /// Joins one level's hashes to the left of what lies to their right. Their number in binary is
    /// the sizes of the perfect subtrees, the largest at the left.
    private func fold(
        _ hashes: UnsafeRawBufferPointer, into root: inout Digest?, _ hasher: MerkleHasher
    ) {
        var end = hashes.count / Digest.byteCount
        while end > 0 {
            let width = end & -end
            let start = end - width
            let subtree = hasher.root(
                ofPerfect: UnsafeRawBufferPointer(
                    rebasing: hashes[(start * Digest.byteCount)..<(end * Digest.byteCount)]))
            root = root.map { hasher.node(subtree, $0) } ?? subtree
            end = start
        }
    }
}
