// SPDX-License-Identifier: Apache-2.0
import Compression
import Cryptography
import Platform
import TransparencyLog

/// Makes a log's old entry bundles smaller, or takes them away. Hashes stay, so every proof that
/// was given holds, and new ones can be made of all that is left.
///
/// Works beside a server that writes the log: bundles below the checkpoint never change.
public struct LogRetention {
    /// What becomes of old bundles.
    public enum Action: Equatable, Sendable {
        /// They stay, with gzip: nothing is lost, and readers notice nothing.
        case compress
        /// They go, with gzip, to a folder of the same layout, from which readers can take them.
        case move(to: String)
        case delete
    }

    /// What was done.
    public struct Outcome: Equatable, Sendable {
        public var bundles = 0
        public var bytesBefore = 0
        /// What is left in the log's folder of them.
        public var bytesAfter = 0
    }

    private let folder: String
    private let signer: NoteSigner

    /// - Parameters:
    ///   - folder: the log's.
    ///   - signer: the log's key: a log says itself what it keeps no more.
    public init(_ folder: String, signer: NoteSigner) {
        self.folder = folder
        self.signer = signer
    }

    /// Treats all whole bundles of entries below `end`. Can be repeated after any failure.
    ///
    /// - Parameters:
    ///   - kept: what stays of the entries that go: all that still means something, also of those
    ///     that went before. Not looked at when nothing goes.
    ///   - progress: is given the bundles that are done and those in all.
    public func apply(
        _ action: Action, below end: Int, keeping kept: KeptEntries = KeptEntries(),
        progress: (Int, Int) -> Void = { _, _ in }
    ) throws(LogError) -> Outcome {
        do {
            let published = try checkpointSize()
            let bundles = min(end, published) / LogLimits.tileWidth
            var outcome = Outcome()
            if case .move(let target) = action { try prepare(target, bundles) }
            // Said before the first is gone: a missing bundle without a word is a loss.
            if action != .compress { try state(bundles * LogLimits.tileWidth, kept) }
            for index in 0..<bundles {
                try treat(TilePath.entries(index), action, &outcome)
                progress(index + 1, bundles)
            }
            return outcome
        } catch {
            throw LogError(any: error)
        }
    }

    private func checkpointSize() throws -> Int {
        guard let note = try read(TilePath.checkpoint) else {
            throw LogError(.missingLog, "no log at `\(folder)`")
        }
        return try Checkpoint(
            note: note, key: signer.verifierKey, at: TilePath.checkpoint
        ).size
    }

    /// Makes the folder for bundles that are moved, which must be another than the log's, and must
    /// not have the records of another log.
    private func prepare(_ target: String, _ bundles: Int) throws {
        func checkPlace() throws {
            guard StorageFolder.isInside(target, folder: folder) else { return }
            throw LogError(
                .content, "`\(target)` is in the log's own folder `\(folder)`: nothing was moved",
                hint: "name a folder outside the log")
        }
        try checkPlace()
        try FileReplacement.makeFolder(target)
        // What was to be made may have led elsewhere.
        try checkPlace()
        for index in 0..<bundles {
            let path = TilePath.entries(index)
            let place = target + "/" + TilePath.compressed(path)
            guard StorageFolder.exists(place), let bytes = try bundle(path) else { continue }
            try checkArchived(bytes, place)
        }
    }

    /// The bundle's content; nil when it is not here.
    private func bundle(_ path: String) throws -> [UInt8]? {
        if let plain = try read(path) { return plain }
        return try read(TilePath.compressed(path)).map(decompress)
    }

    private func read(_ path: String) throws -> [UInt8]? {
        try FileReplacement.read(folder + "/" + path, limit: TilePath.limit(of: path))
    }

    private func decompress(_ bytes: [UInt8]) throws -> [UInt8] {
        try Gunzip.read(bytes, limit: LogLimits.bundleLength)
    }

