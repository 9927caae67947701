// SPDX-License-Identifier: Apache-2.0
import CText

/// Finds a string in others, in time linear in both.
struct ByteSearch {
    private let needle: UnsafeBufferPointer<UInt8>
    /// Knuth-Morris-Pratt's fallback table; nil for needles so short that looking at every place is
    /// faster.
    private let fallback: UnsafeMutablePointer<UInt32>?

    static let shortNeedle = 16

    init(_ needle: UnsafeBufferPointer<UInt8>, _ evaluation: Evaluation) throws(BuiltinError) {
        self.needle = needle
        guard needle.count > Self.shortNeedle else {
            fallback = nil
            return
        }
        let bytes = try evaluation.bytes(needle.count * 4)
        let table = UnsafeMutableRawPointer(bytes).assumingMemoryBound(to: UInt32.self)
        table[0] = 0
        var matched = 0
        for index in 1..<needle.count {
            while matched > 0 && needle[index] != needle[matched] {
                matched = Int(table[matched - 1])
            }
            if needle[index] == needle[matched] { matched += 1 }
            table[index] = UInt32(matched)
        }
        fallback = table
    }

    /// The first place of the needle in `text` from `start` on; -1 when there is none. An empty
    /// needle is everywhere.
    func find(in text: UnsafeBufferPointer<UInt8>, from start: Int = 0) -> Int {
        guard needle.count > 0 else { return start <= text.count ? start : -1 }
        guard text.count - start >= needle.count else { return -1 }
        return fallback.map { findLong(in: text, from: start, $0) }
            ?? findShort(in: text, from: start)
    }

    private func findShort(in text: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        let base = text.baseAddress.unsafelyUnwrapped
        let pattern = needle.baseAddress.unsafelyUnwrapped
        let first = pattern[0]
        let last = text.count &- needle.count
        var index = start
        while index <= last {
            if base[index] == first && text_equal(base + index, pattern, needle.count) {
                return index
            }
            index &+= 1
        }
        return -1
    }

    private func findLong(
        in text: UnsafeBufferPointer<UInt8>, from start: Int, _ table: UnsafeMutablePointer<UInt32>
    ) -> Int {
        var matched = 0
        for index in start..<text.count {
            while matched > 0 && text[index] != needle[matched] {
                matched = Int(table[matched - 1])
            }
            if text[index] == needle[matched] { matched += 1 }
            if matched == needle.count { return index + 1 - needle.count }
        }
        return -1
    }
}

extension Value {
    /// A string of the bytes `start..<end` of this string, which it shares.
    func slice(_ start: Int, _ end: Int) -> Value {
        guard start < end else { return .emptyString }
        return .string(bytes.baseAddress.unsafelyUnwrapped + start, end - start)
    }

    func hasPrefix(_ prefix: Value) -> Bool {
        guard prefix.count <= count else { return false }
        guard let start = prefix.bytes.baseAddress, prefix.count > 0 else { return true }
        return text_equal(bytes.baseAddress.unsafelyUnwrapped, start, prefix.count)
    }

    func hasSuffix(_ suffix: Value) -> Bool {
        guard suffix.count <= count else { return false }
        guard let start = suffix.bytes.baseAddress, suffix.count > 0 else { return true }
        return text_equal(
            bytes.baseAddress.unsafelyUnwrapped + (count - suffix.count), start, suffix.count)
    }
}
