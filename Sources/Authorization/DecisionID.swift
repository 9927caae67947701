// SPDX-License-Identifier: Apache-2.0
import CText

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

    /// - Parameters:
    ///   - time: nanoseconds since 1970; what lies before is named as 1970.
    ///   - random: as above.
    public init(time: Int64, random: (UInt64, UInt64)) {
        self.init(milliseconds: UInt64(max(0, time) / 1_000_000), random: random)
    }

    /// Writes the 36 characters `xxxxxxxx-xxxx-7xxx-xxxx-xxxxxxxxxxxx`.
    public func write(to text: UnsafeMutablePointer<UInt8>) {
        text_uuid(text, high, low)
    }

    public static let textLength = 36

    /// Seeds what is random in the decision: anybody who has the record can decide again.
    public var seed: UInt64 { high &* 0x9E37_79B9_7F4A_7C15 ^ low }

    /// 64 bits that stand for the id where an agent's events are named (`ContextStamp`).
    public var fingerprint: UInt64 {
        // Finalizer of SplitMix64 (Steele, Lea, Flood 2014).
        var word = seed
        word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
        return word ^ word >> 31
    }
}

extension DecisionID: CustomStringConvertible {
    public var description: String {
        String(unsafeUninitializedCapacity: Self.textLength) { buffer in
            write(to: buffer.baseAddress!)
            return Self.textLength
        }
    }
}
