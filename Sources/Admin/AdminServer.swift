// SPDX-License-Identifier: Apache-2.0

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
    public struct TLS: Sendable, Equatable {
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

    /// Asks for other tokens and certificates, and shows another certificate, from now on.
    /// Addresses stay what they are. Requests under way end as they began; connections end soon
    /// after.
    ///
    /// - Throws: when they cannot be used. Then nothing has changed.
    public func renew(_ configuration: AdminConfiguration) throws {
        for listener in listeners { try listener.renew(configuration) }
    }

    /// Ends after the requests under way. Only once.
    public func stop() {
        for listener in listeners { listener.stop() }
    }
}
