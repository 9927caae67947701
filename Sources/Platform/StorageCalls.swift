// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Runs a system call of the storage path: EINTR is tried again, EBADF is our own bug, every other
/// failure is an error with the call's name and path.
@inline(__always)
@discardableResult
func storageCall<T: SignedInteger>(
    _ operation: StaticString, _ path: @autoclosure () -> String, _ call: () -> T
) throws(StorageError) -> T {
    while true {
        let result = call()
        if result >= 0 { return result }
        let number = errno
        if number == EINTR { continue }
        precondition(number != EBADF, "a descriptor was used after it was closed")
        throw StorageError(operation.description, path(), number)
    }
}

/// An open descriptor with one owner.
final class StorageDescriptor: Sendable {
    let number: Int32

    init(_ number: Int32) { self.number = number }

    deinit { _ = Glibc.close(number) }
}

/// Opens a regular file for reading. Anything else is refused: a FIFO would hold up its reader.
func openRegular(_ folder: Int32, _ path: String) throws(StorageError) -> StorageDescriptor {
    let file = StorageDescriptor(try openBelow(folder, path, O_RDONLY | O_NONBLOCK))
    var information = stat()
    try storageCall("fstat", path) { fstat(file.number, &information) }
    guard information.st_mode & S_IFMT == S_IFREG else {
        throw StorageError("open (it must be a regular file)", path, EINVAL)
    }
    return file
}

/// Writes all of `bytes` to a new or emptied file.
func writeAll(
    _ descriptor: Int32, _ bytes: UnsafeRawBufferPointer, _ path: String
) throws(StorageError) {
    var written = 0
    while written < bytes.count {
        written += try storageCall("write", path) {
            Glibc.write(descriptor, bytes.baseAddress.map { $0 + written }, bytes.count - written)
        }
    }
}

/// `open` below a folder, never followed by an exec.
func openBelow(
    _ folder: Int32, _ path: String, _ flags: Int32, mode: mode_t = 0o640
) throws(StorageError) -> Int32 {
    try storageCall("openat", path) { openat(folder, path, flags | O_CLOEXEC, mode) }
}
