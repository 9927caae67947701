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
    ///   - start: where the first one's length is in `bundle`. While this runs the prefix stands
    ///     where its last byte does, so that it and the entry are one message.
    ///   - ends: where each entry ends.
    ///   - hashes: room for 32 bytes an entry.
    public func leaves(
        of bundle: UnsafeMutableRawBufferPointer, from start: Int, ends: UnsafeBufferPointer<Int>,
        into hashes: UnsafeMutableRawBufferPointer
    ) {
        let last = LogLimits.entryPrefixLength - 1
        var from = start
        for end in ends {
            precondition(from >= 0 && from + last < end && end <= bundle.count)
            bundle[from + last] = 0
            from = end
        }
        sha256.hashEach(in: bundle.readable, from: start, ends: ends, gap: last, into: hashes)
        from = start
        for end in ends {
            let length = end - from - LogLimits.entryPrefixLength
            bundle[from + last] = UInt8(truncatingIfNeeded: length)
            from = end
        }
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
        precondition(width > 0 && width & (width - 1) == 0)
        return withUnsafeTemporaryAllocation(byteCount: hashes.count, alignment: 8) { work in
            work.copyMemory(from: hashes)
            while width > 1 {
                width /= 2
                for index in 0..<width { fold(work, index) }
            }
            return Digest(work.readable)
        }
    }

    /// Hashes pair `index` of `work` into place `index`.
    private func fold(_ work: UnsafeMutableRawBufferPointer, _ index: Int) {
        let pair = 2 * Digest.byteCount
        UnsafeMutableRawBufferPointer(rebasing: node[1...]).copyMemory(
            from: UnsafeRawBufferPointer(rebasing: work[(pair * index)..<(pair * (index + 1))]))
        sha256.hash(node.readable).withUnsafeBytes {
            let start = index * Digest.byteCount
            UnsafeMutableRawBufferPointer(rebasing: work[start..<(start + $0.count)])
                .copyMemory(from: $0)
        }
    }

    private func half(_ start: Int) -> UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(rebasing: node[start..<(start + Digest.byteCount)])
    }
}

extension UnsafeMutableRawBufferPointer {
    /// The same memory, for reading.
    @inline(__always) var readable: UnsafeRawBufferPointer { UnsafeRawBufferPointer(self) }
}
