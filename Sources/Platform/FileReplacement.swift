// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Single files that are replaced whole: a reader sees the old content or the new one.
public enum FileReplacement {
    /// Puts `bytes` in the place of what the file held. On the disk once it returns.
    public static func write(
        _ bytes: [UInt8], to path: String, mode: UInt32 = 0o644
    ) throws(StorageError) {
        let temporary = path + ".new"
        let file = StorageDescriptor(
            try openBelow(AT_FDCWD, temporary, O_WRONLY | O_CREAT | O_TRUNC, mode: mode))
        let written = bytes.withUnsafeBytes { buffer in
            Result { () throws(StorageError) in try writeAll(file.number, buffer, path) }
        }
        try written.get()
        try storageCall("fsync", path) { fsync(file.number) }
        try storageCall("rename", path) { rename(temporary, path) }
        try syncFolder(of: path)
    }

    /// The content; nil when there is none.
    ///
    /// - Parameter limit: bytes; a longer file is refused (EFBIG).
    public static func read(_ path: String, limit: Int = .max) throws(StorageError) -> [UInt8]? {
        guard let file = try open(path) else { return nil }
        return try readAll(file.number, path, limit: limit)
    }

    /// A file to be read; nil when there is none.
    static func open(_ path: String) throws(StorageError) -> StorageDescriptor? {
        do {
            return try openRegular(AT_FDCWD, path)
        } catch let error where error.number == ENOENT {
            return nil
        }
    }

    /// Gives a file another name, over whatever has it.
    public static func move(_ path: String, to target: String) throws(StorageError) {
        try storageCall("rename", path) { rename(path, target) }
        try syncFolder(of: target)
    }

    /// Removes a file; absence is success.
    public static func remove(_ path: String) throws(StorageError) {
        do {
            try storageCall("unlink", path) { unlink(path) }
        } catch let error where error.number == ENOENT {
            return
        }
    }

    /// Makes a folder, and those above it.
    public static func makeFolder(_ path: String) throws(StorageError) {
        try makeFolders(path, below: AT_FDCWD)
    }

    /// Makes the name of a file durable.
    static func syncFolder(of path: String) throws(StorageError) {
        let parent = folder(of: path)
        let name = parent.isEmpty ? (path.hasPrefix("/") ? "/" : ".") : parent
        let above = StorageDescriptor(try openBelow(AT_FDCWD, name, O_RDONLY | O_DIRECTORY))
        try storageCall("fsync", name) { fsync(above.number) }
    }
}
