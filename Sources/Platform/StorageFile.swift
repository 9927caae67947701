// SPDX-License-Identifier: Apache-2.0
import CLinux
import Glibc

/// A file over a descriptor: `AppendFile` when that was opened with O_APPEND, otherwise
/// `PlacedFile`.
final class StorageFile: AppendFile, PlacedFile {
    private let descriptor: StorageDescriptor
    private let path: String
    /// The file's first bytes, while they are written over: what is stored there is in the kernel
    /// at once. Only for who writes.
    nonisolated(unsafe) private var mapping: UnsafeMutableRawBufferPointer?

    init(_ descriptor: StorageDescriptor, path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    deinit { endOverwriting() }

    func append(
        _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer
    ) throws(StorageError) {
        try write("writev", first, second) { (pieces) in writev(descriptor.number, pieces, 2) }
    }

    func write(
        _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer, at offset: Int
    ) throws(StorageError) {
        if let mapping, offset + first.count + second.count <= mapping.count {
            // Nobody reads it back, unless there is a crash.
            let failure = linux_overwrite(
                mapping.baseAddress, mapping.count, offset, first.baseAddress, first.count,
                second.baseAddress, second.count)
            guard failure == 0 else {
                endOverwriting()
                throw StorageError("store", path, failure)
            }
            return
        }
        try write("pwritev", first, second) { (pieces) in
            pwritev(descriptor.number, pieces, 2, off_t(offset))
        }
    }

    func beginOverwriting(_ size: Int) {
        let memory: UnsafeMutableRawPointer?
        if let mapping {
            guard size > mapping.count else { return }
            memory = linux_grow_mapping(mapping.baseAddress, mapping.count, size)
        } else {
            memory = size > 0 ? linux_map_for_overwriting(descriptor.number, size) : nil
        }
        guard let memory else { return }
        mapping = UnsafeMutableRawBufferPointer(start: memory, count: size)
    }

    func endOverwriting() {
        if let mapping { munmap(mapping.baseAddress, mapping.count) }
        mapping = nil
    }

    @inline(__always)
    private func write(
        _ name: StaticString, _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer,
        _ call: (UnsafePointer<iovec>?) -> Int
    ) throws(StorageError) {
        let written = try withUnsafeTemporaryAllocation(of: iovec.self, capacity: 2) {
            (pieces) throws(StorageError) -> Int in
            pieces.initializeElement(at: 0, to: piece(first))
            pieces.initializeElement(at: 1, to: piece(second))
            return try storageCall(name, path) { call(UnsafePointer(pieces.baseAddress)) }
        }
        // A regular file takes less only when the disk is full; the caller cuts off what went in.
        guard written == first.count + second.count else {
            throw StorageError(name.description, path, ENOSPC)
        }
    }

    private func piece(_ bytes: UnsafeRawBufferPointer) -> iovec {
        iovec(iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress), iov_len: bytes.count)
    }

    func truncate(to size: Int) throws(StorageError) {
        // A store beyond the end of the file would be a SIGBUS.
        endOverwriting()
        try storageCall("ftruncate", path) { ftruncate(descriptor.number, off_t(size)) }
    }

    func read(
        at offset: Int, into buffer: UnsafeMutableRawBufferPointer
    ) throws(StorageError) -> Int {
        var filled = 0
        while filled < buffer.count {
            let got = try storageCall("pread", path) {
                pread(
                    descriptor.number, buffer.baseAddress.map { $0 + filled },
                    buffer.count - filled, off_t(offset + filled))
            }
            if got == 0 { break }
            filled += got
        }
        return filled
    }

    func sync() throws(StorageError) {
        try storageCall("fdatasync", path) { fdatasync(descriptor.number) }
    }

    var size: Int {
        get throws(StorageError) {
            var information = stat()
            try storageCall("fstat", path) { fstat(descriptor.number, &information) }
            return Int(information.st_size)
        }
    }
}
