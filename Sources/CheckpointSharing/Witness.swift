// SPDX-License-Identifier: Apache-2.0
import Platform
import RegoVM
import Synchronization
import TransparencyLog

/// Asks one witness for its cosignature (C2SP tlog-witness, `add-checkpoint`).
public final class Witness: Sendable {
    public let key: VerifierKey
    /// Without a `/` at its end.
    public let url: String
    private let transport: any NetworkTransport
    /// What the witness cosigned last, as far as we know.
    private let cosigned = Mutex(0)

    private enum Status {
        static let done = 200
        static let conflict = 409
    }

    /// - Parameter key: of kind `cosignature`.
    public init(url: String, key: VerifierKey, transport: any NetworkTransport) {
        self.url = url.hasSuffix("/") ? String(url.dropLast()) : url
        self.key = key
        self.transport = transport
    }

    /// - Returns: the witness's signature line, checked. It may give several; the last one counts.
    func cosign(_ log: PublishedLog<some TileSource>) throws -> NoteSignature? {
        let known = cosigned.withLock { $0 }
        var response = try ask(log, old: min(known, log.checkpoint.size))
        if response.statusCode == Status.conflict, let size = Self.size(response.body) {
            // It knows better what it saw: once more from there.
            guard size <= log.checkpoint.size else {
                throw SharingError(
                    .differs, at: url,
                    "has seen \(size) entries, this log has \(log.checkpoint.size)")
            }
            response = try ask(log, old: size)
        }
        guard response.statusCode == Status.done else { throw refusal(response) }
        let note = try SignedNote(log.note.text + [0x0A] + response.body, at: url)
        _ = try Cosignature(of: key, on: note, at: url)
        cosigned.withLock { $0 = log.checkpoint.size }
        return note.signatures.last { $0.name == key.name && $0.keyID == key.keyID }
    }

    private func ask(_ log: PublishedLog<some TileSource>, old: Int) throws -> HTTPResponse {
        let proof = try log.consistency(from: old)
        guard proof.count <= SharingLimits.proofHashes else {
            throw SharingError(.witness, at: url, "the proof has \(proof.count) hashes")
        }
        var request = HTTPRequest(method: "POST", url: url + "/add-checkpoint")
        request.headers = [HTTPField("content-type", "text/plain; charset=utf-8")]
        let head = ["old \(old)"] + proof
        request.body = Array((head.joined(separator: "\n") + "\n\n").utf8) + log.note.bytes
        do throws(NetworkFailure) {
            let deadline = UInt64(SystemClock().monotonic()) + SharingLimits.requestTime
            return try transport.exchange(request, Patience(deadline: deadline))
        } catch {
            throw SharingError(.witness, at: url, error.words)
        }
    }

    private func refusal(_ response: HTTPResponse) -> SharingError {
        let text = String(decoding: response.body, as: UTF8.self).split(separator: "\n").first ?? ""
        // The tree that it saw is not the beginning of this one.
        let isFork = response.statusCode == 422
        return SharingError(
            isFork ? .differs : .witness, at: url,
            "answered \(response.statusCode): \(text.prefix(SharingLimits.refusalText))")
    }

    /// The body of a conflict: a decimal size.
    private static func size(_ body: [UInt8]) -> Int? {
        let digits = body.prefix { $0 != 0x0A }
        guard !digits.isEmpty, digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return Int(String(decoding: digits, as: UTF8.self))
    }
}

extension NetworkFailure {
    var words: String {
        switch self {
        case .disallowed(let host): "host `\(host)` is not allowed"
        case .invalid(let text), .failed(let text): text
        case .timedOut: "no answer in \(SharingLimits.requestTime / 1_000_000_000) s"
        }
    }
}
