// SPDX-License-Identifier: Apache-2.0
import COpenSSL

/// SHA-256 (FIPS 180-4) over libcrypto, with one reused context: hashing allocates nothing.
///
/// An instance belongs to one thread at a time. A libcrypto without SHA-256 ends the program: there
/// is nothing that could be answered safely then, and no input can bring it about.
public final class SHA256 {
    private let context: OpaquePointer
    private let algorithm: OpaquePointer

    public init() {
        guard let algorithm = EVP_MD_fetch(nil, "SHA256", nil), let context = EVP_MD_CTX_new()
        else {
            fatalError("libcrypto has no SHA-256: \(OpenSSL.lastError())")
        }
        self.algorithm = algorithm
        self.context = context
        precondition(
            EVP_DigestInit_ex2(context, algorithm, nil) == 1, "SHA-256 cannot start")
    }

    deinit {
        EVP_MD_CTX_free(context)
        EVP_MD_free(algorithm)
    }

    /// Without an algorithm libcrypto keeps the context's own state; with one it makes a new one.
    private func start() {
        precondition(EVP_DigestInit_ex2(context, nil, nil) == 1, "SHA-256 cannot start")
    }

    /// Adds bytes to the message.
    public func update(_ bytes: UnsafeRawBufferPointer) {
        precondition(
            EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) == 1, "SHA-256 cannot go on")
    }

    /// The hash of all bytes since the last call; the instance then starts a new message.
    public func finish() -> Digest {
        var digest = Digest()
        let isDone = digest.withUnsafeMutableBytes { output in
            EVP_DigestFinal_ex(
                context, output.baseAddress?.assumingMemoryBound(to: UInt8.self), nil)
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
