// SPDX-License-Identifier: Apache-2.0
import Cryptography
import Foundation
import RegoVM
import Synchronization
import TestSupport
import Testing
import TransparencyLog

@testable import CheckpointSharing

@Suite struct SharingTests {
    private let folder = NSTemporaryDirectory() + "portcullis-sharing-\(UUID().uuidString)"
    private let signer: NoteSigner
    private let witnessKey: Ed25519PrivateKey

    init() throws {
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true)
        signer = try NoteSigner(
            name: "example.org/log",
            privateKey: Ed25519PrivateKey(seed: SHA256.hash(Array("log".utf8)).bytes))
        witnessKey = try Ed25519PrivateKey(seed: SHA256.hash(Array("witness".utf8)).bytes)
    }

    private func log(_ count: Int, _ seed: String = "entry") throws -> MemoryLog {
        try MemoryLog(count, seed, signer)
    }

    private func sharer(
        _ log: MemoryLog, _ network: FakeNetwork, file: String? = nil, push: String? = nil,
        isWitnessed: Bool = false
    ) throws -> CheckpointSharer<MemoryLog> {
        var destinations = CheckpointSharer<MemoryLog>.Destinations()
        destinations.file = file
        destinations.push = push
        if isWitnessed {
            let key = try VerifierKey(
                name: "witness.example", publicKey: witnessKey.publicKey, kind: .cosignature)
            destinations.witnesses = [
                Witness(url: "http://witness/", key: key, transport: network)
            ]
        }
        return CheckpointSharer(
            log, folder: folder, keys: [signer.verifierKey], to: destinations, transport: network)
    }

    @Test("the file holds the newest, and a log that does not extend it is refused")
    func file() throws {
        let path = folder + "/kept"
        let network = FakeNetwork { _ in FakeNetwork.answer(200) }
        for size in [10, 10, 300] {
            let sharer = try sharer(try log(size), network, file: path)
            try sharer.checkFile()
            #expect(sharer.share().errors.isEmpty)
        }
        let kept = FileManager.default.contents(atPath: path)
        for other in [try log(200), try log(400, "other")] {
            let sharer = try sharer(other, network, file: path)
            #expect(throws: SharingError.self) { try sharer.checkFile() }
            #expect(sharer.share().errors.map(\.code) == [.differs])
            #expect(FileManager.default.contents(atPath: path) == kept)
        }
    }

    @Test("the note is sent, and every refusal is an error", arguments: [200, 204, 302, 403, 500])
    func push(status: Int) throws {
        let network = FakeNetwork { _ in FakeNetwork.answer(status) }
        let outcome = try sharer(try log(5), network, push: "http://store/x").share()
        #expect(network.requests.count == 1)
        #expect(network.requests[0].body == (try log(5)).files["checkpoint"])
        #expect(outcome.errors.map(\.code) == ((200..<300).contains(status) ? [] : [.push]))
    }

    @Test("a witness's cosignature is kept beside the checkpoint")
    func witness() throws {
        let network = FakeNetwork { try cosign($0) }
        let outcome = try sharer(try log(300), network, isWitnessed: true).share()
        #expect(outcome.errors.isEmpty && outcome.cosigned.count == 1)
        let kept = try #require(
            FileManager.default.contents(atPath: folder + "/checkpoint.witnessed"))
        let note = try SignedNote(Array(kept), at: nil)
        #expect(note.signatures.count == 2)
        let key = try VerifierKey(
            name: "witness.example", publicKey: witnessKey.publicKey, kind: .cosignature)
        #expect(try Cosignature(of: key, on: note, at: nil).time == 1_800_000_000)
        #expect(throws: TransparencyError.self) {
            try Cosignature(of: key, on: SignedNote(text: note.text, signatures: []), at: nil)
        }
    }

    @Test("a conflict names the size from which to prove")
    func conflict() throws {
        let network = FakeNetwork { request in
            let text = String(decoding: request.body, as: UTF8.self)
            guard text.hasPrefix("old 100\n") else { return FakeNetwork.answer(409, "100\n") }
            #expect(text.split(separator: "\n\n")[0].split(separator: "\n").count > 3)
            return try cosign(request)
        }
        let outcome = try sharer(try log(300), network, isWitnessed: true).share()
        #expect(outcome.errors.isEmpty)
        #expect(network.requests.count == 2)
    }

    @Test("of many lines by one witness one is kept, and the next round reads it")
    func manyLines() throws {
        let network = FakeNetwork { request in
            var answer = try cosign(request)
            answer.body = Array(repeatElement(answer.body, count: 64).joined())
            return answer
        }
        let path = folder + "/kept"
        for size in [300, 300, 400] {
            let sharer = try sharer(try log(size), network, file: path, isWitnessed: true)
            let outcome = sharer.share()
            #expect(outcome.errors.isEmpty && outcome.cosigned.count == 1)
            try sharer.checkFile()
            let kept = try #require(FileManager.default.contents(atPath: path))
            #expect(try SignedNote(Array(kept), at: nil).signatures.count == 2)
        }
    }

    @Test("what a witness must not do: another's signature, a bad one, none, a larger tree")
    func wrongAnswers() throws {
        let answers: [(HTTPRequest) throws -> HTTPResponse] = [
            { _ in FakeNetwork.answer(200, "") }, { _ in FakeNetwork.answer(200, "hello\n") },
            { request in
                var answer = try cosign(request)
                answer.body[answer.body.count - 9] ^= 1
                return answer
            },
            { _ in FakeNetwork.answer(409, "301\n") }, { _ in FakeNetwork.answer(409, "many\n") },
            { _ in FakeNetwork.answer(422, "no\n") }, { _ in FakeNetwork.answer(500, "no\n") },
            { _ in throw NetworkFailure.timedOut },
        ]
        for answer in answers {
            let outcome = try sharer(try log(300), FakeNetwork(answer), isWitnessed: true).share()
            #expect(outcome.errors.count == 1 && outcome.cosigned.isEmpty)
        }
        #expect(!FileManager.default.fileExists(atPath: folder + "/checkpoint.witnessed"))
    }

    /// As a witness would.
    private func cosign(_ request: HTTPRequest) throws -> HTTPResponse {
        let text = String(decoding: request.body, as: UTF8.self)
        let start = try #require(text.range(of: "\n\n")).upperBound
        let note = try SignedNote(Array(text[start...].utf8), at: nil)
        let time: UInt64 = 1_800_000_000
        let message = Array("cosignature/v1\ntime \(time)\n".utf8) + note.text
        let stamp = (0..<8).map { UInt8(truncatingIfNeeded: time >> UInt64(8 * (7 - $0))) }
        let key = try VerifierKey(
            name: "witness.example", publicKey: witnessKey.publicKey, kind: .cosignature)
        let line = SignedNote(
            text: [],
            signatures: [
                NoteSignature(
                    name: key.name, keyID: key.keyID, bytes: stamp + (try witnessKey.sign(message)))
            ])
        return FakeNetwork.answer(200, String(decoding: line.bytes.dropFirst(), as: UTF8.self))
    }
}

