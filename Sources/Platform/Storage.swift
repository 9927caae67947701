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

    /// Opens a file for appending; makes it, empty, when it is missing.
    func openForAppending(_ path: String) throws(StorageError) -> any AppendFile

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

    /// Once it returns, every `replace`, `remove` and `openForAppending` before it outlives a power
    /// loss.
    func sync() throws(StorageError)

    /// Claims the folder for this process (and this instance) until `unlock`; throws `isLocked`
    /// when another has it.
    func lock() throws(StorageError)

    func unlock()

    /// The folder, for messages to people.
    var name: String { get }
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

/// One open file that grows at its end.
///
/// Callers see to it that `append` and `truncate` do not run at the same time as each other; `read`
/// and `sync` may run beside them.
public protocol AppendFile: ReadableFile {
    /// Writes the pieces, one after the other, at the end. When it throws, any part of them may be
    /// there: `truncate` puts the file right. When it returns they outlive our own crash.
    func append(
        _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer
    ) throws(StorageError)

    /// Cuts the file to `size` bytes.
    func truncate(to size: Int) throws(StorageError)

    /// Once it returns, everything appended before it was called outlives a power loss. After it
    /// has thrown, nothing that was not yet durable may be trusted to become so (the kernel drops
    /// what it could not write).
    func sync() throws(StorageError)

    /// Gives the descriptor back; the file is not used afterwards.
    func close()
}
