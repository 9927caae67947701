// SPDX-License-Identifier: Apache-2.0
import CLinux
import GRPC
import Glibc
import HTTP2Client
import Platform
import Synchronization
import TLS
import TLSClient

@testable import Server

/// What the test service does with a message, by its first byte.
enum Order {
    /// Answers with the loop's index and the rest of the message.
    static let echo: UInt8 = 0
    /// Answers when the loop is woken from another thread.
    static let whenWoken: UInt8 = 1
    /// Answers when a timer fires.
    static let byTimer: UInt8 = 2
    static let never: UInt8 = 3
    /// Answers with as many bytes as the next four bytes say.
    static let large: UInt8 = 4
    /// Answers at the end of the batch with the number of such calls in it.
    static let atBatchEnd: UInt8 = 5
    /// Holds the loop up until the test ends that, then answers.
    static let stop: UInt8 = 6
}

/// What services tell the tests.
final class Journal: Sendable {
    let lateAnswersTaken = Atomic<Int>(0)
    let lateAnswersLost = Atomic<Int>(0)
    let ended = Atomic<Int>(0)
    let held = Atomic<Int>(0)
    let isStopped = Atomic(false)
}

final class TestService: UnaryService {
    private let loop: LoopHandle
    private let journal: Journal
    private var waiting: [CallHandle] = []
    private var timed: [UInt64: CallHandle] = [:]
    private var thisBatch: [CallHandle] = []
    private var nextToken: UInt64 = 0

    init(_ loop: LoopHandle, _ journal: Journal) {
        self.loop = loop
        self.journal = journal
    }

    func handle(
        _ call: CallHandle, method: Int, message: UnsafeRawBufferPointer, deadline: UInt64
    ) {
        switch message.first {
        case Order.whenWoken: hold(call)
        case Order.byTimer:
            timed[nextToken] = call
            loop.schedule(at: loop.now + 30 * MonotonicTime.millisecond, token: nextToken)
            nextToken += 1
        case Order.never: journal.held.add(1, ordering: .relaxed)
        case Order.large:
            let count = message.loadUnaligned(fromByteOffset: 1, as: UInt32.self)
            answer(call, [UInt8](repeating: 7, count: Int(count)))
        case Order.atBatchEnd: thisBatch.append(call)
        case Order.stop:
            journal.isStopped.store(true, ordering: .relaxed)
            _ = waitUntil { !journal.isStopped.load(ordering: .relaxed) }
            answer(call, [])
        default: answer(call, [UInt8(loop.index)] + message.dropFirst())
        }
    }

    private func hold(_ call: CallHandle) {
        waiting.append(call)
        journal.held.add(1, ordering: .relaxed)
    }

    private func answer(_ call: CallHandle, _ bytes: [UInt8]) {
        bytes.withUnsafeBytes { _ = call.respond($0) }
    }

    func batchEnded() {
        let count = UInt8(clamping: thisBatch.count)
        for call in thisBatch { answer(call, [Order.atBatchEnd, count]) }
        thisBatch = []
    }

    func woken() {
        for call in waiting {
            let taken = [UInt8](arrayLiteral: 42).withUnsafeBytes { call.respond($0) }
            if taken {
                journal.lateAnswersTaken.add(1, ordering: .relaxed)
            } else {
                journal.lateAnswersLost.add(1, ordering: .relaxed)
            }
        }
        waiting = []
    }

    func timerFired(token: UInt64) {
        guard let call = timed.removeValue(forKey: token) else { return }
        call.fail(status: .aborted, message: "timer")
    }

    func loopEnded() { journal.ended.add(1, ordering: .relaxed) }
}

let echoMethod = "/test.Service/Echo"

/// A server in this process on a free port, and a Unix socket when asked.
final class TestServer: Sendable {
    let server: GRPCServer
    let journal: Journal
    private let loops: [LoopHandle]

