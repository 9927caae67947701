// SPDX-License-Identifier: Apache-2.0
import Cryptography

/// Checks of proofs (RFC 6962, section 2.1; the algorithms of RFC 9162, sections 2.1.3.2 and
/// 2.1.4.2).
public enum Proof {
    /// Checks that the leaf stands at `index` of the tree of `size` leaves with root `root`.
    ///
    /// - Parameter path: hashes from the leaf's sibling to the root's child.
    public static func checkInclusion(
        leaf: Digest, index: Int, size: Int, path: [Digest], root: Digest, _ hasher: MerkleHasher
    ) throws(TransparencyError) {
        guard index >= 0, index < size else {
            throw TransparencyError(.proofFails, "index \(index) is outside a tree of \(size)")
        }
        var position = index
        var last = size - 1
        var hash = leaf
        for sibling in path {
            guard last > 0 else { throw fails("has more hashes than the tree is high") }
            if position & 1 == 1 || position == last {
                hash = hasher.node(sibling, hash)
                climb(&position, &last)
            } else {
                hash = hasher.node(hash, sibling)
            }
            position >>= 1
            last >>= 1
        }
        guard last == 0 else { throw fails("has too few hashes") }
        guard hash == root else { throw fails("does not lead to the checkpoint's root") }
    }

    /// Checks that the tree of `old` leaves is the beginning of the tree of `new` leaves.
    public static func checkConsistency(
        old: Int, oldRoot: Digest, new: Int, newRoot: Digest, path: [Digest],
        _ hasher: MerkleHasher
    ) throws(TransparencyError) {
        guard old >= 0, old <= new else {
            throw TransparencyError(.shrunk, "expected at least \(old) entries, got \(new)")
        }
        if old == new || old == 0 {
            guard path.isEmpty else { throw fails("has hashes where none are needed") }
            guard old == 0 || oldRoot == newRoot else {
                throw TransparencyError(.forked, "two roots for one size of \(old)")
            }
            return
        }
        let isPerfect = old & (old - 1) == 0
        guard var seed = isPerfect ? oldRoot : path.first else { throw fails("has no hashes") }
        var position = old - 1
        var last = new - 1
        while position & 1 == 1 {
            position >>= 1
            last >>= 1
        }
        var grown = seed
        for sibling in path.dropFirst(isPerfect ? 0 : 1) {
            guard last > 0 else { throw fails("has more hashes than the tree is high") }
            if position & 1 == 1 || position == last {
                seed = hasher.node(sibling, seed)
                grown = hasher.node(sibling, grown)
                climb(&position, &last)
            } else {
                grown = hasher.node(grown, sibling)
            }
            position >>= 1
            last >>= 1
        }
        guard last == 0 else { throw fails("has too few hashes") }
        guard seed == oldRoot, grown == newRoot else {
            throw TransparencyError(.forked, "the older tree is not the beginning of the newer one")
        }
    }

    /// Skips the levels at which the node has no sibling.
    private static func climb(_ position: inout Int, _ last: inout Int) {
        while position & 1 == 0 && position > 0 {
            position >>= 1
            last >>= 1
        }
    }

    private static func fails(_ message: String) -> TransparencyError {
        TransparencyError(.proofFails, "the proof " + message)
    }
}
