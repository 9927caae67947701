// SPDX-License-Identifier: Apache-2.0
import Glibc
import Platform
import TransparencyLog

/// A log's folder, as anybody with a copy of it sees it. Nothing is ever written.
public struct LogFolder: TileSource, Sendable {
    public let path: String
    private let storage: StorageFolder
    /// Folders that may hold entry bundles that were moved away, in the same layout.
    private let archives: [StorageFolder]

    public init(_ path: String, archives: [String] = []) throws(StorageError) {
        self.path = path
        storage = try StorageFolder(path, creating: false)
        var folders: [StorageFolder] = []
        for archive in archives { folders.append(try StorageFolder(archive, creating: false)) }
        self.archives = folders
    }

    public func read(_ path: String) throws -> [UInt8]? {
        if let bytes = try storage.read(path) { return bytes }
        guard !archives.isEmpty, path.hasPrefix("tile/entries/") else { return nil }
        for archive in archives {
            if let bytes = try archive.read(path) { return bytes }
        }
        return nil
    }

    /// Bytes of a file of the log itself; nil when it is not there.
    func length(_ path: String) -> Int? {
        var information = stat()
        return stat(self.path + "/" + path, &information) == 0 ? Int(information.st_size) : nil
    }
}
