// SPDX-License-Identifier: Apache-2.0
import GRPC
import HTTP2
import Platform
import Synchronization
import TLS

/// Listeners, one thread that accepts, and one event loop per core.
public final class GRPCServer: Sendable {
    public struct Configuration: Sendable {
        public var listeners: [ListenAddress] = [.tcp(host: "127.0.0.1", port: 9191)]
        /// Event loops, each a thread.
        public var loops = 1
        /// Full paths (`/package.Service/Method`) of the unary methods; their index is what
        /// `UnaryService.handle` is given.
        public var methods: [String] = []
        public var limits = TransportLimits()
        /// For TLS on all TCP listeners; nil: they are not encrypted.
        public var credentials: CurrentCredentials?

        public init() {}

        /// The services of `methods`, for health checks.
        var services: [String] {
            methods.compactMap { $0.split(separator: "/").first.map(String.init) }
        }
    }

    private struct Running {
        var threads: [SystemThread] = []
        var isDraining = false
    }

    /// Where it listens, with the ports that the kernel chose.
    public let addresses: [ListenAddress]
    private let loops: [LoopMailbox]
    private let counters: [LoopCounters]
    private let acceptor: Acceptor
    private let credentials: CurrentCredentials?
    private let running = Mutex(Running())

    /// Binds, starts all threads, and returns when connections are accepted.
    ///
    /// - Parameter factory: makes the service of one loop, on that loop's thread.
    public static func start(
        configuration: Configuration,
        factory: @escaping @Sendable (LoopHandle) -> any UnaryService
    ) throws(SystemError) -> GRPCServer {
        precondition(configuration.loops > 0)
        let listeners = try Listeners(configuration.listeners)
        var mailboxes: [LoopMailbox] = []
        for _ in 0..<configuration.loops { mailboxes.append(try LoopMailbox()) }
        let acceptor = try Acceptor(
            loops: mailboxes, limit: configuration.limits.connections)
        try listeners.add(to: acceptor, isTCPEncrypted: configuration.credentials != nil)
        let server = GRPCServer(
            addresses: listeners.addresses, loops: mailboxes, acceptor: acceptor,
            credentials: configuration.credentials)
        do {
            try server.startThreads(configuration, listeners, factory)
        } catch {
            server.drain()
            server.wait()
            throw error
        }
        return server
    }

    private init(
        addresses: [ListenAddress], loops: [LoopMailbox], acceptor: Acceptor,
        credentials: CurrentCredentials?
    ) {
        self.addresses = addresses
        self.credentials = credentials
        self.loops = loops
        self.acceptor = acceptor
        counters = loops.map { _ in LoopCounters() }
    }

    private func startThreads(
        _ configuration: Configuration, _ listeners: Listeners,
        _ factory: @escaping @Sendable (LoopHandle) -> any UnaryService
    ) throws(SystemError) {
        for (index, mailbox) in loops.enumerated() {
            let loop = try EventLoop.make(
                configuration: configuration, mailbox: mailbox, counters: counters[index])
            let handle = LoopHandle(mailbox: mailbox, loop: loop, index: index)
            add(try SystemThread.start(name: "loop-\(index)") { loop.run(factory(handle)) })
        }
        let acceptor = acceptor
        add(
            try SystemThread.start(name: "accept") {
                acceptor.run()
                listeners.close()
            })
    }

    private func add(_ thread: SystemThread) {
        running.withLock { $0.threads.append(thread) }
    }

    /// Health checks answer SERVING or NOT_SERVING; a server starts as SERVING.
    public func setServing(_ isServing: Bool) {
        for loop in loops { loop.post { $0.isServing = isServing && !$0.isDraining } }
    }

    /// Shows other certificates to new connections. When other clients get in than before, those
    /// that are connected are told to connect anew. Only for servers that have credentials.
    public func renew(_ next: ServerCredentials) {
        guard let last = credentials?.replace(next), !next.admitsSame(as: last) else { return }
        for loop in loops { loop.post { $0.isAdmissionRenewed = true } }
    }

    /// Stops accepting, tells all peers to go, and lets calls in flight end. Returns at once, may
    /// be called again, and from any thread.
    public func drain() {
        acceptor.stop()
        for loop in loops {
            loop.post {
                $0.isDraining = true
                $0.isServing = false
            }
        }
    }

    /// Waits until a drain has ended all threads.
    public func wait() {
        let threads = running.withLock { running in
            let threads = running.threads
            running.threads = []
            return threads
        }
        for thread in threads { thread.join() }
    }

    public var statistics: TransportStatistics {
        var sum = TransportStatistics()
        sum.connectionsAccepted = acceptor.accepted.load(ordering: .relaxed)
        sum.connectionsRefused = acceptor.refused.load(ordering: .relaxed)
        for (loop, counter) in zip(loops, counters) {
            sum.connectionsOpen += loop.load.load(ordering: .relaxed)
            sum.calls += counter.calls.load(ordering: .relaxed)
            counter.faults.add(to: &sum.faults)
            sum.stalls += counter.stalls.load(ordering: .relaxed)
            sum.expired += counter.expired.load(ordering: .relaxed)
            counter.handshakes.add(to: &sum)
        }
        return sum
    }
}

/// The listening sockets, closed together.
private final class Listeners: Sendable {
    let addresses: [ListenAddress]
    private let open: Mutex<[ListenerBox]>

    init(_ wanted: [ListenAddress]) throws(SystemError) {
        var boxes: [ListenerBox] = []
        for address in wanted { boxes.append(ListenerBox(try Listener.bind(address))) }
        addresses = boxes.map { $0.listener.address }
        open = Mutex(boxes)
    }

    func add(to acceptor: Acceptor, isTCPEncrypted: Bool) throws(SystemError) {
        for box in open.withLock({ $0 }) {
            try acceptor.add(box.listener, isEncrypted: isTCPEncrypted && box.listener.isTCP)
        }
    }

    func close() { open.withLock { $0 = [] } }
}

private final class ListenerBox: Sendable {
    let listener: Listener
    init(_ listener: consuming Listener) { self.listener = listener }
}
