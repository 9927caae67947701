// SPDX-License-Identifier: Apache-2.0
import Glibc
import Platform
import Synchronization

/// `Storage` in memory, which keeps what the kernel holds apart from what the disk holds, so that
/// tests can fail any operation, kill the process or cut the power.
public final class StorageMemory: Storage {
    public let name: String
    private let faults: StorageFaults
    private let state = Mutex(State())

    /// Bytes that a disk writes whole or not at all.
    static let sectorBytes = 512

    struct File {
        var content: [UInt8] = []
        var durable: [UInt8] = []
        /// Opened for writing: only its own `sync` makes it durable.
        var isOpened = false

        /// Keeps of what was not synced as much as `choose` says.
        mutating func cutPower(_ choose: (Int) -> Int) {
            var kept = durable
            var start = 0
            while start < min(content.count, durable.count) {
                // Each sector that was written over is old or new.
                let end = min(start + StorageMemory.sectorBytes, content.count, durable.count)
                if content[start..<end] != durable[start..<end], choose(2) == 0 {
                    kept.replaceSubrange(start..<end, with: content[start..<end])
                }
                start = end
            }
            // Appended bytes reach the disk in order here, any number of them.
            let extra = content.dropFirst(durable.count)
            kept += extra.prefix(extra.isEmpty ? 0 : choose(extra.count + 1))
            content = kept
            durable = kept
        }

        /// In the kernel and on the disk, as far as the file reaches.
        mutating func overwrite(at offset: Int, with bytes: [UInt8]) {
            for (index, byte) in bytes.enumerated() {
                if offset + index < content.count { content[offset + index] = byte }
                if offset + index < durable.count { durable[offset + index] = byte }
            }
        }
    }

    struct State {
        /// By inode; a replaced file gets a new one.
        var files: [File] = []
        var names: [String: Int] = [:]
        var durableNames: [String: Int] = [:]
        var isLocked = false
        /// How often the power was cut.
        var boots = 0
        /// Bytes that all files together may hold.
        var capacity = Int.max

        var used: Int { names.values.reduce(0) { $0 + files[$1].content.count } }
    }

    public init(_ name: String, faults: StorageFaults = StorageFaults()) {
        self.name = name
        self.faults = faults
    }

    /// Runs one operation under the fault plan. `partly` is what a torn one leaves.
    func run<R>(
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

    public func write(
        _ path: String, _ bytes: UnsafeRawBufferPointer
    ) throws(StorageError) {
        let content = [UInt8](bytes)
        func put(_ state: inout State, _ count: Int) {
            state.files.append(File(content: Array(content.prefix(count))))
            state.names[path] = state.files.count - 1
        }
        try run("write", path, partly: { put(&$0, content.count / 2) }) { state in
            let room = max(0, state.capacity - state.used)
            put(&state, min(room, content.count))
            return room < content.count
                ? .failure(StorageError("write", path, ENOSPC)) : .success(())
        }
    }

    public func openForAppending(_ path: String) throws(StorageError) -> any AppendFile {
        try open(path)
    }

    public func openForWriting(_ path: String) throws(StorageError) -> any PlacedFile {
        try open(path)
    }

    private func open(_ path: String) throws(StorageError) -> StorageMemoryFile {
        let inode = try run("openat", path) { state in
            if let inode = state.names[path] { return .success(inode) }
            state.files.append(File(isOpened: true))
            state.names[path] = state.files.count - 1
            return .success(state.files.count - 1)
        }
        return StorageMemoryFile(self, inode: inode, path: path)
    }

    public func rename(_ path: String, to target: String) throws(StorageError) {
        try run("renameat", path) { state -> Result<Void, StorageError> in
            guard let inode = state.names[path] else {
                return .failure(StorageError("renameat", path, ENOENT))
            }
            state.names[path] = nil
            state.names[target] = inode
            return .success(())
        }
    }

    public var boot: [UInt8]? { state.withLock { Array("boot \($0.boots)".utf8) } }

    public func openForReading(_ path: String) throws(StorageError) -> (any ReadableFile)? {
        try run("openat", path) { state in .success(state.names[path]) }
            .map { StorageMemoryFile(self, inode: $0, path: path) }
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
            for inode in state.names.values where !state.files[inode].isOpened {
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
            state.boots += 1
            let paths = Set(state.names.keys).union(state.durableNames.keys).sorted()
            var names: [String: Int] = [:]
            for path in paths {
                let now = state.names[path]
                let before = state.durableNames[path]
                names[path] = now == before || choose(2) == 0 ? before : now
            }
            for path in paths {
                guard let inode = names[path] else { continue }
                state.files[inode].cutPower(choose)
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
