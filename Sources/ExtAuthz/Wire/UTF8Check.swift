// SPDX-License-Identifier: Apache-2.0
import Authorization
import CText

/// Finds bytes that are not UTF-8 (RFC 3629: no overlong forms, no surrogates, at most U+10FFFF).
enum UTF8Check {
    /// The index of the first byte of the first ill-formed sequence; nil when all is well.
    @inline(never)
    static func firstInvalid(in bytes: Bytes) -> Int? {
        guard let start = bytes.start else { return nil }
        let plain = text_ascii_run(start, bytes.count)
        return plain == bytes.count ? nil : firstInvalid(start, bytes.count, from: plain)
    }

    /// Bytes that `isBlockASCII` looks at.
    static let block = 64

    /// True when there are a block's bytes, and all are ASCII.
    @inline(__always)
    static func isBlockASCII(_ start: UnsafePointer<UInt8>, _ count: Int) -> Bool {
        count >= block && text_is_ascii64(start)
    }

    /// True when the bytes are fewer than a block's, and all are ASCII.
    @inline(__always)
    static func isShortASCII(_ start: UnsafePointer<UInt8>, _ count: Int) -> Bool {
        count < block && text_is_ascii(start, count)
    }

    /// True when all are ASCII.
    @inline(__always)
    static func isASCII(_ start: UnsafePointer<UInt8>, _ count: Int) -> Bool {
        text_is_ascii(start, count)
    }

    private static func firstInvalid(
        _ start: UnsafePointer<UInt8>, _ count: Int, from first: Int
    ) -> Int? {
        var index = first
        while index < count {
            let width = text_sequence(start + index, count - index)
            guard width > 0 else { return index }
            index += Int(width)
            index += text_ascii_run(start + index, count - index)
        }
        return nil
    }
}
