// SPDX-License-Identifier: Apache-2.0
import Cryptography

/// Makes proofs from a log's tiles (RFC 6962, sections 2.1.1 and 2.1.2).
///
/// A proof from broken tiles does not verify: check each with `Proof` before it goes out.
public struct ProofBuilder<Source: TileSource> {
    private let source: Source
    /// Of the tree that the proofs are about.
    private let size: Int
    /// Of the published tree, whose tiles are there.
    private let shape: TileShape
    private let hasher = MerkleHasher()

    /// - Parameters:
    ///   - published: the size in the log's checkpoint.
    ///   - size: the tree that the proofs are about, when it is an older one.
    public init(_ source: Source, published: Int, size: Int? = nil) {
        self.source = source
        self.size = size ?? published
        shape = TileShape(size: published)
        precondition(self.size <= published)
    }

    /// The hashes that lead from leaf `index` to the root, leaf first.
    public func inclusion(of index: Int) throws -> [Digest] {
        guard index >= 0, index < size else {
            throw TransparencyError(
                .proofFails, "index \(index) is outside a tree of \(size)")
        }
        var path: [Digest] = []
        var range = 0..<size
        // From the root down; the sibling of each step is a hash of the path.
        while range.count > 1 {
            let middle = range.lowerBound + split(range.count)
            if index < middle {
                path.append(try root(of: middle..<range.upperBound))
                range = range.lowerBound..<middle
            } else {
                path.append(try root(of: range.lowerBound..<middle))
                range = middle..<range.upperBound
            }
        }
        return path.reversed()
    }

    /// The hashes that show that the first `old` leaves are the beginning of this tree.
    public func consistency(from old: Int) throws -> [Digest] {
        guard old >= 0, old <= size else {
            throw TransparencyError(.shrunk, "expected at least \(old) entries, got \(size)")
        }
        guard old > 0 else { return [] }
        var path: [Digest] = []
        var range = 0..<size
        while range.upperBound != old {
            let middle = range.lowerBound + split(range.count)
            if old <= middle {
                path.append(try root(of: middle..<range.upperBound))
                range = range.lowerBound..<middle
            } else {
                path.append(try root(of: range.lowerBound..<middle))
                range = middle..<range.upperBound
            }
        }
        // Whoever holds the old root knows this node when it is that root.
        if range.lowerBound != 0 { path.append(try root(of: range)) }
        return path.reversed()
    }

    /// The root of the first `size` leaves.
    public func root() throws -> Digest {
        size == 0 ? hasher.emptyRoot() : try root(of: 0..<size)
    }

    /// The largest power of two below `count`, which is at least 2.
    private func split(_ count: Int) -> Int {
        1 << (Int.bitWidth - 1 - (count - 1).leadingZeroBitCount)
    }

    private func root(of range: Range<Int>) throws -> Digest {
        let count = range.count
        if count & (count - 1) == 0 && range.lowerBound % count == 0 {
            return try node(height: count.trailingZeroBitCount, index: range.lowerBound / count)
        }
        let middle = range.lowerBound + split(count)
        return hasher.node(
            try root(of: range.lowerBound..<middle), try root(of: middle..<range.upperBound))
    }

    /// A perfect subtree's root, from the tile that holds its nodes.
    private func node(height: Int, index: Int) throws -> Digest {
        let inTile = height % LogLimits.tileHeight
        let first = index << inTile
        let tile = try source.tile(
            level: height / LogLimits.tileHeight, index: first / LogLimits.tileWidth, shape: shape)
        let start = first % LogLimits.tileWidth * Digest.byteCount
        let end = start + Digest.byteCount << inTile
        return tile.hashes.withUnsafeBytes {
            hasher.root(ofPerfect: UnsafeRawBufferPointer(rebasing: $0[start..<end]))
        }
    }
}