    init(
        loops count: Int = 1, extra: [ListenAddress] = [],
        credentials: CurrentCredentials? = nil,
        _ change: (inout TransportLimits) -> Void = { _ in }
    ) throws {
        var configuration = GRPCServer.Configuration()
        configuration.listeners = [.tcp(host: "127.0.0.1", port: 0)] + extra
        configuration.loops = count
        configuration.credentials = credentials
        configuration.methods = [echoMethod]
        configuration.limits.lingerTime = 100 * MonotonicTime.millisecond
        change(&configuration.limits)
        let journal = Journal()
        let handles = Handles()
        server = try GRPCServer.start(configuration: configuration) { handle in
            handles.list.withLock { $0.append(handle) }
            return TestService(handle, journal)
        }
        _ = waitUntil { handles.list.withLock { $0.count } == count }
        self.journal = journal
        loops = handles.list.withLock { $0 }
    }

    private final class Handles: Sendable { let list = Mutex<[LoopHandle]>([]) }

    func wakeLoops() { for loop in loops { loop.wake() } }

    func connect(window: UInt32 = 65_535) throws -> SocketClient {
        try SocketClient(server.addresses[0], window: window)
    }

    func stop() {
        server.drain()
        server.wait()
    }
}

/// A blocking connection with an HTTP/2 client on it.
final class SocketClient {
    let http: Client
    let socket: Int32
    /// nil: not encrypted.
    let tls: TestClient?
    private(set) var isClosed = false

    init(_ address: ListenAddress, window: UInt32 = 65_535, tls: TestClient? = nil) throws {
        http = Client(window: window)
        self.tls = tls
        switch address {
        case .tcp(let host, let port):
            socket = try checked(linux_connect_tcp(host, port), "connect")
        case .unix(let path):
            socket = try checked(linux_connect_unix(path, path.utf8.count), "connect")
        }
        var patience = timeval(tv_sec: 0, tv_usec: 20_000)
        setsockopt(
            socket, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(
            socket, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(socket) }

    /// Sends as far as the socket takes it; false when it takes nothing.
    @discardableResult
    func write(_ bytes: [UInt8]) -> Bool {
        guard let tls else { return writeBare(bytes) }
        tls.send(bytes)
        return writeBare(tls.output())
    }

    /// As `write`, around TLS.
    @discardableResult
    func writeBare(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                linux_send(socket, $0.baseAddress, $0.count)
            }
            if count <= 0 { return false }
            sent += count
        }
        return true
    }

    /// Talks until `isDone` holds, the server closes, or two seconds have passed.
    @discardableResult
    func talk(until isDone: () -> Bool) -> Bool {
        let end = MonotonicTime.now() + 2 * MonotonicTime.second
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while MonotonicTime.now() < end {
            write(http.output())
            if isDone() { return true }
            if isClosed { return false }
            let count = linux_receive(socket, &buffer, buffer.count)
            if count > 0 { take(Array(buffer.prefix(count))) }
            if count == 0 || count == -Int(ECONNRESET) { isClosed = true }
        }
        return isDone()
    }

    private func take(_ bytes: [UInt8]) {
        var plaintext = bytes
        if let tls {
            tls.input(bytes)
            plaintext = tls.take()
        }
        if !plaintext.isEmpty { http.input(plaintext) }
    }

    /// Does the handshake and says no more.
    func shakeHands() {
        let end = MonotonicTime.now() + 2 * MonotonicTime.second
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while let tls, !tls.isOpen, MonotonicTime.now() < end {
            write([])
            let count = linux_receive(socket, &buffer, buffer.count)
            if count > 0 { take(Array(buffer.prefix(count))) }
        }
        write([])
    }

    /// The server ends the connection, without a word from here.
    func isEnded() -> Bool {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        return waitUntil { linux_receive(socket, &buffer, buffer.count) == 0 }
    }

    func call(_ message: [UInt8], fields: [(String, String)] = []) -> Client.Answer {
        finish(http.call(echoMethod, message, fields: fields))
    }

    func finish(_ id: Int32) -> Client.Answer {
        talk { http.answers[id]?.closed != nil }
        return http.answers[id] ?? Client.Answer()
    }

    func talkUntilClosed() -> Bool {
        talk { isClosed }
        return isClosed
    }
}

/// Waits up to two seconds.
func waitUntil(_ condition: () -> Bool) -> Bool {
    for _ in 0..<400 {
        if condition() { return true }
        usleep(5000)
    }
    return condition()
}

func temporarySocketPath() -> String {
    "/tmp/portcullis-\(getpid())-\(UInt32.random(in: 0 ... .max)).sock"
}
