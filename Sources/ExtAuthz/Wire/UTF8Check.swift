// SPDX-License-Identifier: Apache-2.0
import Authorization

/// Finds bytes that are not UTF-8 (RFC 3629: no overlong forms, no surrogates, at most U+10FFFF).
enum UTF8Check {
    private static let highBits: UInt64 = 0x8080_8080_8080_8080

    /// The index of the first byte of the first ill-formed sequence; nil when all is well.
    @inline(__always)
    static func firstInvalid(in bytes: Bytes) -> Int? {
        guard let start = bytes.start else { return nil }
        let ascii = asciiPrefix(UnsafeRawPointer(start), bytes.count)
        return ascii == bytes.count ? nil : firstInvalid(in: bytes, from: ascii)
    }

    @inline(__always)
    static func isASCII(_ bytes: Bytes) -> Bool {
        guard let start = bytes.start else { return true }
        return asciiPrefix(UnsafeRawPointer(start), bytes.count) == bytes.count
    }

    /// How many leading bytes are surely ASCII.
    @inline(__always)
    private static func asciiPrefix(_ start: UnsafeRawPointer, _ count: Int) -> Int {
        var index = 0
        while index + 32 <= count {
            let words =
                word(start, index) | word(start, index + 8) | word(start, index + 16)
                | word(start, index + 24)
            if words & highBits != 0 { break }
            index += 32
        }
        while index + 8 <= count {
            let found = word(start, index).littleEndian & highBits
            if found != 0 { return index + found.trailingZeroBitCount / 8 }
            index += 8
        }
        if count >= 8 {
            // The rest in one load, which overlaps what has been seen.
            return word(start, count - 8) & highBits == 0 ? count : index
        }
        while index < count {
            if start.load(fromByteOffset: index, as: UInt8.self) >= 0x80 { return index }
            index += 1
        }
        return count
    }

    @inline(__always)
    private static func word(_ start: UnsafeRawPointer, _ offset: Int) -> UInt64 {
        start.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
    }

    private static func firstInvalid(in bytes: Bytes, from: Int) -> Int? {
        var index = from
        while index < bytes.count {
            if bytes[index] >= 0x80 {
                guard let length = sequenceLength(in: bytes, at: index) else { return index }
                index += length
            } else {
                let rest = bytes[index..<bytes.count]
                guard let start = rest.start else { return nil }
                // At least this one, though the few bytes at the end are not looked at singly.
                index += max(1, asciiPrefix(UnsafeRawPointer(start), rest.count))
            }
        }
        return nil
    }

    /// The length of the well-formed sequence at `index`, by Unicode's table 3-7.
    private static func sequenceLength(in bytes: Bytes, at index: Int) -> Int? {
        let length: Int
        var second: ClosedRange<UInt8> = 0x80...0xBF
        switch bytes[index] {
        case 0xC2...0xDF: length = 2
        case 0xE0: (length, second) = (3, 0xA0...0xBF)
        case 0xED: (length, second) = (3, 0x80...0x9F)
        case 0xE1...0xEF: length = 3
        case 0xF0: (length, second) = (4, 0x90...0xBF)
        case 0xF1...0xF3: length = 4
        case 0xF4: (length, second) = (4, 0x80...0x8F)
        default: return nil
        }
        guard index + length <= bytes.count, second.contains(bytes[index + 1]) else { return nil }
        for next in 2..<max(length, 2) where bytes[index + next] & 0xC0 != 0x80 { return nil }
        return length
    }
}
