// SPDX-License-Identifier: Apache-2.0
import Cryptography
import Platform
import TransparencyLog

/// The start of a log: decides whether what is stored can be trusted, brings journaled records into
/// the tree, publishes, and begins a new journal segment. Both folders are locked.
///
/// A crash at any point leaves what the next start can take up: nothing is removed before the
/// checkpoint that covers it is published.
struct LogOpening {
    let sequencer: Sequencer
    let journal: Journal
    let verifierKey: VerifierKey
    private(set) var recovery = LocalLog.Recovery()

    init(
        _ folders: LocalLog.Folders, _ signer: NoteSigner, _ configuration: LogConfiguration,
        _ clock: any Clock
    ) throws {
        verifierKey = signer.verifierKey
        let origin = SHA256.hash(Array(signer.verifierKey.name.utf8))
        var segments = try JournalRecovery(folders.journal, origin: origin)

        // 1. What was published, and what was signed last.
        let start = try StoredCheckpoints(folders, verifierKey, segments.ordinals)
            .agree(signer, configuration.permissions)

        // 2. The tree's right edge, which must give the signed root.
        let builder: LogBuilder
        do {
            builder = try LogBuilder(resuming: start.checkpoint, from: StorageTiles(folders.log))
        } catch let error as TransparencyError {
            throw LogError(
                .checkpointDiffers, "the stored log is not what its checkpoint says: \(error)",
                hint: "restore `\(folders.log.name)` from a copy; records that are in the journal "
                    + "are added then")
        }
        sequencer = Sequencer(
            log: folders.log, journalFolder: folders.journal, signer: signer, builder: builder,
            publishedSize: start.publishedSize, cleanedSize: start.publishedSize)

        // 3. A checkpoint that was signed and remembered, and not published: finish that.
        if start.publishedSize != start.checkpoint.size || start.isUnpublished {
            try sequencer.publish(start.note, size: start.checkpoint.size)
        }
        recovery.published = start.checkpoint.size

        // 4. Records that only the journal has.
        let firstRecord = try Self.bringIn(&segments, sequencer)
        recovery.recovered = sequencer.size - start.checkpoint.size
        recovery.droppedBytes = segments.droppedBytes
        if sequencer.size != sequencer.publishedSize { try sequencer.publish() }
        // The crash may have come before the last removal of partial tiles.
        sequencer.partialsMayRemain(from: firstRecord)
        try sequencer.removeStalePartials()

        // 5. A new segment; the old ones hold nothing that is not published. Those without records
        //    go before it comes: only the last one may be so, but for a power loss, and this start
        //    notes that there was none since.
        for unwritten in segments.unwritten {
            try folders.journal.remove(segmentName(unwritten))
        }
        journal = try Journal(
            folders.journal, origin: origin, configuration: configuration, clock: clock,
            ordinal: (segments.ordinals.last ?? 0) + 1, next: sequencer.size)
        for ordinal in segments.ordinals { try folders.journal.remove(segmentName(ordinal)) }
        sequencer.follow(from: journal.start)
    }

    /// - Returns: the sequence number of the journal's first record.
    private static func bringIn(
        _ segments: inout JournalRecovery, _ sequencer: Sequencer
    ) throws -> Int {
        let published = sequencer.size
        var first = published
        try segments.forEach(published: published) { batch in
            first = min(first, batch.first)
            try sequencer.apply(batch.records, first: batch.first, count: batch.count)
        }
        return first
    }
}

/// The checkpoint in the log's folder and the one beside the journal, which is written first.
private struct StoredCheckpoints {
    let folders: LocalLog.Folders
    let published: (note: [UInt8], checkpoint: Checkpoint)?
    let signed: (note: [UInt8], checkpoint: Checkpoint)?
    let hasSegments: Bool

    /// Where to take up the log.
    struct Start {
        /// The newest that was signed.
        let note: [UInt8]
        let checkpoint: Checkpoint
        /// Of the checkpoint in the log's folder.
        let publishedSize: Int
        /// There is none in the log's folder.
        var isUnpublished = false
    }

    init(_ folders: LocalLog.Folders, _ key: VerifierKey, _ segments: [Int]) throws {
        self.folders = folders
        hasSegments = !segments.isEmpty
        published = try Self.read(folders.log, key)
        signed = try Self.read(folders.journal, key)
    }