/// A log in memory.
private final class MemoryLog: TileSource, Sendable {
    let files: [String: [UInt8]]

    init(_ count: Int, _ seed: String, _ signer: NoteSigner) throws {
        let tiles = MemoryTiles(signer: signer)
        try tiles.publish(at: [count]) { Array("\(seed) \($0)".utf8) }
        files = tiles.files
    }

    func read(_ path: String) -> [UInt8]? { files[path] }
}

/// Answers as it is told, and remembers what it was asked.
private final class FakeNetwork: NetworkTransport {
    private let respond: @Sendable (HTTPRequest) throws -> HTTPResponse
    private let asked = Mutex<[HTTPRequest]>([])

    init(_ respond: @escaping (HTTPRequest) throws -> HTTPResponse) {
        // Tests call it on one thread.
        nonisolated(unsafe) let respond = respond
        self.respond = { try respond($0) }
    }

    var requests: [HTTPRequest] { asked.withLock { $0 } }

    func exchange(
        _ request: HTTPRequest, _ patience: Patience
    ) throws(NetworkFailure) -> HTTPResponse {
        asked.withLock { $0.append(request) }
        do {
            return try respond(request)
        } catch {
            throw .timedOut
        }
    }

    func addresses(of host: String, _ patience: Patience) throws(NetworkFailure) -> [String] { [] }

    static func answer(_ status: Int, _ body: String = "") -> HTTPResponse {
        HTTPResponse(
            statusCode: status, status: "\(status)", headers: [], body: Array(body.utf8),
            redirect: nil)
    }
}
