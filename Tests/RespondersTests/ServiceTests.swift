// SPDX-License-Identifier: Apache-2.0
import Authorization
import Cryptography
import DecisionLog
import Glibc
import MemoryPlatform
import Platform
import RegoVM
import Synchronization
import Telemetry
import Testing
import TransparencyLog

@testable import Responders

/// A network that answers as it is told.
private final class Network: NetworkTransport {
    private struct State {
        var requests: [HTTPRequest] = []
        var answers: [Int] = []
    }

    private let state = Mutex(State())

    func answer(_ statuses: Int...) { state.withLock { $0.answers = statuses } }
    var requests: [HTTPRequest] { state.withLock { $0.requests } }

    func exchange(
        _ request: HTTPRequest, _ patience: Patience
    ) throws(NetworkFailure) -> HTTPResponse {
        let status = state.withLock { state in
            state.requests.append(request)
            return state.answers.isEmpty ? 200 : state.answers.removeFirst()
        }
        guard status > 0 else { throw .failed("connection refused") }
        return HTTPResponse(statusCode: status, status: "", headers: [], body: [], redirect: nil)
    }

    func addresses(of host: String, _ patience: Patience) throws(NetworkFailure) -> [String] { [] }
}

/// A log in memory that survives its own restart, and responders that follow it.
private final class Fixture {
    let entries = StorageMemory("log")
    let journal = StorageMemory("journal")
    let cursor = StorageMemory("responders")
    let network = Network()
    let signer: NoteSigner
    var log: LocalLog
    var service: ResponderService?

    init() throws {
        let key = try Ed25519PrivateKey(seed: SHA256.hash(Array("test".utf8)).bytes)
        signer = try NoteSigner(name: "test.example/log", privateKey: key)
        log = try Self.open(entries, journal, signer, create: true)
    }

    private static func open(
        _ entries: StorageMemory, _ journal: StorageMemory, _ signer: NoteSigner, create: Bool
    ) throws -> LocalLog {
        var options = LogConfiguration()
        if create { options.permissions = .create }
        return try LocalLog.open(.init(log: entries, journal: journal), signer: signer, options)
    }

    func start(_ change: (inout Responder) -> Void = { _ in }) throws {
        var responder = try Responder(name: "hook", url: try Template("https://h/x"))
        responder.pause = 1_000_000
        change(&responder)
        let service = try ResponderService(
            [responder], log, entries: entries, folder: cursor, transport: network,
            metrics: MetricRegistry(), logger: Logger(level: .error, sink: Silence()))
        try service.start()
        self.service = service
    }

    /// Ends without waiting for anything, and opens the log again.
    func restart() throws {
        service?.stop()
        service = nil
        cursor.unlock()
        try log.close()
        log = try Self.open(entries, journal, signer, create: false)
    }

    func restrict(
        _ id: String, _ agent: String = "a", time: String = "t", seconds: Int = 60
    ) throws {
        let writer = log.makeWriter()
        let record =
            #"{"v":1,"kind":"operation","time":"\#(time)","id":"\#(id)","#
            + #""agent":{"id":"\#(agent)"},"operation":"restrict","#
            + #""restriction":{"name":"isolate","seconds":\#(seconds)}}"#
        try Array(record.utf8).withUnsafeBytes { try writer.append($0) }
        try writer.commit()
        try publish()
    }

    func publish() throws {
        try log.publish()
        service?.logGrew()
    }

    func outcomes() throws -> Int {
        try log.publish()
        var count = 0
        let size = log.status.published
        try EntryReader(StorageTiles(entries), size: size).forEach(in: 0..<size) { _, record in
            if case .outcome = RecordMeaning.read(record) { count += 1 }
        }
        return count
    }

    func wait(_ ready: () throws -> Bool) throws {
        for _ in 0..<15_000 {
            if try ready() { return }
            usleep(2000)
        }
        Issue.record("it did not happen in time")
    }
}

private struct Silence: LogSink {
    func write(_ line: [UInt8]) {}
}

@Suite struct ServiceTests {
    @Test func callsOnceAndRecordsIt() throws {
        let fixture = try Fixture()
        try fixture.start()
        try fixture.restrict("one")
        try fixture.wait { try fixture.outcomes() == 1 }
        #expect(fixture.network.requests.count == 1)
        try fixture.restart()
        try fixture.start()
        try fixture.restrict("two", "b")
        try fixture.wait { try fixture.outcomes() == 2 }
        #expect(fixture.network.requests.count == 2, "what is done is not done again")
        try fixture.restart()
    }

