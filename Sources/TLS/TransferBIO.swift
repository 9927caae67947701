// SPDX-License-Identifier: Apache-2.0
import COpenSSL
import Glibc

/// The bytes that OpenSSL reads and writes during one call: it takes them from the buffer that the
/// socket filled, and puts them into the one that goes to the socket, so that nothing is copied
/// twice and nothing is kept between calls.
struct Transfer {
    private var input: UnsafeRawPointer?
    private(set) var inputLeft = 0
    private var output: UnsafeMutableRawPointer?
    private var outputRoom = 0
    private(set) var outputUsed = 0

    mutating func begin(
        input bytes: UnsafeRawBufferPointer, output buffer: UnsafeMutableRawBufferPointer
    ) {
        input = bytes.baseAddress
        inputLeft = bytes.count
        output = buffer.baseAddress
        outputRoom = buffer.count
        outputUsed = 0
    }

    /// Leaves the rest of the input unread.
    mutating func stopReading() { inputLeft = 0 }

    /// Forgets the buffers.
    ///
    /// - Returns: how many bytes were put out.
    mutating func end() -> Int {
        let used = outputUsed
        self = Transfer()
        return used
    }

    fileprivate mutating func take(into buffer: UnsafeMutableRawPointer, room: Int) -> Int {
        let count = min(room, inputLeft)
        guard count > 0, let input else { return 0 }
        buffer.copyMemory(from: input, byteCount: count)
        self.input = input + count
        inputLeft -= count
        return count
    }

    fileprivate mutating func put(_ bytes: UnsafeRawPointer, count: Int) -> Int {
        let count = min(count, outputRoom - outputUsed)
        guard count > 0, let output else { return 0 }
        (output + outputUsed).copyMemory(from: bytes, byteCount: count)
        outputUsed += count
        return count
    }
}

/// Makes BIOs over a `Transfer`, which must outlive them.
enum TransferBIO {
    // Written once, before the first connection; OpenSSL only reads it.
    nonisolated(unsafe) private static let method: OpaquePointer? = {
        let type = BIO_get_new_index() | BIO_TYPE_SOURCE_SINK
        guard let method = BIO_meth_new(type, "portcullis transfer"),
            BIO_meth_set_read_ex(method, readTransfer) == 1,
            BIO_meth_set_write_ex(method, writeTransfer) == 1,
            BIO_meth_set_ctrl(method, controlTransfer) == 1
        else { return nil }
        return method
    }()

    static func make(_ transfer: UnsafeMutablePointer<Transfer>) -> OpaquePointer? {
        guard let method, let bio = BIO_new(method) else { return nil }
        BIO_set_data(bio, transfer)
        BIO_set_init(bio, 1)
        return bio
    }
}

private func transfer(of bio: OpaquePointer?) -> UnsafeMutablePointer<Transfer>? {
    BIO_get_data(bio)?.assumingMemoryBound(to: Transfer.self)
}

private let retryFlags = BIO_FLAGS_READ | BIO_FLAGS_WRITE | BIO_FLAGS_SHOULD_RETRY

private func readTransfer(
    _ bio: OpaquePointer?, _ buffer: UnsafeMutablePointer<CChar>?, _ room: Int,
    _ count: UnsafeMutablePointer<Int>?
) -> Int32 {
    BIO_clear_flags(bio, retryFlags)
    guard let buffer, let transfer = transfer(of: bio) else { return 0 }
    let taken = transfer.pointee.take(into: buffer, room: room)
    count?.pointee = taken
    if taken > 0 { return 1 }
    BIO_set_flags(bio, BIO_FLAGS_READ | BIO_FLAGS_SHOULD_RETRY)
    return 0
}

private func writeTransfer(
    _ bio: OpaquePointer?, _ bytes: UnsafePointer<CChar>?, _ wanted: Int,
    _ count: UnsafeMutablePointer<Int>?
) -> Int32 {
    BIO_clear_flags(bio, retryFlags)
    guard let bytes, let transfer = transfer(of: bio) else { return 0 }
    let put = transfer.pointee.put(bytes, count: wanted)
    count?.pointee = put
    if put > 0 { return 1 }
    BIO_set_flags(bio, BIO_FLAGS_WRITE | BIO_FLAGS_SHOULD_RETRY)
    return 0
}

private func controlTransfer(
    _: OpaquePointer?, _ command: Int32, _: Int, _: UnsafeMutableRawPointer?
) -> Int {
    command == BIO_CTRL_FLUSH ? 1 : 0
}
