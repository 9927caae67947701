// SPDX-License-Identifier: Apache-2.0
import CMultiBuffer

/// SHA-256 of many messages side by side, by libipsec-mb. Belongs to one thread at a time.
///
/// With AVX-512 sixteen messages of 1 KiB take 0.22 us each, where libcrypto takes 0.51 one by one;
/// but a lane alone is five times slower than that, and messages of two blocks gain nothing. With
/// SHA instructions alone it hashes two at a time, in half of libcrypto's time.
final class SHA256Lanes {
    /// Bytes of the messages that it hashes; a longer one would keep the others' lanes waiting.
    static let lengths = 1...4_096
    /// The most lanes that it has.
    static let fewestMessages = 16
    private let manager: OpaquePointer

    /// Nil where the library is missing or no faster on this processor, and when a hash is not
    /// libcrypto's.
    init?() {
        guard let manager = multi_buffer_make() else { return nil }
        self.manager = manager
        guard Self.isRight(hash) else { return nil }
    }

    deinit { multi_buffer_free(manager) }

    /// As `SHA256.hashEach`, for the messages whose length is one of `lengths`; the digests of the
    /// others stay as they are.
    ///
    /// - Returns: false when the library failed, which leaves nothing of use in `digests`.
    func hash(
        in bytes: UnsafeRawBufferPointer, from start: Int, ends: UnsafeBufferPointer<Int>,
        gap: Int, into digests: UnsafeMutableRawBufferPointer
    ) -> Bool {
        guard let memory = bytes.baseAddress, let list = ends.baseAddress,
            let output = digests.baseAddress
        else { return false }
        return multi_buffer_sha256(
            manager, memory.assumingMemoryBound(to: UInt8.self), start, list, gap, ends.count,
            Self.lengths.upperBound, output.assumingMemoryBound(to: UInt8.self))
    }

    /// Whether `hash` answers what libcrypto does, for messages of many lengths in every lane.
    static func isRight(
        _ hash: (
            UnsafeRawBufferPointer, Int, UnsafeBufferPointer<Int>, Int,
            UnsafeMutableRawBufferPointer
        ) -> Bool
    ) -> Bool {
        var bytes: [UInt8] = []
        var ends: [Int] = []
        for index in 0..<(4 * fewestMessages) {
            // From one block to four, in no order.
            for _ in 0...(index * 37 % 200) { bytes.append(UInt8(truncatingIfNeeded: bytes.count)) }
            ends.append(bytes.count)
        }
        func digests(_ hash: (UnsafeMutableRawBufferPointer) -> Bool) -> [UInt8]? {
            var digests = [UInt8](repeating: 0, count: ends.count * Digest.byteCount)
            return digests.withUnsafeMutableBytes(hash) ? digests : nil
        }
        return bytes.withUnsafeBytes { bytes in
            ends.withUnsafeBufferPointer { ends in
                let expected = digests {
                    SHA256(usesLanes: false).hashEach(
                        in: bytes, from: 0, ends: ends, gap: 0, into: $0)
                    return true
                }
                return digests { hash(bytes, 0, ends, 0, $0) } == expected
            }
        }
    }
}
