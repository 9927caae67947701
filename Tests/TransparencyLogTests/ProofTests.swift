// SPDX-License-Identifier: Apache-2.0
import Cryptography
import TestSupport
import Testing

@testable import TransparencyLog

@Suite("proofs")
struct ProofTests {
    /// Roots by the definition of RFC 6962, which shares nothing with the tiles.
    private static func root(_ leaves: ArraySlice<Digest>, _ hasher: MerkleHasher) -> Digest {
        if leaves.isEmpty { return hasher.emptyRoot() }
        if leaves.count == 1 { return leaves[leaves.startIndex] }
        var split = 1
        while split * 2 < leaves.count { split *= 2 }
        let middle = leaves.startIndex + split
        return hasher.node(
            root(leaves[..<middle], hasher), root(leaves[middle...], hasher))
    }

    private static let sizes = [1, 2, 3, 5, 8, 13, 255, 256, 257, 600, 1_025]

    @Test("every size has the root of the definition")
    func definition() throws {
        let hasher = MerkleHasher()
        let leaves = (0..<1_030).map { Example.entry($0).withUnsafeBytes { hasher.leaf($0) } }
        var edge = TreeEdge()
        for size in 0..<leaves.count {
            if size < 40 || size % 64 < 2 {
                #expect(edge.root(hasher) == Self.root(leaves[..<size], hasher))
            }
            edge.append(leaves[size])
            edge.roll(edge.completedTiles(hasher) { _, _, _ in })
        }
    }

    @Test("inclusion", arguments: sizes)
    func inclusion(size: Int) throws {
        let log = MemoryTiles()
        try log.publish(at: [size])
        let checkpoint = try log.verify().checkpoint
        let hasher = MerkleHasher()
        let builder = ProofBuilder(log, published: size)
        #expect(try builder.root() == checkpoint.root)
        for index in stride(from: 0, to: size, by: max(1, size / 40)) {
            let path = try builder.inclusion(of: index)
            let leaf = Example.entry(index).withUnsafeBytes { hasher.leaf($0) }
            func check(_ leaf: Digest, _ index: Int, _ path: [Digest]) throws {
                try Proof.checkInclusion(
                    leaf: leaf, index: index, size: size, path: path, root: checkpoint.root, hasher)
            }
            try check(leaf, index, path)
            #expect(throws: TransparencyError.self) { try check(Digest(), index, path) }
            #expect(throws: TransparencyError.self) { try check(leaf, index, path + [leaf]) }
            if size > 1 {
                #expect(throws: TransparencyError.self) {
                    try check(leaf, (index + 1) % size, path)
                }
                #expect(throws: TransparencyError.self) { try check(leaf, index, path.dropLast()) }
            }
        }
    }

    @Test("consistency between all pairs of sizes")
    func consistency() throws {
        let log = MemoryTiles()
        try log.publish(at: [1_025])
        let hasher = MerkleHasher()
        for new in Self.sizes {
            for old in Self.sizes + [0] where old <= new {
                let newRoot = try ProofBuilder(log, published: 1_025, size: new).root()
                let oldRoot = try ProofBuilder(log, published: 1_025, size: old).root()
                let path = try ProofBuilder(log, published: 1_025, size: new).consistency(from: old)
                func check(_ oldRoot: Digest, _ path: [Digest]) throws {
                    try Proof.checkConsistency(
                        old: old, oldRoot: oldRoot, new: new, newRoot: newRoot, path: path, hasher)
                }
                try check(oldRoot, path)
                if old > 0 {
                    #expect(throws: TransparencyError.self) { try check(Digest(), path) }
                }
                #expect(throws: TransparencyError.self) { try check(oldRoot, path + [newRoot]) }
            }
        }
    }

    @Test("a proof file proves its entry and no other")
    func file() throws {
        let log = MemoryTiles()
        try log.publish(at: [300])
        let key = Example.signer.verifierKey
        let proof = ProofFile(
            index: 77, path: try ProofBuilder(log, published: 300).inclusion(of: 77),
            checkpoint: log.files["checkpoint"] ?? [], extra: Array("why".utf8))
        #expect(try ProofFile(of: 77, in: log, keys: [key]).path == proof.path)
        let copy = try ProofFile(proof.bytes)
        #expect(copy == proof)
        #expect(try copy.verify(entry: Example.entry(77), key: key).size == 300)
        #expect(throws: TransparencyError.self) {
            try copy.verify(entry: Example.entry(78), key: key)
        }
        let other = Example.makeSigner("other").verifierKey
        #expect(throws: TransparencyError.self) {
            try copy.verify(entry: Example.entry(77), key: other)
        }
        for count in 0..<(proof.bytes.count - 1) {
            #expect(throws: TransparencyError.self) {
                try ProofFile(Array(proof.bytes[..<count])).verify(
                    entry: Example.entry(77), key: key)
            }
        }
    }
}
