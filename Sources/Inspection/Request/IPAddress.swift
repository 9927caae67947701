// SPDX-License-Identifier: Apache-2.0
import Authorization

/// An IPv4 or IPv6 address as 128 bits; IPv4 as IPv4-mapped (RFC 4291 section 2.5.5.2).
package struct IPAddress: Equatable, Sendable {
    package private(set) var high: UInt64 = 0
    package private(set) var low: UInt64 = 0

    static let mapped: UInt64 = 0xFFFF_0000_0000

    package var isVersion6: Bool { high != 0 || low >> 32 != Self.mapped >> 32 }

    package init?(_ text: Bytes) {
        if text.firstIndex(of: UInt8(ascii: ":")) != nil {
            guard parseVersion6(text) else { return nil }
        } else {
            guard let address = Self.version4(text) else { return nil }
            low = Self.mapped | UInt64(address)
        }
    }

    /// Four decimal numbers without leading zeros; other spellings are no address here.
    private static func version4(_ text: Bytes) -> UInt32? {
        var result: UInt32 = 0
        var index = 0
        for part in 0..<4 {
            let start = index
            var number: UInt32 = 0
            while index < text.count, ASCII.isDigit(text[index]), index - start < 3 {
                number = number * 10 + UInt32(text[index] - UInt8(ascii: "0"))
                index += 1
            }
            guard index > start, number <= 255,
                index - start == 1 || text[start] != UInt8(ascii: "0")
            else {
                return nil
            }
            result = result << 8 | number
            if part < 3 {
                guard index < text.count, text[index] == UInt8(ascii: ".") else { return nil }
                index += 1
            }
        }
        return index == text.count ? result : nil
    }

    /// Groups of RFC 4291 section 2.2, with `::` at most once and an IPv4 address as the last two.
    private mutating func parseVersion6(_ text: Bytes) -> Bool {
        var groups: (head: UInt128, tail: UInt128) = (0, 0)
        var headCount = 0
        var tailCount = 0
        var isCompressed = false
        var index = 0
        if text.hasPrefix("::") {
            isCompressed = true
            index = 2
        }
        while index < text.count {
            let end = text.firstIndex(of: UInt8(ascii: ":"), from: index) ?? text.count
            var width = 1
            guard let group = Self.group(text[index..<end], isLast: end == text.count, &width)
            else {
                return false
            }
            if isCompressed {
                groups.tail = groups.tail << UInt128(16 * width) | UInt128(group)
                tailCount += width
            } else {
                groups.head = groups.head << UInt128(16 * width) | UInt128(group)
                headCount += width
            }
            guard headCount + tailCount <= 8 else { return false }
            guard end < text.count else { break }
            index = end + 1
            guard index < text.count else { return false }
            if text[index] == UInt8(ascii: ":") {
                guard !isCompressed else { return false }
                isCompressed = true
                index += 1
            }
        }
        guard isCompressed ? headCount + tailCount < 8 : headCount == 8 else { return false }
        var bits = groups.tail
        if headCount > 0 { bits |= groups.head << UInt128(128 - 16 * headCount) }
        high = UInt64(truncatingIfNeeded: bits >> 64)
        low = UInt64(truncatingIfNeeded: bits)
        return true
    }

    private static func group(_ text: Bytes, isLast: Bool, _ width: inout Int) -> UInt32? {
        if isLast, text.firstIndex(of: UInt8(ascii: ".")) != nil {
            width = 2
            return version4(text)
        }
        guard text.count >= 1, text.count <= 4 else { return nil }
        var result: UInt32 = 0
        for byte in text.buffer {
            guard let digit = ASCII.hexadecimal(byte) else { return nil }
            result = result << 4 | UInt32(digit)
        }
        return result
    }
}

/// A range of addresses: `10.0.0.0/8`, `fd00::/8`.
struct AddressRange: Sendable {
    private let high: UInt64
    private let low: UInt64
    private let highMask: UInt64
    private let lowMask: UInt64

    /// - Returns: nil when the text is no address with a prefix length, or bits beyond the prefix
    ///   are set.
    init?(_ text: Bytes) {
        guard let slash = text.firstIndex(of: UInt8(ascii: "/")),
            let address = IPAddress(text[0..<slash])
        else {
            return nil
        }
        let digits = text[slash + 1..<text.count]
        guard !digits.isEmpty, digits.count <= 3 else { return nil }
        var length = 0
        for byte in digits.buffer {
            guard ASCII.isDigit(byte) else { return nil }
            length = length * 10 + Int(byte - UInt8(ascii: "0"))
        }
        let isVersion6 = text.firstIndex(of: UInt8(ascii: ":")) != nil
        guard length <= (isVersion6 ? 128 : 32) else { return nil }
        if !isVersion6 { length += 96 }
        highMask = length >= 64 ? .max : ~(UInt64.max >> UInt64(length))
        lowMask = length <= 64 ? 0 : length == 128 ? .max : ~(UInt64.max >> UInt64(length - 64))
        guard address.high & ~highMask == 0, address.low & ~lowMask == 0 else { return nil }
        high = address.high
        low = address.low
    }

    func contains(_ address: IPAddress) -> Bool {
        address.high & highMask == high && address.low & lowMask == low
    }
}