    @Test func whatIsPastWhenItIsConfiguredStaysPast() throws {
        let fixture = try Fixture()
        try fixture.restrict("one")
        try fixture.start()
        try fixture.restrict("two", "b")
        try fixture.wait { try fixture.outcomes() == 1 }
        let key = fixture.network.requests.map { $0.headers.first { $0.name == "Idempotency-Key" } }
        #expect(key.map { $0?.value } == ["two"])
        try fixture.restart()
    }

    @Test func triesAgainAndGivesUp() throws {
        let fixture = try Fixture()
        fixture.network.answer(500, 0, 204)
        try fixture.start { $0.attempts = 3 }
        try fixture.restrict("one")
        try fixture.wait { try fixture.outcomes() == 1 }
        #expect(fixture.network.requests.count == 3)
        fixture.network.answer(403, 403, 403, 403)
        try fixture.restrict("two", "b")
        try fixture.wait { try fixture.outcomes() == 2 }
        #expect(fixture.network.requests.count == 6)
        try fixture.restart()
    }

    @Test func aCallWithoutOutcomeIsMadeAfterTheNextStart() throws {
        let fixture = try Fixture()
        fixture.network.answer(500)
        try fixture.start { $0.pause = 60_000_000_000 }
        try fixture.restrict("one")
        try fixture.wait { fixture.network.requests.count == 1 }
        try fixture.restart()
        try fixture.start()
        try fixture.wait { try fixture.outcomes() == 1 }
        #expect(fixture.network.requests.count == 2)
        try fixture.restart()
    }

    /// The cursor is behind the outcome when a crash comes between the two.
    @Test func anOutcomeInTheLogIsEnough() throws {
        let fixture = try Fixture()
        try fixture.start()
        let before = try fixture.cursor.read("cursor")
        try fixture.restrict("one")
        try fixture.wait { try fixture.outcomes() == 1 }
        try fixture.restart()
        try (before ?? []).withUnsafeBytes {
            try fixture.cursor.replace("cursor", with: $0, isFlushed: true)
        }
        try fixture.start()
        try fixture.restrict("two", "b")
        try fixture.wait { try fixture.outcomes() == 2 }
        #expect(fixture.network.requests.count == 2)
        try fixture.restart()
    }

    @Test func aForeignCursorIsRefused() throws {
        let fixture = try Fixture()
        let text = Array("portcullis responders 1\nanother.example/log\n0\n".utf8)
        try text.withUnsafeBytes {
            try fixture.cursor.replace("cursor", with: $0, isFlushed: true)
        }
        let failure = #expect(throws: Cursor.Failure.self) { try fixture.start() }
        #expect(
            "\(failure, default: "")"
                == "`responders/cursor` is no cursor of `test.example/log`; remove it to begin at "
                + "the log's end")
    }

    /// A start that is read again long after it ended is no renewal of a later one, nor the other
    /// way round.
    @Test func whatEndedIsNotRenewed() throws {
        let fixture = try Fixture()
        fixture.network.answer(500, 500)
        try fixture.start { $0.pause = 60_000_000_000 }
        try fixture.restrict("one", time: "2026-11-22T08:00:00.000000000Z", seconds: 2)
        try fixture.restrict("two", time: "2026-11-22T08:00:05.000000000Z", seconds: 2)
        try fixture.restrict("renewal", time: "2026-11-22T08:00:06.000000000Z", seconds: 2)
        try fixture.wait { fixture.network.requests.count == 2 }
        try fixture.restart()
        try fixture.start()
        // Its call is made after all of the others that may be made.
        try fixture.restrict("last", "b", time: "2026-11-22T08:00:06.000000000Z")
        try fixture.wait { try fixture.outcomes() == 3 }
        let keys = fixture.network.requests.map {
            $0.headers.first { $0.name == "Idempotency-Key" }?.value
        }
        #expect(keys.compactMap { $0 } == ["one", "two", "one", "two", "last"])
        try fixture.restart()
    }

    @Test func eachFaultStandsByItself() throws {
        let fixture = try Fixture()
        try fixture.start()
        let service = try #require(fixture.service)
        service.note(.outcome, "full")
        service.note(.cursor, "read-only")
        service.note(.reading, nil)
        #expect(service.fault == "read-only; full")
        service.note(.cursor, nil)
        service.note(.outcome, nil)
        #expect(service.fault == nil)
        try fixture.restart()
    }
}
