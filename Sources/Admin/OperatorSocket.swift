// SPDX-License-Identifier: Apache-2.0
import CLinux
import Glibc
import Platform

/// A listening socket of the API. libmicrohttpd closes it; its file is ours to remove.
struct OperatorSocket: Sendable {
    let descriptor: Int32
    let address: String
    private let file: SocketFile?

    /// A socket file that only this program's user, and root, can open.
    init(unix path: String) throws(SystemError) {
        try SocketFile.removeStale(path)
        let result = linux_listen_unix_mode(path, path.utf8.count, 0o600, Limits.backlog)
        descriptor = try checked(result, "listen", on: "unix:\(path)")
        address = "unix:\(path)"
        file = SocketFile(path)
    }

    init(tcp host: String, port: UInt16) throws(SystemError) {
        let literal = host == "localhost" ? "127.0.0.1" : host
        let shown = literal.contains(":") ? "[\(literal)]" : literal
        let result = linux_listen_tcp(literal, port, Limits.backlog)
        descriptor = try checked(result, "listen", on: "\(shown):\(port)")
        address = "\(shown):\(linux_bound_port(descriptor))"
        file = nil
    }

    /// For a socket that no daemon took.
    func close() {
        _ = Glibc.close(descriptor)
        removeFile()
    }

    /// Removes the file, unless another has taken its name.
    func removeFile() { file?.remove() }
}
