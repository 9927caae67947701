// SPDX-License-Identifier: Apache-2.0

/// A folder of files with the few operations that a crash-safe log needs.
///
/// Paths are relative to the folder, with `/` between their parts. An operation that throws may or
/// may not have happened: callers repeat it (all are idempotent) or stop trusting the file.
public protocol Storage: Sendable {
    /// The content of a file; nil when there is none.
    func read(_ path: String) throws(StorageError) -> [UInt8]?

    /// Puts `bytes` in the place of whatever `path` held; makes missing folders. A reader, or a
    /// restart after our own crash, sees the old content or the new one, never a mixture. It is
    /// sure to outlive a power loss only after `sync`; before, a power loss leaves the old content
    /// or the new one when `isFlushed`, and anything otherwise.
    ///
    /// - Parameter isFlushed: puts the bytes on the disk before the name points to them.
    func replace(
        _ path: String, with bytes: UnsafeRawBufferPointer, isFlushed: Bool
    ) throws(StorageError)

    /// As `replace`, for a file that nothing refers to yet: until it returns, a reader or a restart
    /// may see any part of `bytes`. It takes half the time.
    func write(_ path: String, _ bytes: UnsafeRawBufferPointer) throws(StorageError)

    /// Opens a file for appending; makes it, empty, when it is missing.
    func openForAppending(_ path: String) throws(StorageError) -> any AppendFile

    /// Opens a file for writing anywhere in it; makes it, empty, when it is missing.
    func openForWriting(_ path: String) throws(StorageError) -> any PlacedFile

    /// Gives a file another name in its folder, over whatever has it. Who has it open keeps it.
    func rename(_ path: String, to target: String) throws(StorageError)

    /// Opens a file for reading; nil when there is none.
    func openForReading(_ path: String) throws(StorageError) -> (any ReadableFile)?

    /// Writes over bytes of a file that is there, and flushes them to the disk. Another process may
    /// be appending to it.
    func overwrite(
        _ path: String, at offset: Int, with bytes: UnsafeRawBufferPointer
    ) throws(StorageError)

    /// Removes a file, or an empty folder; absence is success.
    func remove(_ path: String) throws(StorageError)

    /// The names in a folder, sorted; none when it is missing.
    func list(_ folder: String) throws(StorageError) -> [String]

    /// Once it returns, every `replace`, `write`, `remove`, `rename` and file made by opening it
    /// before it outlives a power loss.
    func sync() throws(StorageError)

    /// Claims the folder for this process (and this instance) until `unlock`; throws `isLocked`
    /// when another has it.
    func lock() throws(StorageError)

    func unlock()

    /// The folder, for messages to people.
    var name: String { get }

    /// Differs whenever a power loss may have come between; nil when that cannot be told.
    var boot: [UInt8]? { get }
}

/// One open file. It is closed with the last reference to it.
public protocol ReadableFile: AnyObject, Sendable {
    /// Fills `buffer` from byte `offset` on; answers how many bytes there were, fewer at the end.
    func read(
        at offset: Int, into buffer: UnsafeMutableRawBufferPointer
    ) throws(StorageError) -> Int

    /// Bytes in the file.
    var size: Int { get throws(StorageError) }
}

/// One open file that is written to.
///
/// Callers see to it that writing and `truncate` do not run at the same time as each other; `read`
/// and `sync` may run beside them.
public protocol WritableFile: ReadableFile {
    /// Cuts the file to `size` bytes.
    func truncate(to size: Int) throws(StorageError)

    /// Once it returns, everything written before it was called outlives a power loss. After it
    /// has thrown, nothing that was not yet durable may be trusted to become so (the kernel drops
    /// what it could not write).
    func sync() throws(StorageError)
}

/// One open file that grows at its end.
public protocol AppendFile: WritableFile {
    /// Writes the pieces, one after the other, at the end. When it throws, any part of them may be
    /// there: `truncate` puts the file right. When it returns they outlive our own crash.
    func append(
        _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer
    ) throws(StorageError)
}

/// One open file that is written where the caller says, also over bytes that are there.
public protocol PlacedFile: WritableFile {
    /// Writes the pieces, one after the other, from byte `offset` on; the file grows as needed.
    ///
    /// When it throws, any part of them may be there. When it returns they outlive our own crash.
    /// Of bytes that were written over, a power loss before `sync` leaves each sector of 512 bytes
    /// old or new, in no order.
    func write(
        _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer, at offset: Int
    ) throws(StorageError)

    /// The first `size` bytes, which are there, are going to be written over many times: that may
    /// cost memory and no system calls until `endOverwriting`. It may be called again, for the same
    /// bytes or for more. Neither runs beside writing.
    func beginOverwriting(_ size: Int)

    func endOverwriting()
}
