// SPDX-License-Identifier: Apache-2.0
import COpenSSL
import CSHA256

/// SHA-256 (FIPS 180-4) by libcrypto, with one reused context: hashing allocates nothing.
///
/// An instance belongs to one thread at a time.
public final class SHA256 {
    private let context: UnsafeMutablePointer<SHA256_CTX>
    /// Whether `hashEach` takes two messages at a time.
    let usesLanes: Bool

    public convenience init() { self.init(usesLanes: sha256_has_lanes()) }

    init(usesLanes: Bool) {
        self.usesLanes = usesLanes
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

    /// The hashes of messages that lie one after the other, which takes less time than `hash` of
    /// each: two go at a time where the processor can.
    ///
    /// - Parameters:
    ///   - start: the place in `bytes` that the first message comes `gap` bytes after; each of the
    ///     others comes so after the one before.
    ///   - ends: where each message ends in `bytes`.
    ///   - prefix: comes before each message.
    ///   - digests: room for 32 bytes a message, apart from `bytes`.
    public func hashEach(
        in bytes: UnsafeRawBufferPointer, from start: Int, ends: UnsafeBufferPointer<Int>,
        gap: Int, prefix: UInt8, into digests: UnsafeMutableRawBufferPointer
    ) {
        precondition(start >= 0 && gap >= 0 && digests.count >= ends.count * Digest.byteCount)
        var last = start
        for end in ends {
            precondition(end >= last + gap && end <= bytes.count)
            last = end
        }
        guard usesLanes else {
            return hashOneByOne(bytes, start, ends, gap: gap, prefix: prefix, into: digests)
        }
        guard let memory = bytes.baseAddress, let list = ends.baseAddress,
            let output = digests.baseAddress
        else { return }
        sha256_lanes(
            memory.assumingMemoryBound(to: UInt8.self), start, list, gap, ends.count, prefix,
            output.assumingMemoryBound(to: UInt8.self))
    }

    private func hashOneByOne(
        _ bytes: UnsafeRawBufferPointer, _ start: Int, _ ends: UnsafeBufferPointer<Int>, gap: Int,
        prefix: UInt8, into digests: UnsafeMutableRawBufferPointer
    ) {
        var start = start
        for (index, end) in ends.enumerated() {
            withUnsafeBytes(of: prefix) { update($0) }
            let digest = hash(UnsafeRawBufferPointer(rebasing: bytes[(start + gap)..<end]))
            digests.storeBytes(
                of: digest, toByteOffset: index * Digest.byteCount, as: Digest.self)
            start = end
        }
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
