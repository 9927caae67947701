// SPDX-License-Identifier: Apache-2.0
import CLinux
import Glibc

/// The file of a Unix socket that this program listens on.
public struct SocketFile: Sendable {
    private let path: String
    private let identity: FileIdentity

    /// The file that was just bound; nil when nothing is there any more.
    public init?(_ path: String) {
        guard let identity = FileIdentity(path, followingLinks: false) else { return nil }
        self.path = path
        self.identity = identity
    }

    /// Removes the file, unless another has taken its name.
    public func remove() {
        guard FileIdentity(path, followingLinks: false) == identity else { return }
        _ = unlink(path)
    }

    /// Removes what a server that died left behind: only a socket, and only when nobody answers.
    ///
    /// - Throws: when somebody does.
    public static func removeStale(_ path: String) throws(SystemError) {
        let stale = linux_socket_is_stale(path)
        if stale == 1 { _ = unlink(path) }
        if stale == 0 { throw SystemError(call: "bind", subject: path, number: EADDRINUSE) }
    }
}
