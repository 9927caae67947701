// SPDX-License-Identifier: Apache-2.0
import Cryptography

/// The hashes of RFC 6962, section 2.1, over SHA-256. Belongs to one thread at a time.
public final class MerkleHasher {
    private let sha256 = SHA256()
    /// 0x01, left, right: one update costs less than three.
    private let node = UnsafeMutableRawBufferPointer.allocate(
        byteCount: 1 + 2 * Digest.byteCount, alignment: 1)
    private let leafPrefix = UnsafeMutableRawBufferPointer.allocate(byteCount: 1, alignment: 1)

    public init() {
        node.initializeMemory(as: UInt8.self, repeating: 0)
        node[0] = 1
        leafPrefix[0] = 0
    }

    deinit {
        node.deallocate()
        leafPrefix.deallocate()
    }

    /// H(0x00 || entry).
    public func leaf(_ entry: UnsafeRawBufferPointer) -> Digest {
        sha256.update(leafPrefix.readable)
        return sha256.hash(entry)
    }

    /// H(0x00 || entry) of entries in the form of an entry bundle.
    ///
    /// - Parameters:
    ///   - start: where the first one's length is in `bundle`.
    ///   - ends: where each entry ends.
    ///   - hashes: room for 32 bytes an entry.
    public func leaves(
        of bundle: UnsafeRawBufferPointer, from start: Int, ends: UnsafeBufferPointer<Int>,
        into hashes: UnsafeMutableRawBufferPointer
    ) {
        sha256.hashEach(
            in: bundle, from: start, ends: ends, gap: LogLimits.entryPrefixLength, prefix: 0,
            into: hashes)
    }

    /// H(0x01 || left || right).
    public func node(_ left: Digest, _ right: Digest) -> Digest {
        left.withUnsafeBytes { half(1).copyMemory(from: $0) }
        right.withUnsafeBytes { half(1 + Digest.byteCount).copyMemory(from: $0) }
        return sha256.hash(node.readable)
    }

    /// The root of the empty tree: H("").
    public func emptyRoot() -> Digest { sha256.finish() }

    /// The root over `hashes`, whose number is a power of two.
    ///
    /// - Parameter hashes: one or more hashes of 32 bytes, side by side.
    public func root(ofPerfect hashes: UnsafeRawBufferPointer) -> Digest {
        var width = hashes.count / Digest.byteCount
        precondition(width > 0 && width & (width - 1) == 0 && width <= LogLimits.tileWidth)
        // Each level is half as wide as the one below, and lies behind it.
        return withUnsafeTemporaryAllocation(byteCount: hashes.count, alignment: 8) { work in
            var level = hashes
            var start = 0
            while width > 1 {
                width /= 2
                let end = start + width * Digest.byteCount
                let above = UnsafeMutableRawBufferPointer(rebasing: work[start..<end])
                Self.pairEnds.withUnsafeBufferPointer { ends in
                    sha256.hashEach(
                        in: level, from: 0, ends: UnsafeBufferPointer(rebasing: ends[..<width]),
                        gap: 0, prefix: 1, into: above)
                }
                level = above.readable
                start = end
            }
            return Digest(level)
        }
    }

    /// Where each pair of hashes in a tile ends.
    private static let pairEnds = (1...(LogLimits.tileWidth / 2)).map { $0 * 2 * Digest.byteCount }

    private func half(_ start: Int) -> UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(rebasing: node[start..<(start + Digest.byteCount)])
    }
}

extension UnsafeMutableRawBufferPointer {
    /// The same memory, for reading.
    @inline(__always) var readable: UnsafeRawBufferPointer { UnsafeRawBufferPointer(self) }
}
