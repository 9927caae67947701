// SPDX-License-Identifier: Apache-2.0
import Platform
import TransparencyLog

/// Hands a log over from one signing key to the next. No other process may have the log.
///
/// Verifiers who hold the old key find the new one in the statement that both keys signed
/// (`KeySuccession`), and what the old key signed stays verifiable by it.
public enum KeyRotation {
    /// - Throws: `locked` while a server has the log; nothing has changed then. After any other
    ///   failure the same call, with the same keys, finishes the work: until it returned, both
    ///   keys or the old one open the log.
    public static func run(
        _ folders: LocalLog.Folders, from old: NoteSigner, to new: NoteSigner,
        _ configuration: LogConfiguration = .init()
    ) throws(LogError) {
        // 1. The old key signs all that the journal has.
        try LocalLog.open(folders, signer: old, configuration).close()
        do {
            try folders.log.lock()
            defer { folders.log.unlock() }
            try folders.journal.lock()
            defer { folders.journal.unlock() }
            try handOver(folders, old, new)
        } catch {
            throw LogError(any: error)
        }
    }

    private static func handOver(
        _ folders: LocalLog.Folders, _ old: NoteSigner, _ new: NoteSigner
    ) throws {
        guard let note = try folders.journal.read(TilePath.checkpoint) else {
            throw LogError(.missingJournal, "`\(folders.journal.name)` has no checkpoint")
        }
        let checkpoint = try Checkpoint(
            note: note, keys: [old.verifierKey, new.verifierKey],
            at: "\(folders.journal.name)/\(TilePath.checkpoint)")
        // 2. The statement. A crash after it leaves a log that the old key goes on signing, which
        //    verifiers accept.
        let statement = try KeySuccession.signed(from: old, to: new, at: checkpoint)
        try put(statement, folders.log, TilePath.succession(old.verifierKey.keyIDText))
        if let bytes = try folders.log.read(TilePath.pruned) {
            let text = try SignedNote(bytes, at: TilePath.pruned).text
            let signatures = [try old.sign(text), try new.sign(text)]
            try put(SignedNote(text: text, signatures: signatures), folders.log, TilePath.pruned)
        }
        // 3. The same tree, signed by both: whichever key the next start has, it knows the log.
        //    First beside the journal, as every checkpoint.
        let both = SignedNote(
            text: checkpoint.body,
            signatures: [try old.sign(checkpoint.body), try new.sign(checkpoint.body)])
        try put(both, folders.journal, TilePath.checkpoint)
        try put(both, folders.log, TilePath.checkpoint)
    }

    private static func put(_ note: SignedNote, _ storage: any Storage, _ path: String) throws {
        try note.bytes.withUnsafeBytes { try storage.replace(path, with: $0, isFlushed: true) }
        try storage.sync()
    }
}
