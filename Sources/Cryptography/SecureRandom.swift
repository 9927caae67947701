// SPDX-License-Identifier: Apache-2.0
import COpenSSL

/// Random bytes that cannot be guessed (libcrypto's generator, seeded by the kernel).
public enum SecureRandom {
    /// Overwrites all of `buffer`.
    ///
    /// - Throws: when the generator has no entropy; the buffer must not be used then.
    public static func fill(_ buffer: UnsafeMutableRawBufferPointer) throws(CryptographyError) {
        guard let start = buffer.baseAddress, buffer.count > 0 else { return }
        try OpenSSL.check("RAND_bytes") {
            RAND_bytes(start.assumingMemoryBound(to: UInt8.self), Int32(buffer.count))
        }
    }

    public static func bytes(_ count: Int) throws(CryptographyError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        try OpenSSL.check("RAND_bytes") { RAND_bytes(&bytes, Int32(count)) }
        return bytes
    }

    /// 128 random bits: what an id takes.
    public static func words() throws(CryptographyError) -> (UInt64, UInt64) {
        var words: (UInt64, UInt64) = (0, 0)
        try withUnsafeMutableBytes(of: &words) { (bytes) throws(CryptographyError) in
            try fill(bytes)
        }
        return words
    }
}

/// Hands out random words from a buffer, so that a decision id costs no call into libcrypto.
///
/// Belongs to one event loop. Words are wiped once handed out.
public final class RandomWords {
    private static let capacity = 256
    private let words = UnsafeMutableBufferPointer<UInt64>.allocate(capacity: RandomWords.capacity)
    private var left = 0

    public init() { words.initialize(repeating: 0) }

    deinit {
        words.update(repeating: 0)
        words.deallocate()
    }

    /// 64 random bits.
    public func next() throws(CryptographyError) -> UInt64 {
        if left == 0 {
            try SecureRandom.fill(UnsafeMutableRawBufferPointer(words))
            left = Self.capacity
        }
        left -= 1
        let word = words[left]
        words[left] = 0
        return word
    }

    /// 128 random bits: what an id takes.
    public func pair() throws(CryptographyError) -> (UInt64, UInt64) { (try next(), try next()) }
}
