// SPDX-License-Identifier: Apache-2.0

/// The 32 bytes of a SHA-256 hash, held inline: copying one allocates nothing.
@frozen
public struct Digest: Hashable, Sendable {
    /// The hash in memory order; not numbers.
    @usableFromInline var words: (UInt64, UInt64, UInt64, UInt64)

    public static let byteCount = 32

    /// 32 zero bytes.
    @inlinable
    public init() { words = (0, 0, 0, 0) }

    /// The first 32 bytes of `bytes`, of which there must be that many.
    @inlinable
    public init(_ bytes: UnsafeRawBufferPointer) {
        precondition(bytes.count >= Self.byteCount)
        words = bytes.loadUnaligned(as: (UInt64, UInt64, UInt64, UInt64).self)
    }

    /// Nil unless there are exactly 32 bytes.
    public init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        self.init()
        withUnsafeMutableBytes { $0.copyBytes(from: bytes) }
    }

    /// The first eight bytes as a number, big-endian.
    @inlinable public var prefix: UInt64 { UInt64(bigEndian: words.0) }

    @inlinable
    public func withUnsafeBytes<R, E: Error>(
        _ body: (UnsafeRawBufferPointer) throws(E) -> R
    ) throws(E) -> R {
        var copy = words
        return try withUnsafePointer(to: &copy) { (pointer) throws(E) -> R in
            try body(UnsafeRawBufferPointer(start: pointer, count: Self.byteCount))
        }
    }

    @inlinable
    public mutating func withUnsafeMutableBytes<R, E: Error>(
        _ body: (UnsafeMutableRawBufferPointer) throws(E) -> R
    ) throws(E) -> R {
        try withUnsafeMutablePointer(to: &words) { (pointer) throws(E) -> R in
            try body(UnsafeMutableRawBufferPointer(start: pointer, count: Self.byteCount))
        }
    }

    public var bytes: [UInt8] { withUnsafeBytes { [UInt8]($0) } }

    @inlinable
    public static func == (left: Digest, right: Digest) -> Bool {
        left.words.0 == right.words.0 && left.words.1 == right.words.1
            && left.words.2 == right.words.2 && left.words.3 == right.words.3
    }

    public func hash(into hasher: inout Hasher) {
        withUnsafeBytes { hasher.combine(bytes: $0) }
    }
}

extension Digest: CustomStringConvertible {
    /// 64 lower-case hexadecimal digits.
    public var description: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(unsafeUninitializedCapacity: 2 * Self.byteCount) { text in
            withUnsafeBytes { bytes in
                for (index, byte) in bytes.enumerated() {
                    text[2 * index] = digits[Int(byte >> 4)]
                    text[2 * index + 1] = digits[Int(byte & 15)]
                }
            }
            return 2 * Self.byteCount
        }
    }
}