    /// - Returns: whether the same records are there already.
    @discardableResult
    private func checkArchived(_ bundle: [UInt8], _ place: String) throws -> Bool {
        guard let there = try FileReplacement.read(place, limit: LogLimits.compressedLength) else {
            return false
        }
        guard (try? decompress(there)) == bundle else {
            throw LogError(
                .content, "`\(place)` holds other records: nothing was written over it",
                hint: "each log needs an archive of its own")
        }
        return true
    }

    /// 1. The kept entries, under a name that nothing refers to yet. 2. The statement, which names
    /// them. 3. The kept entries of the statement before are not needed any more; a crash before
    /// that leaves them, for the next time.
    private func state(_ firstKept: Int, _ kept: KeptEntries) throws {
        let path = folder + "/" + TilePath.pruned
        let before = try read(TilePath.pruned).map {
            // An older key may have signed it; what counts is that the bound never goes back.
            try PruningStatement(note: $0, keys: [], at: TilePath.pruned)
        }
        let bound = max(before?.firstKept ?? 0, firstKept)
        guard bound > 0 else { return }
        let digest = try write(kept)
        let statement = PruningStatement(
            origin: signer.verifierKey.name, firstKept: bound, kept: digest)
        try FileReplacement.write(try statement.signed(by: signer).bytes, to: path)
        if let old = before?.kept, old != digest {
            try FileReplacement.remove(folder + "/" + TilePath.kept(old))
        }
    }

    /// - Returns: what names the file; nil for no entries, which need none.
    private func write(_ kept: KeptEntries) throws -> Digest? {
        guard !kept.entries.isEmpty else { return nil }
        let bytes = kept.encoded
        guard bytes.count <= LogLimits.keptLength else {
            throw LogError(
                .content,
                "\(bytes.count) bytes of records still hold; "
                    + "\(LogLimits.keptLength) can be kept",
                hint: "prune less, or with --compress alone")
        }
        let digest = SHA256.hash(bytes)
        try FileReplacement.makeFolder(folder + "/" + TilePath.keptFolder)
        try FileReplacement.write(bytes, to: folder + "/" + TilePath.kept(digest))
        return digest
    }

    private func treat(_ path: String, _ action: Action, _ outcome: inout Outcome) throws {
        let plainPath = folder + "/" + path
        let compressedPath = folder + "/" + TilePath.compressed(path)
        let plain = try read(path)
        let compressed = try read(TilePath.compressed(path))
        guard plain != nil || compressed != nil else { return }
        outcome.bundles += 1
        outcome.bytesBefore += plain?.count ?? compressed?.count ?? 0
        switch action {
        case .compress:
            guard let plain else {
                outcome.bytesAfter += compressed?.count ?? 0
                return
            }
            let bytes = try compress(plain)
            try FileReplacement.write(bytes, to: compressedPath)
            outcome.bytesAfter += bytes.count
        case .move(let target):
            let place = target + "/" + TilePath.compressed(path)
            try FileReplacement.makeFolder(parent(place))
            let bytes = try plain ?? decompress(compressed ?? [])
            if try !checkArchived(bytes, place) {
                try FileReplacement.write(try plain.map(compress) ?? compressed ?? [], to: place)
            }
            guard !StorageFolder.isSame(place, compressedPath) else {
                throw LogError(.content, "`\(place)` is the log's own file")
            }
            try FileReplacement.remove(compressedPath)
        case .delete:
            try FileReplacement.remove(compressedPath)
        }
        try FileReplacement.remove(plainPath)
    }

    /// Compresses, and makes sure that the same bytes come back.
    private func compress(_ bytes: [UInt8]) throws -> [UInt8] {
        let compressed = try Gzip.compress(bytes)
        guard try Gunzip.read(compressed, limit: LogLimits.bundleLength) == bytes else {
            throw LogError(.content, "gzip gave other bytes back than it got")
        }
        return compressed
    }
}

/// The folder that a path with a `/` is in.
private func parent(_ path: String) -> String {
    String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)])
}
