// SPDX-License-Identifier: Apache-2.0
import Glibc
import Platform

/// Enough of a file to see that it is another one, or was written.
struct FileState: Equatable {
    /// nil when nothing is there.
    private var identity: FileIdentity?
    private var size: Int64 = 0
    private var seconds: Int = 0
    private var nanoseconds: Int = 0

    init(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return }
        identity = FileIdentity(status)
        size = Int64(status.st_size)
        seconds = Int(status.st_mtim.tv_sec)
        nanoseconds = Int(status.st_mtim.tv_nsec)
    }
}

/// Files as they were at one moment.
struct FileStates: Equatable {
    private let paths: [String]
    private let states: [FileState]

    init(_ paths: [String]) {
        self.paths = paths
        states = paths.map { FileState($0) }
    }

    /// The same files as they are now.
    var now: FileStates { FileStates(paths) }

    var isEmpty: Bool { paths.isEmpty }
}
