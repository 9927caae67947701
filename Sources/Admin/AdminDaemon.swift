// SPDX-License-Identifier: Apache-2.0
import CMicrohttpd
import Glibc
import Synchronization

/// What the connections of one daemon share.
final class AdminCore: Sendable {
    let services: AdminServices
    let isUnix: Bool
    let connections = OpenConnections()
    private let authentication: Mutex<Authentication>
    /// Who runs this program.
    private let owner = Int64(geteuid())
    private let isRetired = Atomic(false)

    init(_ services: AdminServices, _ authentication: Authentication, _ isUnix: Bool) {
        self.services = services
        self.authentication = Mutex(authentication)
        self.isUnix = isUnix
    }

    func use(_ authentication: Authentication) {
        self.authentication.withLock { $0 = authentication }
    }

    /// Connections end with their next answer.
    func retire() { isRetired.store(true, ordering: .relaxed) }

    var endsConnections: Bool { isRetired.load(ordering: .relaxed) }

    func identify(_ head: RequestHead) throws(Problem) -> Operator {
        let authentication = authentication.withLock { $0 }
        switch head.peer {
        case .unix(let user): return try authentication.peer(user: user, owner: owner)
        case .untrusted: throw .unauthorized("the client certificate does not hold", scheme: nil)
        case .tcp(let subject):
            if let found = try authentication.certificate(subject) { return found }
            return try authentication.bearer(head.authorization)
        }
    }
}

/// libmicrohttpd at work on a listening socket.
final class AdminDaemon: @unchecked Sendable {
    /// Of the socket; closed by the daemon when it stops.
    let descriptor: Int32
    let core: AdminCore
    let tls: AdminConfiguration.TLS?
    private let daemon: OpaquePointer
    /// Texts that the daemon reads while it runs.
    private let texts: [UnsafeMutablePointer<CChar>]

    /// - Parameter descriptor: stays the caller's when this throws.
    init(
        _ descriptor: Int32, _ core: AdminCore, _ tls: AdminConfiguration.TLS?, address: String
    ) throws(AdminError) {
        self.descriptor = descriptor
        self.core = core
        self.tls = tls
        var texts: [UnsafeMutablePointer<CChar>] = []
        func keep(_ text: String?) -> UnsafePointer<CChar>? {
            guard let text, let copy = strdup(text) else { return nil }
            texts.append(copy)
            return UnsafePointer(copy)
        }
        var settings = http_daemon_settings()
        settings.listen_socket = descriptor
        settings.connections = Limits.connections
        settings.connections_per_address = core.isUnix ? 0 : Limits.connectionsPerAddress
        settings.idle_seconds = Limits.idleSeconds
        settings.head_bytes = Limits.headBytes
        settings.stack_bytes = Limits.stackBytes
        settings.key = keep(tls?.key)
        settings.certificate = keep(tls?.certificate)
        settings.trust = keep(tls?.clientAuthorities)
        settings.handle = handleRequest
        settings.completed = requestCompleted
        settings.connected = connectionChanged
        settings.context = Unmanaged.passUnretained(core).toOpaque()
        self.texts = texts
        guard let daemon = http_daemon_start(&settings) else {
            for text in texts { free(text) }
            throw AdminError(
                description: "the operators' API cannot serve on `\(address)`"
                    + (tls == nil ? "" : ": check key, certificate and authorities"))
        }
        self.daemon = daemon
    }

    func stop() {
        MHD_stop_daemon(daemon)
        for text in texts { free(text) }
    }

    /// Stops once its connections have ended, or `Limits.retirement` is over. Another daemon
    /// listens on the socket already.
    func retire() {
        core.retire()
        // Taken from the daemon, which does not close it then.
        let descriptor = MHD_quiesce_daemon(daemon)
        var waited: UInt32 = 0
        while !core.connections.isEmpty, waited < Limits.retirement {
            usleep(Limits.retirementStep)
            waited += Limits.retirementStep
        }
        stop()
        if descriptor >= 0 { close(descriptor) }
    }
}

// What libmicrohttpd calls, on the thread of a connection. They are free functions: a closure
// formed where the program starts would be bound to the main actor.

private func core(_ context: UnsafeMutableRawPointer?) -> AdminCore? {
    context.map { Unmanaged<AdminCore>.fromOpaque($0).takeUnretainedValue() }
}

/// - Parameter state: nil on the first call of a request; later the `Exchange`.
private func handleRequest(
    _ context: UnsafeMutableRawPointer?, _ connection: OpaquePointer?,
    _ path: UnsafePointer<CChar>?, _ method: UnsafePointer<CChar>?,
    _ version: UnsafePointer<CChar>?, _ data: UnsafePointer<CChar>?,
    _ size: UnsafeMutablePointer<Int>?,
    _ state: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
) -> MHD_Result {
    guard let core = core(context), let connection, let size, let state else { return .NO }
    guard let known = state.pointee else {
        guard
            let head = RequestHead(
                connection, method: method, path: path, isUnix: core.isUnix)
        else {
            return Response(problem: .invalid("malformed_request", "the request cannot be read"))
                .queue(on: connection)
        }
        // Where its body ends nobody can say.
        if head.isAmbiguous { return Response(problem: .ambiguousLength).queue(on: connection) }
        state.pointee = Unmanaged.passRetained(Exchange(head, core)).toOpaque()
        return .YES
    }
    let exchange = Unmanaged<Exchange>.fromOpaque(known).takeUnretainedValue()
    if size.pointee > 0 {
        let piece = UnsafeRawBufferPointer(start: data, count: size.pointee)
        size.pointee = 0
        return exchange.take(piece.assumingMemoryBound(to: UInt8.self)) ? .YES : .NO
    }
    core.connections.working(connection)
    var response = exchange.finish(core.services)
    if core.endsConnections { response.headers.append(("Connection", "close")) }
    return response.queue(on: connection)
}

private func requestCompleted(
    _ context: UnsafeMutableRawPointer?, _ connection: OpaquePointer?,
    _ state: UnsafeMutablePointer<UnsafeMutableRawPointer?>?,
    _ reason: MHD_RequestTerminationCode
) {
    if let connection { core(context)?.connections.answered(connection) }
    guard let known = state?.pointee else { return }
    state?.pointee = nil
    Unmanaged<Exchange>.fromOpaque(known).release()
}

private func connectionChanged(
    _ context: UnsafeMutableRawPointer?, _ connection: OpaquePointer?,
    _ socketContext: UnsafeMutablePointer<UnsafeMutableRawPointer?>?,
    _ change: MHD_ConnectionNotificationCode
) {
    guard let connection, let connections = core(context)?.connections else { return }
    if change == .CONNECTION_NOTIFY_STARTED {
        connections.opened(connection)
    } else {
        connections.closed(connection)
    }
}
