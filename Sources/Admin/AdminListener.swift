// SPDX-License-Identifier: Apache-2.0
import Glibc
import Platform
import Synchronization

/// One listening socket, and the daemon that serves it now.
final class AdminListener: Sendable {
    let address: String
    private let socket: OperatorSocket
    private let services: AdminServices
    private let isUnix: Bool
    private let daemon: Mutex<AdminDaemon>

    convenience init(unix path: String, _ services: AdminServices) throws {
        try self.init(try OperatorSocket(unix: path), AdminConfiguration(), services, isUnix: true)
    }

    convenience init(tcp configuration: AdminConfiguration, _ services: AdminServices) throws {
        let (host, port) = configuration.tcp ?? ("127.0.0.1", 0)
        try self.init(
            try OperatorSocket(tcp: host, port: port), configuration, services, isUnix: false)
    }

    private init(
        _ socket: OperatorSocket, _ configuration: AdminConfiguration, _ services: AdminServices,
        isUnix: Bool
    ) throws {
        self.socket = socket
        self.services = services
        self.isUnix = isUnix
        address = socket.address
        do {
            daemon = Mutex(
                try AdminDaemon(
                    socket.descriptor, AdminCore(services, Authentication(configuration), isUnix),
                    configuration.tls, address: address))
        } catch {
            socket.close()
            throw error
        }
    }

    /// The next daemon listens on the same socket before the one before it ends, so that nobody
    /// who connects is refused.
    func renew(_ configuration: AdminConfiguration) throws {
        guard !isUnix else { return }
        try daemon.withLock { daemon in
            let authentication = Authentication(configuration)
            guard configuration.tls != daemon.tls else {
                return daemon.core.use(authentication)
            }
            let descriptor = dup(daemon.descriptor)
            guard descriptor >= 0 else {
                throw SystemError(call: "dup", subject: address, number: errno)
            }
            let next: AdminDaemon
            do {
                next = try AdminDaemon(
                    descriptor, AdminCore(services, authentication, isUnix), configuration.tls,
                    address: address)
            } catch {
                close(descriptor)
                throw error
            }
            let last = daemon
            daemon = next
            last.core.use(authentication)
            last.retire()
        }
    }

    func stop() {
        socket.removeFile()
        daemon.withLock { $0.stop() }
    }
}
