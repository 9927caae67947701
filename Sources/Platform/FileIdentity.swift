// SPDX-License-Identifier: Apache-2.0
import Glibc

/// What a file or folder is, whatever its name.
public struct FileIdentity: Hashable, Sendable {
    private let device: dev_t
    private let inode: ino_t

    public init(_ status: stat) {
        device = status.st_dev
        inode = status.st_ino
    }

    /// Nil when nothing is there, or it cannot be looked at.
    ///
    /// - Parameter followingLinks: a symbolic link stands for what it leads to.
    public init?(_ path: String, followingLinks: Bool = true) {
        var status = stat()
        guard (followingLinks ? stat(path, &status) : lstat(path, &status)) == 0 else { return nil }
        self.init(status)
    }
}
