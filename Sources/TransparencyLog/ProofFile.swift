// SPDX-License-Identifier: Apache-2.0
import Cryptography

/// A proof that stands alone (C2SP tlog-proof): that an entry is in the log of a signed checkpoint.
public struct ProofFile: Equatable, Sendable {
    private static let header = "c2sp.org/tlog-proof@v1"

    /// Data of the application, not signed.
    public var extra: [UInt8]?
    public let index: Int
    /// Leaf to root.
    public let path: [Digest]
    /// The signed note.
    public let checkpoint: [UInt8]

    public init(index: Int, path: [Digest], checkpoint: [UInt8], extra: [UInt8]? = nil) {
        self.index = index
        self.path = path
        self.checkpoint = checkpoint
        self.extra = extra
    }

    /// Proves entry `index` of the log in `source`, and checks the proof as its receiver will.
    ///
    /// - Parameters:
    ///   - keys: the log's.
    ///   - path: of the checkpoint to prove it under: the log's own, or the one that witnesses
    ///     cosigned.
    public init(
        of index: Int, in source: some TileSource, keys: [VerifierKey],
        under path: String = TilePath.checkpoint
    ) throws {
        guard let note = try source.read(path),
            let published = try source.read(TilePath.checkpoint)
        else { throw TransparencyError(.missing, at: path, "missing") }
        let checkpoint = try Checkpoint(note: note, keys: keys, at: path)
        let size = try Checkpoint(note: published, keys: keys, at: TilePath.checkpoint).size
        guard index >= 0, index < checkpoint.size else {
            throw TransparencyError(
                .missing, at: path,
                "entry \(index): the checkpoint has \(checkpoint.size) entries")
        }
        let hashes = try ProofBuilder(source, published: size, size: checkpoint.size)
            .inclusion(of: index)
        self.init(index: index, path: hashes, checkpoint: note)
        let tile = try source.tile(
            level: 0, index: index / LogLimits.tileWidth, shape: TileShape(size: size))
        try verify(leaf: tile.hash(at: index % LogLimits.tileWidth), keys: keys)
    }

    public var bytes: [UInt8] {
        var lines = [Self.header]
        if let extra { lines.append("extra " + Base64.encode(extra)) }
        lines.append("index \(index)")
        lines += path.map { Base64.encode($0.bytes) }
        return Array((lines.joined(separator: "\n") + "\n\n").utf8) + checkpoint
    }

    /// Parses; checks nothing but the form.
    public init(_ bytes: [UInt8]) throws(TransparencyError) {
        func refuse(_ message: String) -> TransparencyError {
            TransparencyError(.malformedProof, "proof file: " + message)
        }
        guard bytes.count <= LogLimits.noteLength else { throw refuse("is too long") }
        guard
            let blank = bytes.indices.dropLast().first(where: {
                bytes[$0] == 0x0A && bytes[$0 + 1] == 0x0A
            })
        else { throw refuse("has no empty line before its checkpoint") }
        var lines = bytes[..<blank].split(separator: 0x0A, omittingEmptySubsequences: false)[...]
        guard let first = lines.popFirst(), first.elementsEqual(Self.header.utf8) else {
            throw refuse("expected `\(Self.header)` as its first line")
        }
        extra = nil
        if let line = lines.first, let text = value(line, "extra ") {
            guard let data = Base64.decode(text), data.count <= LogLimits.proofExtraLength else {
                throw refuse("extra: expected base64")
            }
            extra = data
            lines = lines.dropFirst()
        }
        guard let line = lines.popFirst(), let text = value(line, "index "),
            let index = decimal(text)
        else { throw refuse("expected `index <number>`") }
        guard lines.count <= LogLimits.proofHashes else { throw refuse("has too many hashes") }
        var path: [Digest] = []
        for line in lines {
            guard let hash = Base64.decode(line).flatMap({ Digest($0) }) else {
                throw refuse("`\(String(decoding: line, as: UTF8.self))` is no hash in base64")
            }
            path.append(hash)
        }
        self.index = index
        self.path = path
        checkpoint = Array(bytes[(blank + 2)...])
    }

    /// Checks that `entry` is in the log that `key` signs.
    ///
    /// - Returns: the checkpoint that says so.
    @discardableResult
    public func verify(
        entry: [UInt8], key: VerifierKey
    ) throws(TransparencyError) -> Checkpoint {
        let leaf = entry.withUnsafeBytes { MerkleHasher().leaf($0) }
        return try verify(leaf: leaf, keys: [key])
    }

    /// Checks that the entry with leaf hash `leaf` is in the log that one of `keys` signs.
    @discardableResult
    public func verify(
        leaf: Digest, keys: [VerifierKey]
    ) throws(TransparencyError) -> Checkpoint {
        let checkpoint = try Checkpoint(note: checkpoint, keys: keys, at: "the proof's checkpoint")
        try Proof.checkInclusion(
            leaf: leaf, index: index, size: checkpoint.size, path: path, root: checkpoint.root,
            MerkleHasher())
        return checkpoint
    }
}

/// What follows `key` on a line that begins with it.
private func value(_ line: ArraySlice<UInt8>, _ key: StaticString) -> ArraySlice<UInt8>? {
    let prefix = UnsafeBufferPointer(start: key.utf8Start, count: key.utf8CodeUnitCount)
    return line.starts(with: prefix) ? line.dropFirst(prefix.count) : nil
}
