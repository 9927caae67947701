// SPDX-License-Identifier: Apache-2.0
import TransparencyLog

/// The log as its checkpoint has it now, and what it can prove of that.
struct PublishedLog<Source: TileSource> {
    let source: Source
    let note: SignedNote
    let checkpoint: Checkpoint
    private let keys: [VerifierKey]

    init(_ source: Source, keys: [VerifierKey]) throws {
        self.source = source
        self.keys = keys
        guard let bytes = try source.read(TilePath.checkpoint) else {
            throw TransparencyError(.missing, at: TilePath.checkpoint, "missing")
        }
        note = try SignedNote(bytes, at: TilePath.checkpoint)
        checkpoint = try Checkpoint(note: bytes, keys: keys, at: TilePath.checkpoint)
    }

    /// The hashes that show that the first `old` entries are still the beginning.
    func consistency(from old: Int) throws -> [String] {
        guard old > 0, old < checkpoint.size else { return [] }
        return try ProofBuilder(source, published: checkpoint.size).consistency(from: old)
            .map(\.base64)
    }

    /// Checks that the log extends a checkpoint that was kept elsewhere.
    ///
    /// - Returns: its size.
    func extends(_ kept: [UInt8], at place: String) throws -> Int {
        let old = try Checkpoint(note: kept, keys: keys, at: place)
        let hashes =
            old.size > 0 && old.size < checkpoint.size
            ? try ProofBuilder(source, published: checkpoint.size).consistency(from: old.size)
            : []
        try Proof.checkConsistency(
            old: old.size, oldRoot: old.root, new: checkpoint.size, newRoot: checkpoint.root,
            path: hashes, MerkleHasher())
        return old.size
    }
}
