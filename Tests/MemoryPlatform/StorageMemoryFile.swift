// SPDX-License-Identifier: Apache-2.0
import Glibc
import Platform

/// A file of `StorageMemory`.
final class StorageMemoryFile: AppendFile, PlacedFile {
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

    func write(
        _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer, at offset: Int
    ) throws(StorageError) {
        try storage.write(inode, path, [UInt8](first) + [UInt8](second), at: offset)
    }

    func beginOverwriting(_ size: Int) {}

    func endOverwriting() {}

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
}

// What its files do.
extension StorageMemory {
    func append(_ inode: Int, _ path: String, _ bytes: [UInt8]) throws(StorageError) {
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

    func write(
        _ inode: Int, _ path: String, _ bytes: [UInt8], at offset: Int
    ) throws(StorageError) {
        func put(_ state: inout State, _ count: Int) {
            let size = state.files[inode].content.count
            let over = max(0, min(count, size - offset))
            state.files[inode].content.replaceSubrange(
                offset..<(offset + over), with: bytes[..<over])
            state.files[inode].content.append(contentsOf: bytes[over..<count])
        }
        func torn(_ state: inout State) {
            var end = offset + bytes.count / 2
            // Bytes that are there are written over a sector at a time.
            if end < state.files[inode].content.count { end -= end % StorageMemory.sectorBytes }
            put(&state, max(0, end - offset))
        }
        try run("pwritev", path, partly: torn) { state in
            let growth = max(0, offset + bytes.count - state.files[inode].content.count)
            let room = state.capacity - state.used
            put(&state, bytes.count - max(0, growth - max(0, room)))
            return room < growth
                ? .failure(StorageError("pwritev", path, ENOSPC)) : .success(())
        }
    }

    func truncate(_ inode: Int, _ path: String, _ size: Int) throws(StorageError) {
        try run("ftruncate", path) { state in
            let extra = state.files[inode].content.count - size
            if extra > 0 { state.files[inode].content.removeLast(extra) }
            if state.files[inode].durable.count > size {
                state.files[inode].durable.removeLast(state.files[inode].durable.count - size)
            }
            return .success(())
        }
    }

    func read(
        _ inode: Int, _ path: String, _ range: Range<Int>
    ) throws(StorageError) -> [UInt8] {
        try run("pread", path) { state in
            .success(
                Array(
                    state.files[inode].content[
                        range.clamped(
                            to: 0..<state.files[inode].content.count)]))
        }
    }

    func syncFile(_ inode: Int, _ path: String) throws(StorageError) {
        try run("fdatasync", path) { state in
            state.files[inode].durable = state.files[inode].content
            return .success(())
        }
    }

    func size(_ inode: Int, _ path: String) throws(StorageError) -> Int {
        try run("fstat", path) { .success($0.files[inode].content.count) }
    }
}
