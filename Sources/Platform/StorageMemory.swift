// SPDX-License-Identifier: Apache-2.0
import Glibc
import Synchronization

/// `Storage` in memory, which keeps what the kernel holds apart from what the disk holds, so that
/// tests can fail any operation, kill the process or cut the power.
public final class StorageMemory: Storage {
    public let name: String
    private let faults: StorageFaults
    private let state = Mutex(State())

    private struct File {
        var content: [UInt8] = []
        var durable: [UInt8] = []
        /// Opened for appending: only its own `sync` makes it durable.
        var isAppended = false

        /// In the kernel and on the disk, as far as the file reaches.
        mutating func overwrite(at offset: Int, with bytes: [UInt8]) {
            for (index, byte) in bytes.enumerated() {
                if offset + index < content.count { content[offset + index] = byte }
                if offset + index < durable.count { durable[offset + index] = byte }
            }
        }
    }

    private struct State {
        /// By inode; a replaced file gets a new one.
        var files: [File] = []
        var names: [String: Int] = [:]
        var durableNames: [String: Int] = [:]
        var isLocked = false
        /// Bytes that all files together may hold.
        var capacity = Int.max

        var used: Int { names.values.reduce(0) { $0 + files[$1].content.count } }
    }

    public init(_ name: String, faults: StorageFaults = StorageFaults()) {
        self.name = name
        self.faults = faults
    }

    /// Runs one operation under the fault plan. `partly` is what a torn one leaves.
    private func run<R>(
        _ operation: String, _ path: String, partly: ((inout State) -> Void)? = nil,
        _ body: (inout State) -> Result<R, StorageError>
    ) throws(StorageError) -> R {
        let verdict = faults.next()
        let result = state.withLock { state -> Result<R, StorageError> in
            switch verdict {
            case .normal: return body(&state)
            case .fail(let number, let isApplied, let isTorn):
                if isApplied { _ = body(&state) }
                if isTorn { partly?(&state) }
                return .failure(StorageError(operation, path, number))
            }
        }
        return try result.get()
    }

    public func read(_ path: String) throws(StorageError) -> [UInt8]? {
        try run("read", path) { state in
            .success(state.names[path].map { state.files[$0].content })
        }
    }

    public func replace(
        _ path: String, with bytes: UnsafeRawBufferPointer, isFlushed: Bool
    ) throws(StorageError) {
        let content = [UInt8](bytes)
        try run("replace", path) { state -> Result<Void, StorageError> in
            guard state.used + content.count <= state.capacity else {
                return .failure(StorageError("write", path, ENOSPC))
            }
            state.files.append(File(content: content, durable: isFlushed ? content : []))
            state.names[path] = state.files.count - 1
            return .success(())
        }
    }

    public func openForAppending(_ path: String) throws(StorageError) -> any AppendFile {
        let inode = try run("openat", path) { state in
            if let inode = state.names[path] { return .success(inode) }
            state.files.append(File(isAppended: true))
            state.names[path] = state.files.count - 1
            return .success(state.files.count - 1)
        }
        return MemoryAppendFile(self, inode: inode, path: path)
    }

    public func openForReading(_ path: String) throws(StorageError) -> (any ReadableFile)? {
        try run("openat", path) { state in .success(state.names[path]) }
            .map { MemoryAppendFile(self, inode: $0, path: path) }
    }

    public func overwrite(
        _ path: String, at offset: Int, with bytes: UnsafeRawBufferPointer
    ) throws(StorageError) {
        let content = [UInt8](bytes)
        try run("pwrite", path) { state -> Result<Void, StorageError> in
            guard let inode = state.names[path] else {
                return .failure(StorageError("openat", path, ENOENT))
            }
            state.files[inode].overwrite(at: offset, with: content)
            return .success(())
        }
    }

    public func remove(_ path: String) throws(StorageError) {
        try run("unlinkat", path) { state in
            state.names[path] = nil
            return .success(())
        }
    }

    public func list(_ folder: String) throws(StorageError) -> [String] {
        let prefix = folder.isEmpty ? "" : folder + "/"
        return try run("list", folder) { state in
            var names: Set<String> = []
            for path in state.names.keys where path.hasPrefix(prefix) {
                let rest = path.dropFirst(prefix.count)
                names.insert(String(rest.prefix { $0 != "/" }))
            }
            return .success(names.sorted())
        }
    }

    public func sync() throws(StorageError) {
        try run("sync", name) { state in
            state.durableNames = state.names
            for inode in state.names.values where !state.files[inode].isAppended {
                state.files[inode].durable = state.files[inode].content
            }
            return .success(())
        }
    }

    public func lock() throws(StorageError) {
        try run("flock", name) { state -> Result<Void, StorageError> in
            guard !state.isLocked else {
                return .failure(StorageError("flock", name, EWOULDBLOCK))
            }
            state.isLocked = true
            return .success(())
        }
    }

