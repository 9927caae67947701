// SPDX-License-Identifier: Apache-2.0

/// Characters as Go's `range` over a string sees them: Unicode scalars, and one U+FFFD for each
/// byte that is not part of well-formed UTF-8 (what `base64.decode` makes of binary data).
enum Runes {
    static let replacement: UInt32 = 0xFFFD

    /// The character at `index` and its number of bytes.
    @inline(__always)
    static func decode(
        _ bytes: UnsafeBufferPointer<UInt8>, _ index: Int
    ) -> (scalar: UInt32, length: Int) {
        let first = bytes[index]
        if first < 0x80 { return (UInt32(first), 1) }
        return decodeLong(bytes, index, first)
    }

    private static func decodeLong(
        _ bytes: UnsafeBufferPointer<UInt8>, _ index: Int, _ first: UInt8
    ) -> (scalar: UInt32, length: Int) {
        let length: Int
        switch first {
        case 0xC2...0xDF: length = 2
        case 0xE0...0xEF: length = 3
        case 0xF0...0xF4: length = 4
        default: return (replacement, 1)
        }
        guard index + length <= bytes.count else { return (replacement, 1) }
        var scalar = UInt32(first) & (0xFF >> UInt32(length + 1))
        for offset in 1..<length {
            let byte = bytes[index + offset]
            guard byte & 0xC0 == 0x80 else { return (replacement, 1) }
            scalar = scalar << 6 | UInt32(byte & 0x3F)
        }
        let isValid: Bool
        switch length {
        case 2: isValid = true
        case 3: isValid = scalar >= 0x800 && !(0xD800...0xDFFF).contains(scalar)
        default: isValid = scalar >= 0x10000 && scalar <= 0x10FFFF
        }
        return isValid ? (scalar, length) : (replacement, 1)
    }

    /// The character that ends before `end`, and its first byte.
    static func last(
        _ bytes: UnsafeBufferPointer<UInt8>, _ end: Int
    ) -> (scalar: UInt32, start: Int) {
        var start = end - 1
        while start > 0 && end - start < 4 && bytes[start] & 0xC0 == 0x80 { start -= 1 }
        let (scalar, length) = decode(bytes, start)
        return start + length == end ? (scalar, start) : (replacement, end - 1)
    }

    static func isASCII(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let base = bytes.baseAddress else { return true }
        let highs: UInt64 = 0x8080_8080_8080_8080
        var index = 0
        while index &+ 8 <= bytes.count {
            if UnsafeRawPointer(base + index).loadUnaligned(as: UInt64.self) & highs != 0 {
                return false
            }
            index &+= 8
        }
        while index < bytes.count {
            if base[index] >= 0x80 { return false }
            index &+= 1
        }
        return true
    }

    static func count(_ bytes: UnsafeBufferPointer<UInt8>) -> Int {
        if isASCII(bytes) { return bytes.count }
        var index = 0
        var count = 0
        while index < bytes.count {
            index &+= decode(bytes, index).length
            count &+= 1
        }
        return count
    }

    /// The byte offset of character `number` from byte `start`; the end when there are fewer.
    static func offset(_ bytes: UnsafeBufferPointer<UInt8>, _ number: Int, from start: Int = 0)
        -> Int
    {
        var index = start
        var left = number
        while left > 0 && index < bytes.count {
            index &+= decode(bytes, index).length
            left &-= 1
        }
        return index
    }

    /// Go's `unicode.ToLower` or `ToUpper`: one character for one.
    static func mapCase(_ scalar: UInt32, toUpper: Bool) -> UInt32 {
        guard let unicode = Unicode.Scalar(scalar) else { return scalar }
        let properties = unicode.properties
        let mapped = toUpper ? properties.uppercaseMapping : properties.lowercaseMapping
        if let single = only(mapped) { return isKnown(single) && isKnown(scalar) ? single : scalar }
        // U+0130 is the one character whose full lower case is longer; for upper case the title
        // case mapping is the simple one where it is a single character.
        if !toUpper { return scalar == 0x130 ? 0x69 : scalar }
        return only(properties.titlecaseMapping) ?? scalar
    }

    /// True for what Go's tables hold, those of Unicode 15.
    private static func isKnown(_ scalar: UInt32) -> Bool {
        if scalar < 0x250 { return true }
        guard let age = Unicode.Scalar(scalar)?.properties.age else { return false }
        return age.major <= 15
    }

    private static func only(_ text: String) -> UInt32? {
        let scalars = text.unicodeScalars
        guard let first = scalars.first, scalars.dropFirst().isEmpty else { return nil }
        return first.value
    }

    /// Go's `unicode.IsSpace`.
    static func isSpace(_ scalar: UInt32) -> Bool {
        if scalar < 0x80 { return scalar == 0x20 || (scalar >= 0x09 && scalar <= 0x0D) }
        return Unicode.Scalar(scalar)?.properties.isWhitespace ?? false
    }

    /// Go's `strconv.IsPrint`: letters, marks, numbers, punctuation, symbols and the ASCII space.
    static func isPrintable(_ scalar: UInt32) -> Bool {
        if scalar < 0x80 { return scalar >= 0x20 && scalar < 0x7F }
        guard let unicode = Unicode.Scalar(scalar) else { return false }
        switch unicode.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator,
            .paragraphSeparator, .spaceSeparator:
            return false
        default:
            return true
        }
    }
}
