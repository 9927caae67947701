// SPDX-License-Identifier: Apache-2.0
import CLinux
import CMicrohttpd
import Glibc
import Platform

/// Where and how the operators' API listens.
public struct AdminConfiguration: Sendable {
    /// The path of a socket file, made with mode 0600; nil for none.
    public var unixPath: String?
    /// An IPv4 or IPv6 literal and a port (0: the kernel chooses); nil for none.
    public var tcp: (host: String, port: UInt16)?
    /// For `tcp`; nil: not encrypted.
    public var tls: TLS?
    public var tokens: [OperatorToken] = []
    /// nil: every certificate of `tls.clientAuthorities` operates.
    public var certificates: [OperatorCertificate]?

    public init() {}

    /// PEM texts.
    public struct TLS: Sendable {
        public var certificate: String
        public var key: String
        /// Authorities of operators' certificates; nil: none is asked for.
        public var clientAuthorities: String?

        public init(certificate: String, key: String, clientAuthorities: String? = nil) {
            self.certificate = certificate
            self.key = key
            self.clientAuthorities = clientAuthorities
        }
    }
}

public struct AdminError: Error, CustomStringConvertible {
    public let description: String
}

/// The operators' API over HTTP/1.1, on threads of its own: each connection has one, so that a
/// call which waits for the disk or the compiler holds up no other.
public final class AdminServer: Sendable {
    /// `unix:<path>`, `127.0.0.1:9192`.
    public let addresses: [String]
    private let listeners: [AdminListener]

    /// Binds and serves; requests are answered when it returns.
    public init(_ configuration: AdminConfiguration, _ services: AdminServices) throws {
        var listeners: [AdminListener] = []
        do {
            if let path = configuration.unixPath {
                listeners.append(try AdminListener(unix: path, services))
            }
            if configuration.tcp != nil {
                listeners.append(try AdminListener(tcp: configuration, services))
            }
        } catch {
            for listener in listeners { listener.stop() }
            throw error
        }
        self.listeners = listeners
        addresses = listeners.map(\.address)
    }

    /// Ends after the requests under way. Only once.
    public func stop() {
        for listener in listeners { listener.stop() }
    }
}

/// What the connections of one listener share.
final class AdminCore: Sendable {
    let services: AdminServices
    let authentication: Authentication
    let isUnix: Bool
    /// Who runs this program.
    private let owner = Int64(geteuid())
    let connections = OpenConnections()

    init(_ services: AdminServices, _ authentication: Authentication, isUnix: Bool) {
        self.services = services
        self.authentication = authentication
        self.isUnix = isUnix
    }

    func identify(_ head: RequestHead) throws(Problem) -> Operator {
        switch head.peer {
        case .unix(let user): return try authentication.peer(user: user, owner: owner)
        case .untrusted: throw .unauthorized("the client certificate does not hold", scheme: nil)
        case .tcp(let subject):
            if let found = try authentication.certificate(subject) { return found }
            return try authentication.bearer(head.authorization)
        }
    }
}

/// One listening socket and its daemon.
final class AdminListener: @unchecked Sendable {
    let address: String
    private let core: AdminCore
    private let socket: OperatorSocket
    private let daemon: OpaquePointer
    /// Texts that the daemon reads while it runs.
    private let texts: [UnsafeMutablePointer<CChar>]

    convenience init(unix path: String, _ services: AdminServices) throws {
        try self.init(
            try OperatorSocket(unix: path),
            AdminCore(services, Authentication(), isUnix: true), nil)
    }

    convenience init(tcp configuration: AdminConfiguration, _ services: AdminServices) throws {
        let (host, port) = configuration.tcp ?? ("127.0.0.1", 0)
        let asksForCertificates = configuration.tls?.clientAuthorities != nil
        let authentication = Authentication(
            tokens: configuration.tokens,
            certificates: asksForCertificates ? configuration.certificates : [],
            asksForCertificates: asksForCertificates)
        try self.init(
            try OperatorSocket(tcp: host, port: port),
            AdminCore(services, authentication, isUnix: false), configuration.tls)
    }

    private init(_ socket: OperatorSocket, _ core: AdminCore, _ tls: AdminConfiguration.TLS?) throws
    {
        self.socket = socket
        self.core = core
        address = socket.address
        var texts: [UnsafeMutablePointer<CChar>] = []
        func keep(_ text: String?) -> UnsafePointer<CChar>? {
            guard let text, let copy = strdup(text) else { return nil }
            texts.append(copy)
            return UnsafePointer(copy)
        }
        var settings = http_daemon_settings()
        settings.listen_socket = socket.descriptor
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
            socket.close()
            throw AdminError(
                description: "the operators' API cannot serve on `\(socket.address)`"
                    + (tls == nil ? "" : ": check key, certificate and authorities"))
        }
        self.daemon = daemon
    }

    func stop() {
        socket.removeFile()
        MHD_stop_daemon(daemon)
        for text in texts { free(text) }
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
    return exchange.finish(core.services).queue(on: connection)
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
