// SPDX-License-Identifier: Apache-2.0
import Platform
import RegoVM
import TransparencyLog

/// Brings a log's checkpoints to where the log's keeper cannot change them: a file elsewhere, an
/// HTTP server, witnesses. What witnesses cosigned is put beside the log's own checkpoint.
///
/// Reads the log as anybody does, and so never holds up a check. One thread at a time.
public struct CheckpointSharer<Source: TileSource & Sendable>: Sendable {
    /// Where checkpoints go; nothing by default.
    public struct Destinations: Sendable {
        /// A file, whose folder exists.
        public var file: String?
        /// Where the note is sent by POST.
        public var push: String?
        public var witnesses: [Witness] = []
        /// Cosignatures without which `checkpoint.witnessed` is left as it is. Default: all.
        public var quorum: Int?

        public init() {}

        public var isEmpty: Bool { file == nil && push == nil && witnesses.isEmpty }
    }

    /// What one round did.
    public struct Outcome: Sendable {
        public var size = 0
        /// Witnesses that cosigned.
        public var cosigned: [String] = []
        public var errors: [SharingError] = []
    }

    private let source: Source
    private let folder: String
    private let keys: [VerifierKey]
    private let destinations: Destinations
    private let transport: any NetworkTransport

    /// - Parameters:
    ///   - folder: the log's, for `checkpoint.witnessed`.
    ///   - keys: the log's, in the order of their use.
    public init(
        _ source: Source, folder: String, keys: [VerifierKey], to destinations: Destinations,
        transport: any NetworkTransport
    ) {
        self.source = source
        self.folder = folder
        self.keys = keys
        self.destinations = destinations
        self.transport = transport
    }

    /// Checks that the log extends what the file kept: a log that was rolled back, or another one
    /// in its place, must not go on.
    public func checkFile() throws(SharingError) {
        guard let path = destinations.file else { return }
        do {
            guard let kept = try FileReplacement.read(path) else { return }
            _ = try PublishedLog(source, keys: keys).extends(kept, at: path)
        } catch let error as TransparencyError {
            throw SharingError(.differs, at: path, error.message)
        } catch {
            throw SharingError(.file, at: path, "\(error)")
        }
    }

    /// Shares the checkpoint of this moment with all destinations. The failure of one does not
    /// keep it from others.
    public func share() -> Outcome {
        var outcome = Outcome()
        let log: PublishedLog<Source>
        do {
            log = try PublishedLog(source, keys: keys)
        } catch {
            outcome.errors.append(SharingError(.log, at: folder, "\(error)"))
            return outcome
        }
        outcome.size = log.checkpoint.size
        let signatures = cosignatures(log, &outcome)
        var note = SignedNote(text: log.note.text, signatures: log.note.signatures + signatures)
        attempt(&outcome, .log, folder) {
            do {
                // Whoever reads it, we at the next start among them, must be able to.
                _ = try Checkpoint(note: note.bytes, keys: keys, at: folder)
            } catch {
                note = log.note
                throw error
            }
            try keepWitnessed(note, signatures.count)
        }
        if let path = destinations.file {
            attempt(&outcome, .file, path) { try write(note, log, to: path) }
        }
        if let url = destinations.push {
            attempt(&outcome, .push, url) { try push(note, to: url) }
        }
        return outcome
    }

    private func attempt(
        _ outcome: inout Outcome, _ code: SharingError.Code, _ place: String,
        _ body: () throws -> Void
    ) {
        do {
            try body()
        } catch let error as SharingError {
            outcome.errors.append(error)
        } catch {
            outcome.errors.append(SharingError(code, at: place, "\(error)"))
        }
    }

    private func cosignatures(
        _ log: PublishedLog<Source>, _ outcome: inout Outcome
    ) -> [NoteSignature] {
        var signatures: [NoteSignature] = []
        // An empty tree is nothing to vouch for.
        guard log.checkpoint.size > 0 else { return [] }
        for witness in destinations.witnesses {
            guard !outcome.cosigned.contains(witness.key.label) else { continue }
            let known = signatures.count
            attempt(&outcome, .witness, witness.url) {
                if let signature = try witness.cosign(log) { signatures.append(signature) }
            }
            if signatures.count > known { outcome.cosigned.append(witness.key.label) }
        }
        return signatures
    }

    private func keepWitnessed(_ note: SignedNote, _ cosignatures: Int) throws {
        let quorum = destinations.quorum ?? destinations.witnesses.count
        guard cosignatures > 0, cosignatures >= quorum else { return }
        try FileReplacement.write(note.bytes, to: folder + "/" + TilePath.witnessed)
    }

    private func write(
        _ note: SignedNote, _ log: PublishedLog<Source>, to path: String
    ) throws {
        if let kept = try FileReplacement.read(path) {
            do {
                _ = try log.extends(kept, at: path)
            } catch let error as TransparencyError {
                throw SharingError(.differs, at: path, error.message)
            }
        }
        try FileReplacement.write(note.bytes, to: path)
    }

    private func push(_ note: SignedNote, to url: String) throws {
        var request = HTTPRequest(method: "POST", url: url)
        request.headers = [HTTPField("content-type", "text/plain; charset=utf-8")]
        request.body = note.bytes
        let response: HTTPResponse
        do throws(NetworkFailure) {
            let deadline = UInt64(SystemClock().monotonic()) + SharingLimits.requestTime
            response = try transport.exchange(request, Patience(deadline: deadline))
        } catch {
            throw SharingError(.push, at: url, error.words)
        }
        guard (200..<300).contains(response.statusCode) else {
            throw SharingError(.push, at: url, "answered \(response.status)")
        }
    }
}
