// SPDX-License-Identifier: Apache-2.0
import CLinux
import Glibc
import Synchronization

/// `Storage` on a folder of the local file system.
///
/// Content that replaces other is written to one temporary file in the folder, then renamed into
/// place. `sync`
/// flushes the few files that changed one by one, or the whole file system when there are many.
public final class StorageFolder: Storage {
    private let root: StorageDescriptor
    public let name: String
    private let pending = Mutex(Pending())

    /// What `sync` still has to flush.
    private struct Pending {
        var files: Set<String> = []
        var folders: Set<String> = []
        /// Set when more changed than is worth listing.
        var isEverything = false

        mutating func note(file: String?, folder: String) {
            guard !isEverything else { return }
            if let file { files.insert(file) }
            folders.insert(folder)
            if files.count + folders.count > StorageLimits.listedChanges {
                self = Pending(isEverything: true)
            }
        }
    }

    /// - Parameters:
    ///   - path: the folder.
    ///   - creating: whether to make it, and its parents, when it is missing.
    public init(_ path: String, creating: Bool) throws(StorageError) {
        name = path
        if creating { try makeFolders(path, below: AT_FDCWD) }
        root = StorageDescriptor(
            try openBelow(AT_FDCWD, path, O_RDONLY | O_DIRECTORY))
    }

    /// Whether something lies at `path`.
    public static func exists(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0
    }

    /// Whether two paths lead to the same file or folder; false when there is none at one of them.
    public static func isSame(_ path: String, _ other: String) -> Bool {
        guard let one = FileIdentity(path) else { return false }
        return one == FileIdentity(other)
    }

    /// Whether a path leads to a folder or into it, also where the path's end is still to be made.
    public static func isInside(_ path: String, folder: String) -> Bool {
        guard let wanted = FileIdentity(folder) else { return false }
        var place = path.isEmpty ? "." : path
        while !exists(place) {
            guard place != "." && place != "/" else { return false }
            let above = Platform.folder(of: place)
            place = above.isEmpty ? (place.hasPrefix("/") ? "/" : ".") : above
        }
        guard let resolved = realpath(place, nil) else { return false }
        defer { free(resolved) }
        place = String(cString: resolved)
        while true {
            if FileIdentity(place) == wanted { return true }
            guard place.utf8.count > 1 else { return false }
            let above = Platform.folder(of: place)
            place = above.isEmpty ? "/" : above
        }
    }

    public func read(_ path: String) throws(StorageError) -> [UInt8]? {
        try read(path, limit: .max)
    }

    /// The content of a file; nil when there is none.
    ///
    /// - Parameter limit: bytes; a longer file is refused (EFBIG), and nothing of it is read.
    public func read(_ path: String, limit: Int) throws(StorageError) -> [UInt8]? {
        let file: StorageDescriptor
        do {
            file = try openRegular(root.number, path)
        } catch let error where error.number == ENOENT || error.number == ENOTDIR {
            return nil
        }
        return try readAll(file.number, path, limit: limit)
    }

    public func replace(
        _ path: String, with bytes: UnsafeRawBufferPointer, isFlushed: Bool
    ) throws(StorageError) {
        let file = StorageDescriptor(try openEmpty(StorageLimits.temporaryName))
        try writeAll(file.number, bytes, path)
        if isFlushed { try storageCall("fdatasync", path) { fdatasync(file.number) } }
        let parent = folder(of: path)
        do {
            try storageCall("renameat", path) {
                renameat(root.number, StorageLimits.temporaryName, root.number, path)
            }
        } catch let error where error.number == ENOENT {
            try makeFolders(parent, below: root.number)
            noteFolders(above: parent)
            try storageCall("renameat", path) {
                renameat(root.number, StorageLimits.temporaryName, root.number, path)
            }
        }
        pending.withLock { $0.note(file: path, folder: parent) }
    }

    public func write(
        _ path: String, _ bytes: UnsafeRawBufferPointer
    ) throws(StorageError) {
        let parent = folder(of: path)
        let file: StorageDescriptor
        do {
            file = StorageDescriptor(try openEmpty(path))
        } catch let error where error.number == ENOENT {
            try makeFolders(parent, below: root.number)
            noteFolders(above: parent)
            file = StorageDescriptor(try openEmpty(path))
        }
        try writeAll(file.number, bytes, path)
        pending.withLock { $0.note(file: path, folder: parent) }
    }

    public func openForAppending(_ path: String) throws(StorageError) -> any AppendFile {
        let number = try openBelow(root.number, path, O_RDWR | O_CREAT | O_APPEND)
        pending.withLock { $0.note(file: nil, folder: folder(of: path)) }
        return StorageFile(StorageDescriptor(number), path: path)
    }

    public func openForWriting(_ path: String) throws(StorageError) -> any PlacedFile {
        let number = try openBelow(root.number, path, O_RDWR | O_CREAT)
        pending.withLock { $0.note(file: nil, folder: folder(of: path)) }
        return StorageFile(StorageDescriptor(number), path: path)
    }

    public func rename(_ path: String, to target: String) throws(StorageError) {
        try storageCall("renameat", path) { renameat(root.number, path, root.number, target) }
        pending.withLock {
            $0.files.remove(path)
            $0.note(file: nil, folder: folder(of: target))
        }
    }

    public func openForReading(_ path: String) throws(StorageError) -> (any ReadableFile)? {
        do {
            return StorageFile(try openRegular(root.number, path), path: path)
        } catch let error where error.number == ENOENT || error.number == ENOTDIR {
            return nil
        }
    }