    private static func read(
        _ storage: any Storage, _ key: VerifierKey
    ) throws -> (note: [UInt8], checkpoint: Checkpoint)? {
        guard let note = try storage.read(TilePath.checkpoint) else { return nil }
        do {
            let location = "\(storage.name)/\(TilePath.checkpoint)"
            return (note, try Checkpoint(note: note, key: key, at: location))
        } catch {
            throw LogError(
                .checkpointDiffers, error.description,
                hint: "check that the configured key and origin are this log's")
        }
    }

    /// Decides where to take up the log, or explains why not.
    func agree(_ signer: NoteSigner, _ permissions: LogConfiguration.Permissions) throws -> Start {
        switch (published, signed) {
        case (nil, nil):
            return try create(signer, permissions)
        case (nil, let signed?):
            guard signed.checkpoint.size == 0 else { throw missingLog(signed.checkpoint) }
            return Start(
                note: signed.note, checkpoint: signed.checkpoint, publishedSize: 0,
                isUnpublished: true)
        case (let published?, nil):
            guard permissions.contains(.newJournal), !hasSegments else {
                throw missingJournal(published.checkpoint)
            }
            try remember(published.note)
            return Start(
                note: published.note, checkpoint: published.checkpoint,
                publishedSize: published.checkpoint.size)
        case (let published?, let signed?):
            try compare(published.checkpoint, signed.checkpoint)
            return Start(
                note: signed.note, checkpoint: signed.checkpoint,
                publishedSize: published.checkpoint.size)
        }
    }

    private func compare(_ published: Checkpoint, _ signed: Checkpoint) throws {
        guard published.size <= signed.size else {
            throw LogError(
                .checkpointDiffers,
                "`\(folders.log.name)` has \(published.size) entries, the journal knows only of "
                    + "\(signed.size)",
                hint: "`\(folders.journal.name)` is older than the log or belongs to another one")
        }
        guard published.size < signed.size || published.root == signed.root else {
            throw LogError(
                .checkpointDiffers,
                "two checkpoints of \(signed.size) entries: root `\(published.rootText)` in "
                    + "`\(folders.log.name)`, `\(signed.rootText)` in `\(folders.journal.name)`",
                hint: "one of the folders is not this log's, or was changed")
        }
    }

    /// An empty log, signed. It is remembered beside the journal first, so that a crash in here is
    /// taken up by the next start.
    private func create(
        _ signer: NoteSigner, _ permissions: LogConfiguration.Permissions
    ) throws -> Start {
        guard permissions.contains(.create) else {
            throw LogError(
                .missingLog, "no log at `\(folders.log.name)`",
                hint: "let the first start create it, or check the configured path")
        }
        guard try folders.log.list("").isEmpty, !hasSegments else {
            throw LogError(
                .missingLog,
                "`\(folders.log.name)` has no checkpoint, yet it or the journal holds files",
                hint: "restore the checkpoint, or name empty folders for a new log")
        }
        let checkpoint = LogBuilder().checkpoint(origin: signer.verifierKey.name)
        let note = try checkpoint.signed(by: signer).bytes
        try remember(note)
        return Start(note: note, checkpoint: checkpoint, publishedSize: 0, isUnpublished: true)
    }

    private func remember(_ note: [UInt8]) throws(StorageError) {
        let written = note.withUnsafeBytes { bytes in
            Result { () throws(StorageError) in
                try folders.journal.replace(TilePath.checkpoint, with: bytes, isFlushed: true)
            }
        }
        try written.get()
        try folders.journal.sync()
    }

    private func missingLog(_ signed: Checkpoint) -> LogError {
        LogError(
            .missingLog,
            "`\(folders.log.name)` has no checkpoint, yet a log of \(signed.size) entries was "
                + "signed here",
            hint: "restore the log's folder, or check the configured path")
    }

    private func missingJournal(_ published: Checkpoint) -> LogError {
        LogError(
            .missingJournal,
            "`\(folders.journal.name)` is not the journal of the log of \(published.size) entries "
                + "in `\(folders.log.name)`",
            hint: "restore the journal's folder, check the configured path, or permit a new "
                + "journal: records that were only in the old one are lost then")
    }
}
