// SPDX-License-Identifier: Apache-2.0
import Cryptography

// What a log says beside its checkpoints: signed notes whose first line is no origin, so that none
// can pass for a checkpoint.

/// A log's word that it keeps the first entries no more, but for those that still mean something.
/// Their hashes stay, so every proof holds; what lacks an entry without such a word has lost it.
public struct PruningStatement: Equatable, Sendable {
    private static let header = "portcullis pruned v1"
    private static let keptWord = "kept "

    public let origin: String
    /// Entries below it may be absent: a multiple of 256.
    public let firstKept: Int
    /// The hash of the file with the entries that are kept of them; nil when none are.
    public let kept: Digest?

    public init(origin: String, firstKept: Int, kept: Digest? = nil) {
        self.origin = origin
        self.firstKept = firstKept
        self.kept = kept
    }

    public func signed(by signer: NoteSigner) throws -> SignedNote {
        var lines = [Self.header, origin, "\(firstKept)"]
        if let kept { lines.append(Self.keptWord + Base64.encode(kept.bytes)) }
        let text = Array((lines.joined(separator: "\n") + "\n").utf8)
        return SignedNote(text: text, signatures: [try signer.sign(text)])
    }

    /// - Parameter keys: of the log, any of which may have signed; none leaves it unchecked.
    public init(
        note: [UInt8], keys: [VerifierKey], at location: String?
    ) throws(TransparencyError) {
        let note = try SignedNote(note, at: location)
        if !keys.isEmpty { try note.verify(anyOf: keys, at: location) }
        let lines = note.text.split(separator: 0x0A, omittingEmptySubsequences: false)
        guard (4...5).contains(lines.count), lines[0].elementsEqual(Self.header.utf8),
            let firstKept = decimal(lines[2]), firstKept % LogLimits.tileWidth == 0
        else {
            throw TransparencyError(
                .malformedNote, at: location, "expected `\(Self.header)`, origin and a bound")
        }
        var kept: Digest?
        if lines.count == 5 {
            kept = Self.digest(lines[3])
            guard kept != nil else {
                throw TransparencyError(
                    .malformedNote, at: location, "expected `kept` and a SHA-256 hash")
            }
        }
        self.init(
            origin: String(decoding: lines[1], as: UTF8.self), firstKept: firstKept, kept: kept)
        guard keys.isEmpty || keys.contains(where: { $0.name == origin }) else {
            throw TransparencyError(.wrongOrigin, at: location, "is about `\(origin)`")
        }
    }

    private static func digest(_ line: ArraySlice<UInt8>) -> Digest? {
        guard line.starts(with: keptWord.utf8) else { return nil }
        return Base64.decode(Array(line.dropFirst(keptWord.utf8.count))).flatMap { Digest($0) }
    }
}

/// What a log says of entries that it keeps no more, as it stands now.
public struct PrunedPart: Equatable, Sendable {
    /// Entries below it may be absent: a multiple of 256, or the log's size.
    public let end: Int
    /// What is kept of them.
    public let kept: KeptEntries

    private static let attempts = 3

    /// - Parameters:
    ///   - keys: of the log, any of which may have signed; none leaves the statement unchecked.
    ///   - size: of the log's checkpoint.
    /// - Throws: as `PruningStatement` and `KeptEntries` do.
    public init(of source: some TileSource, keys: [VerifierKey], size: Int) throws {
        var note = try source.read(TilePath.pruned)
        var attempt = 1
        while let bytes = note {
            let statement = try PruningStatement(note: bytes, keys: keys, at: TilePath.pruned)
            do {
                kept = try KeptEntries(of: statement, in: source, size: size)
                end = min(statement.firstKept, size)
                return
            } catch let error as TransparencyError where error.code == .missing {
                // It is being pruned: the statement has changed, and what it keeps with it.
                note = try source.read(TilePath.pruned)
                guard note != bytes, attempt < Self.attempts else { throw error }
                attempt += 1
            }
        }
        end = 0
        kept = KeptEntries()
    }
}

/// A log's word that it signs with another key from now on. Both keys sign it.
public struct KeySuccession: Sendable {
    private static let header = "portcullis key succession v1"

    public let old: VerifierKey
    public let new: VerifierKey
    /// The last tree that the old key signed.
    public let checkpoint: Checkpoint

    public static func signed(
        from old: NoteSigner, to new: NoteSigner, at checkpoint: Checkpoint
    ) throws -> SignedNote {
        let lines = [header, old.verifierKey.text, new.verifierKey.text]
        let text = Array((lines.joined(separator: "\n") + "\n").utf8) + checkpoint.body
        return SignedNote(text: text, signatures: [try old.sign(text), try new.sign(text)])
    }

    /// Parses a statement and checks both signatures.
    ///
    /// - Parameter old: the key that hands over.
    public init(
        note: [UInt8], from old: VerifierKey, at location: String?
    ) throws(TransparencyError) {
        let note = try SignedNote(note, at: location)
        let lines = note.text.split(
            separator: 0x0A, maxSplits: 3, omittingEmptySubsequences: false)
        guard lines.count == 4, lines[0].elementsEqual(Self.header.utf8),
            lines[1].elementsEqual(old.text.utf8)
        else {
            throw TransparencyError(
                .malformedNote, at: location,
                "expected `\(Self.header)`, `\(old.text)` and the next key")
        }
        let new = try VerifierKey(String(decoding: lines[2], as: UTF8.self))
        let checkpoint = try Checkpoint(body: Array(lines[3]), at: location)
        try note.verify(old, at: location)
        try note.verify(new, at: location)
        guard new.name == old.name, checkpoint.origin == old.name else {
            throw TransparencyError(.wrongOrigin, at: location, "names another log")
        }
        self.old = old
        self.new = new
        self.checkpoint = checkpoint
    }

    /// The statement by which `key` handed over; nil when the log in `source` has none.
    public init?(of key: VerifierKey, in source: some TileSource) throws {
        let path = TilePath.succession(key.keyIDText)
        guard let note = try source.read(path) else { return nil }
        try self.init(note: note, from: key, at: path)
    }

    /// The keys that followed `key`, oldest first, as the log in `source` tells.
    public static func chain(
        from key: VerifierKey, in source: some TileSource
    ) throws -> [KeySuccession] {
        var chain: [KeySuccession] = []
        var key = key
        while chain.count < LogLimits.successions {
            guard let succession = try KeySuccession(of: key, in: source) else { break }
            chain.append(succession)
            key = succession.new
        }
        return chain
    }
}