    public func overwrite(
        _ path: String, at offset: Int, with bytes: UnsafeRawBufferPointer
    ) throws(StorageError) {
        let file = StorageDescriptor(try openBelow(root.number, path, O_WRONLY))
        var written = 0
        while written < bytes.count {
            written += try storageCall("pwrite", path) {
                pwrite(
                    file.number, bytes.baseAddress.map { $0 + written }, bytes.count - written,
                    off_t(offset + written))
            }
        }
        try storageCall("fdatasync", path) { fdatasync(file.number) }
    }

    public func remove(_ path: String) throws(StorageError) {
        do {
            try storageCall("unlinkat", path) { unlinkat(root.number, path, 0) }
        } catch let error where error.number == ENOENT || error.number == ENOTDIR {
            return
        } catch let error where error.number == EISDIR {
            try storageCall("unlinkat", path) { unlinkat(root.number, path, Int32(AT_REMOVEDIR)) }
        }
        pending.withLock {
            $0.files.remove(path)
            $0.note(file: nil, folder: folder(of: path))
        }
    }

    public func list(_ folder: String) throws(StorageError) -> [String] {
        let number: Int32
        do {
            let target = folder.isEmpty ? "." : folder
            number = try openBelow(root.number, target, O_RDONLY | O_DIRECTORY)
        } catch let error where error.number == ENOENT || error.number == ENOTDIR {
            return []
        }
        // The stream owns the descriptor from here on.
        guard let stream = fdopendir(number) else {
            let error = StorageError("fdopendir", folder, errno)
            _ = Glibc.close(number)
            throw error
        }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    public func sync() throws(StorageError) {
        let work = pending.withLock { pending in
            defer { pending = Pending() }
            return pending
        }
        do {
            if work.isEverything {
                try storageCall("syncfs", name) { linux_syncfs(root.number) }
            } else {
                for path in work.files { try flush(path, flags: O_RDONLY) }
                for path in work.folders { try flush(path, flags: O_RDONLY | O_DIRECTORY) }
            }
        } catch {
            // What was flushed before the failure is not remembered: flush everything next time.
            pending.withLock { $0 = Pending(isEverything: true) }
            throw error
        }
    }

    public func lock() throws(StorageError) {
        try storageCall("flock", name) { flock(root.number, LOCK_EX | LOCK_NB) }
        // A crash may have left it; nobody else writes here now.
        try remove(StorageLimits.temporaryName)
    }

    public var boot: [UInt8]? {
        guard let descriptor = try? FileReplacement.open(StorageLimits.bootPath) else { return nil }
        let file = StorageFile(descriptor, path: StorageLimits.bootPath)
        // It says that it is empty, as all files there do.
        var text = [UInt8](repeating: 0, count: StorageLimits.bootBytes)
        let got = text.withUnsafeMutableBytes { try? file.read(at: 0, into: $0) }
        return got == text.count ? text : nil
    }

    public func unlock() { _ = flock(root.number, LOCK_UN) }

    private func openEmpty(_ path: String) throws(StorageError) -> Int32 {
        try openBelow(root.number, path, O_WRONLY | O_CREAT | O_TRUNC)
    }

    private func flush(_ path: String, flags: Int32) throws(StorageError) {
        let target = path.isEmpty ? "." : path
        let file: StorageDescriptor
        do {
            file = StorageDescriptor(try openBelow(root.number, target, flags))
        } catch let error where error.number == ENOENT {
            return  // removed since
        }
        try storageCall("fsync", path) { fsync(file.number) }
    }

    /// New folders live in their parents, which must be flushed too.
    private func noteFolders(above path: String) {
        var path = path
        while !path.isEmpty {
            path = folder(of: path)
            pending.withLock { $0.note(file: nil, folder: path) }
        }
    }
}

/// The part before the last `/`; empty when there is none.
func folder(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "" }
    return String(path[..<slash])
}

func makeFolders(_ path: String, below root: Int32) throws(StorageError) {
    guard !path.isEmpty, path != "/", path != "." else { return }
    do {
        try storageCall("mkdirat", path) { mkdirat(root, path, 0o750) }
    } catch let error where error.number == EEXIST {
        return
    } catch let error where error.number == ENOENT {
        try makeFolders(folder(of: path), below: root)
        do {
            try storageCall("mkdirat", path) { mkdirat(root, path, 0o750) }
        } catch let error where error.number == EEXIST {
            return
        }
    }
}

/// - Parameter limit: bytes; a longer file is refused.
func readAll(
    _ descriptor: Int32, _ path: String, limit: Int = .max
) throws(StorageError) -> [UInt8] {
    var information = stat()
    try storageCall("fstat", path) { fstat(descriptor, &information) }
    guard information.st_size <= limit else { throw StorageError("read", path, EFBIG) }
    var bytes = [UInt8](repeating: 0, count: Int(information.st_size))
    var filled = 0
    while filled < bytes.count {
        let count = bytes.count - filled
        let got = bytes.withUnsafeMutableBytes { buffer in
            Result { () throws(StorageError) in
                try storageCall("read", path) {
                    Glibc.read(descriptor, buffer.baseAddress.map { $0 + filled }, count)
                }
            }
        }
        let read = try got.get()
        if read == 0 { break }
        filled += read
    }
    bytes.removeSubrange(filled...)
    return bytes
}
