// SPDX-License-Identifier: Apache-2.0
import CLinux
import Glibc
import Platform

/// A listening socket of the API. libmicrohttpd closes it; its file is ours to remove.
struct OperatorSocket: Sendable {
    let descriptor: Int32
    let address: String
    private let file: (path: String, device: dev_t, inode: ino_t)?

    /// A socket file that only this program's user, and root, can open.
    init(unix path: String) throws(SystemError) {
        let stale = linux_socket_is_stale(path)
        // What a server that died left behind: a socket, and nobody answers.
        if stale == 1 { _ = unlink(path) }
        if stale == 0 { throw SystemError(call: "bind", subject: path, number: EADDRINUSE) }
        let result = linux_listen_unix_mode(path, path.utf8.count, 0o600, Limits.backlog)
        descriptor = try checked(result, "listen", on: "unix:\(path)")
        address = "unix:\(path)"
        file = Self.identity(path)
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
    func removeFile() {
        guard let file, let now = Self.identity(file.path), now.inode == file.inode,
            now.device == file.device
        else { return }
        _ = unlink(file.path)
    }

    private static func identity(_ path: String) -> (path: String, device: dev_t, inode: ino_t)? {
        var status = stat()
        return lstat(path, &status) == 0 ? (path, status.st_dev, status.st_ino) : nil
    }
}
