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

    /// - Throws: `missing` when there is no folder; `StorageError` when it cannot be opened.
    public init(_ path: String, archives: [String] = []) throws {
        self.path = path
        storage = try Self.open(path, "log")
        self.archives = try archives.map { try Self.open($0, "archive") }
    }

    private static func open(_ path: String, _ what: String) throws -> StorageFolder {
        do throws(StorageError) {
            return try StorageFolder(path, creating: false)
        } catch {
            guard error.number == ENOENT || error.number == ENOTDIR else { throw error }
            throw TransparencyError(.missing, "there is no \(what) at `\(path)`")
        }
    }

    public func read(_ path: String) throws -> [UInt8]? {
        if let bytes = try Self.read(path, in: storage) { return bytes }
        guard !archives.isEmpty, path.hasPrefix("tile/entries/") else { return nil }
        for archive in archives {
            if let bytes = try Self.read(path, in: archive) { return bytes }
        }
        return nil
    }

    /// What is no file of a log by its size is not read.
    private static func read(_ path: String, in folder: StorageFolder) throws -> [UInt8]? {
        let limit = TilePath.limit(of: path)
        do throws(StorageError) {
            return try folder.read(path, limit: limit)
        } catch {
            guard error.number == EFBIG else { throw error }
            let code: TransparencyError.Code =
                path.hasPrefix("tile/entries/")
                ? .malformedBundle : path.hasPrefix("tile/") ? .malformedTile : .malformedNote
            throw TransparencyError(code, at: path, "expected at most \(limit) bytes")
        }
    }

    /// Bytes of a file of the log itself; nil when it is not there.
    func length(_ path: String) -> Int? {
        var information = stat()
        return stat(self.path + "/" + path, &information) == 0 ? Int(information.st_size) : nil
    }
}
