// SPDX-License-Identifier: Apache-2.0

/// Names one decision everywhere: in the answer's metadata, in headers, in the log.
///
/// A UUID version 7 (RFC 9562): 48 bits of Unix time in milliseconds, then random bits, so that
/// ids sort by time and cannot be guessed.
public struct DecisionID: Hashable, Sendable {
    public var high: UInt64
    public var low: UInt64

    public init() {
        high = 0
        low = 0
    }

    /// - Parameters:
    ///   - milliseconds: Unix time; its low 48 bits are used.
    ///   - random: two words of random bits, of which 74 bits are used.
    public init(milliseconds: UInt64, random: (UInt64, UInt64)) {
        high = milliseconds << 16 | 0x7000 | (random.0 & 0x0FFF)
        low = 0x8000_0000_0000_0000 | (random.1 & 0x3FFF_FFFF_FFFF_FFFF)
    }

    /// Writes the 36 characters `xxxxxxxx-xxxx-7xxx-xxxx-xxxxxxxxxxxx`.
    public func write(to text: UnsafeMutablePointer<UInt8>) {
        var position = 0
        for index in 0..<32 {
            if index == 8 || index == 12 || index == 16 || index == 20 {
                text[position] = UInt8(ascii: "-")
                position += 1
            }
            let word = index < 16 ? high : low
            let nibble = UInt8(truncatingIfNeeded: word >> UInt64((15 - index % 16) * 4) & 0xF)
            text[position] =
                nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") - 10 + nibble
            position += 1
        }
    }

    public static let textLength = 36
}

extension DecisionID: CustomStringConvertible {
    public var description: String {
        String(unsafeUninitializedCapacity: Self.textLength) { buffer in
            write(to: buffer.baseAddress!)
            return Self.textLength
        }
    }
}
