// SPDX-License-Identifier: Apache-2.0
import COpenSSL

/// SHA-256 (FIPS 180-4) by libcrypto, with one reused context: hashing allocates nothing.
///
/// An instance belongs to one thread at a time.
public final class SHA256 {
    private let context: UnsafeMutablePointer<SHA256_CTX>

    public init() {
        context = .allocate(capacity: 1)
        context.initialize(to: SHA256_CTX())
        start()
    }

    deinit { context.deallocate() }

    private func start() {
        precondition(SHA256_Init(context) == 1, "SHA-256 cannot start")
    }

    /// Adds bytes to the message.
    public func update(_ bytes: UnsafeRawBufferPointer) {
        precondition(
            SHA256_Update(context, bytes.baseAddress, bytes.count) == 1, "SHA-256 cannot go on")
    }

    /// The hash of all bytes since the last call; the instance then starts a new message.
    public func finish() -> Digest {
        var digest = Digest()
        let isDone = digest.withUnsafeMutableBytes { output in
            SHA256_Final(output.baseAddress?.assumingMemoryBound(to: UInt8.self), context)
        }
        precondition(isDone == 1, "SHA-256 cannot finish")
        start()
        return digest
    }

    /// The hash of one message; any bytes given to `update` before come first.
    public func hash(_ bytes: UnsafeRawBufferPointer) -> Digest {
        update(bytes)
        return finish()
    }

    /// The hash of one message. Makes a context each time: for use off the hot path.
    public static func hash(_ bytes: some Sequence<UInt8>) -> Digest {
        let hasher = SHA256()
        let contiguous: Void? = bytes.withContiguousStorageIfAvailable {
            hasher.update(UnsafeRawBufferPointer($0))
        }
        if contiguous == nil { Array(bytes).withUnsafeBytes { hasher.update($0) } }
        return hasher.finish()
    }
}