    public func unlock() { state.withLock { $0.isLocked = false } }

    fileprivate func append(_ inode: Int, _ path: String, _ bytes: [UInt8]) throws(StorageError) {
        func put(_ state: inout State, _ count: Int) {
            state.files[inode].content.append(contentsOf: bytes.prefix(count))
        }
        try run("writev", path, partly: { put(&$0, bytes.count / 2) }) { state in
            let room = state.capacity - state.used
            put(&state, max(0, min(room, bytes.count)))
            return room < bytes.count
                ? .failure(StorageError("writev", path, ENOSPC)) : .success(())
        }
    }

    fileprivate func truncate(_ inode: Int, _ path: String, _ size: Int) throws(StorageError) {
        try run("ftruncate", path) { state in
            let extra = state.files[inode].content.count - size
            if extra > 0 { state.files[inode].content.removeLast(extra) }
            if state.files[inode].durable.count > size {
                state.files[inode].durable.removeLast(state.files[inode].durable.count - size)
            }
            return .success(())
        }
    }

    fileprivate func read(
        _ inode: Int, _ path: String, _ range: Range<Int>
    ) throws(StorageError) -> [UInt8] {
        try run("pread", path) { state in
            .success(Array(state.files[inode].content[range.clamped(
                to: 0..<state.files[inode].content.count)]))
        }
    }

    fileprivate func syncFile(_ inode: Int, _ path: String) throws(StorageError) {
        try run("fdatasync", path) { state in
            state.files[inode].durable = state.files[inode].content
            return .success(())
        }
    }

    fileprivate func size(_ inode: Int, _ path: String) throws(StorageError) -> Int {
        try run("fstat", path) { .success($0.files[inode].content.count) }
    }
}

// What tests do to it.
extension StorageMemory {
    /// The process is gone: what the kernel holds stays, the lock is free.
    public func endProcess() { state.withLock { $0.isLocked = false } }

    /// The power is cut: what was not synced is there, gone, or there in part, as `choose` says.
    ///
    /// - Parameter choose: a number from 0 up to, not including, its argument.
    public func cutPower(_ choose: (Int) -> Int) {
        state.withLock { state in
            state.isLocked = false
            let paths = Set(state.names.keys).union(state.durableNames.keys).sorted()
            var names: [String: Int] = [:]
            for path in paths {
                let now = state.names[path]
                let before = state.durableNames[path]
                names[path] = now == before || choose(2) == 0 ? before : now
            }
            for path in paths {
                guard let inode = names[path] else { continue }
                let file = state.files[inode]
                // Appended bytes reach the disk in order here, any number of them.
                let extra = max(0, file.content.count - file.durable.count)
                let kept = extra == 0 ? 0 : choose(extra + 1)
                state.files[inode].content = Array(
                    file.content.prefix(file.durable.count + kept))
                state.files[inode].durable = state.files[inode].content
            }
            state.names = names
            state.durableNames = names
        }
    }

    /// Bytes that all files together may hold from now on.
    public func limit(to bytes: Int) { state.withLock { $0.capacity = bytes } }

    public var used: Int { state.withLock { $0.used } }

    /// All files and what the kernel holds of them.
    public var contents: [String: [UInt8]] {
        state.withLock { state in state.names.mapValues { state.files[$0].content } }
    }

    /// Puts bytes in the place of a file's, as an attacker or a broken disk would; nil removes it.
    public func tamper(_ path: String, _ bytes: [UInt8]?) {
        state.withLock { state in
            guard let bytes else {
                state.names[path] = nil
                state.durableNames[path] = nil
                return
            }
            state.files.append(File(content: bytes, durable: bytes))
            state.names[path] = state.files.count - 1
            state.durableNames[path] = state.files.count - 1
        }
    }
}

private final class MemoryAppendFile: AppendFile {
    private let storage: StorageMemory
    private let inode: Int
    private let path: String

    init(_ storage: StorageMemory, inode: Int, path: String) {
        self.storage = storage
        self.inode = inode
        self.path = path
    }

    func append(
        _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer
    ) throws(StorageError) {
        try storage.append(inode, path, [UInt8](first) + [UInt8](second))
    }

    func truncate(to size: Int) throws(StorageError) { try storage.truncate(inode, path, size) }

    func read(
        at offset: Int, into buffer: UnsafeMutableRawBufferPointer
    ) throws(StorageError) -> Int {
        let bytes = try storage.read(inode, path, offset..<(offset + buffer.count))
        buffer.copyBytes(from: bytes)
        return bytes.count
    }

    func sync() throws(StorageError) { try storage.syncFile(inode, path) }

    var size: Int { get throws(StorageError) { try storage.size(inode, path) } }

    func close() {}
}
