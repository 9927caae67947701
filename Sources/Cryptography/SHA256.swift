// SPDX-License-Identifier: Apache-2.0
import COpenSSL

/// SHA-256 (FIPS 180-4) by libcrypto, with one reused context: hashing allocates nothing.
///
/// An instance belongs to one thread at a time.
public final class SHA256 {
    private let context: UnsafeMutablePointer<SHA256_CTX>
    private let usesLanes: Bool
    /// Loaded when the first messages come that are enough for it.
    private lazy var lanes = usesLanes ? SHA256Lanes() : nil

    public convenience init() { self.init(usesLanes: true) }

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

    /// The hashes of messages that lie one after the other, side by side where the machine has the
    /// library for that.
    ///
    /// - Parameters:
    ///   - start: the place in `bytes` that the first message comes `gap` bytes after; each of the
    ///     others comes so after the one before.
    ///   - ends: where each message ends in `bytes`.
    ///   - digests: room for 32 bytes a message, apart from `bytes`.
    public func hashEach(
        in bytes: UnsafeRawBufferPointer, from start: Int, ends: UnsafeBufferPointer<Int>,
        gap: Int, into digests: UnsafeMutableRawBufferPointer
    ) {
        precondition(start >= 0 && gap >= 0 && digests.count >= ends.count * Digest.byteCount)
        var last = start
        var suitable = 0
        for end in ends {
            precondition(end >= last + gap && end <= bytes.count)
            if SHA256Lanes.lengths.contains(end - last - gap) { suitable += 1 }
            last = end
        }
        var isDone = false
        if suitable >= SHA256Lanes.fewestMessages, let lanes {
            isDone = lanes.hash(in: bytes, from: start, ends: ends, gap: gap, into: digests)
            if !isDone { self.lanes = nil }
        }
        var from = start + gap
        for (index, end) in ends.enumerated() {
            if !isDone || !SHA256Lanes.lengths.contains(end - from) {
                let digest = hash(UnsafeRawBufferPointer(rebasing: bytes[from..<end]))
                digests.storeBytes(
                    of: digest, toByteOffset: index * Digest.byteCount, as: Digest.self)
            }
            from = end + gap
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
