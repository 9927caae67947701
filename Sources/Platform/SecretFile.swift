// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Files that only their owner may read, such as signing keys.
public enum SecretFile {
    /// Makes a file with mode 0600; one that is already there is never overwritten (EEXIST).
    /// Durable once it returns.
    public static func create(_ path: String, _ bytes: [UInt8]) throws(StorageError) {
        let file = StorageDescriptor(
            try openBelow(AT_FDCWD, path, O_WRONLY | O_CREAT | O_EXCL, mode: 0o600))
        let result = bytes.withUnsafeBytes { buffer in
            Result { () throws(StorageError) in try writeAll(file.number, buffer, path) }
        }
        try result.get()
        try storageCall("fsync", path) { fsync(file.number) }
        try FileReplacement.syncFolder(of: path)
    }

    /// - Returns: nil when there is none.
    /// - Throws: EACCES when others than the owner may read or change it.
    public static func read(_ path: String) throws(StorageError) -> [UInt8]? {
        guard let file = try FileReplacement.open(path) else { return nil }
        var information = stat()
        try storageCall("fstat", path) { fstat(file.number, &information) }
        guard information.st_mode & 0o077 == 0 else {
            throw StorageError("open (its mode must be 0600)", path, EACCES)
        }
        return try readAll(file.number, path)
    }
}
