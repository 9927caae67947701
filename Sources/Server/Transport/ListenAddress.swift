// SPDX-License-Identifier: Apache-2.0
import CLinux
import Platform

/// Where a server listens.
public enum ListenAddress: Sendable, Equatable, CustomStringConvertible {
    /// An IPv4 or IPv6 literal, or `localhost`; port 0 lets the kernel choose.
    case tcp(host: String, port: UInt16)
    /// The path of a socket file, or `@name` for an abstract socket.
    case unix(path: String)

    public var description: String {
        switch self {
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }

    /// Only this machine can connect.
    public var isLocal: Bool {
        guard case .tcp(let host, _) = self else { return true }
        return host.hasPrefix("127.") || host == "localhost" || host == "::1"
    }

    var isAbstract: Bool {
        if case .unix(let path) = self { path.hasPrefix("@") } else { false }
    }
}

/// A listening socket.
struct Listener: ~Copyable {
    let descriptor: Descriptor
    /// With the port that the kernel chose.
    let address: ListenAddress
    /// nil for TCP and abstract sockets.
    private let file: SocketFile?

    var isTCP: Bool {
        if case .tcp = address { true } else { false }
    }

    private init(_ number: Int32, _ address: ListenAddress, file: SocketFile? = nil) {
        descriptor = Descriptor(owning: number)
        self.address = address
        self.file = file
    }

    static func bind(_ wanted: ListenAddress) throws(SystemError) -> Listener {
        switch wanted {
        case .tcp(let host, let port):
            let literal = host == "localhost" ? "127.0.0.1" : host
            let result = linux_listen_tcp(literal, port, TransportLimits.backlog)
            let number = try checked(result, "listen", on: wanted.description)
            let bound = linux_bound_port(number)
            return Listener(number, .tcp(host: literal, port: UInt16(truncatingIfNeeded: bound)))
        case .unix(let path):
            if !wanted.isAbstract { try SocketFile.removeStale(path) }
            let result = linux_listen_unix(path, path.utf8.count, TransportLimits.backlog)
            let number = try checked(result, "listen", on: wanted.description)
            return Listener(number, wanted, file: wanted.isAbstract ? nil : SocketFile(path))
        }
    }

    deinit { file?.remove() }
}
