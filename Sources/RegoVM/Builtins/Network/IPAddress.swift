// SPDX-License-Identifier: Apache-2.0

/// An IPv4 or IPv6 address. Both are held as 128 bits; IPv4 as `::ffff:a.b.c.d` (RFC 4291).
struct IPAddress: Equatable {
    var bits: UInt128
    /// True only when it was written with dots alone.
    var isVersion4: Bool

    static let mappedPrefix: UInt128 = 0xFFFF << 32

    init(bits: UInt128, isVersion4: Bool) {
        self.bits = bits
        self.isVersion4 = isVersion4
    }

    /// An address with no zone, read as strictly as Go's netip: no leading zeros in IPv4 fields.
    init?(_ text: UnsafeBufferPointer<UInt8>) {
        if text.contains(UInt8(ascii: ":")) {
            guard let bits = Self.version6(text) else { return nil }
            self.init(bits: bits, isVersion4: false)
        } else {
            guard let bits = Self.version4(text) else { return nil }
            self.init(bits: Self.mappedPrefix | UInt128(bits), isVersion4: true)
        }
    }

    init?(_ text: [UInt8]) {
        guard let address = text.withUnsafeBufferPointer({ IPAddress($0) }) else { return nil }
        self = address
    }

    /// True for IPv4 and for IPv6 addresses that stand for one.
    var isMapped: Bool { bits >> 32 == 0xFFFF }

    private static func version4(_ text: UnsafeBufferPointer<UInt8>) -> UInt32? {
        var bits: UInt32 = 0
        var field: UInt32 = 0
        var digits = 0
        var dots = 0
        for byte in text {
            if byte == UInt8(ascii: ".") {
                guard digits > 0, dots < 3 else { return nil }
                bits = bits << 8 | field
                dots += 1
                (field, digits) = (0, 0)
                continue
            }
            guard byte >= 0x30, byte <= 0x39, digits == 0 || field > 0 else { return nil }
            field = field * 10 + UInt32(byte - 0x30)
            digits += 1
            guard field <= 255 else { return nil }
        }
        return digits > 0 && dots == 3 ? bits << 8 | field : nil
    }

    private static func version6(_ text: UnsafeBufferPointer<UInt8>) -> UInt128? {
        let colon = UInt8(ascii: ":")
        var bits: UInt128 = 0
        var groups = 0
        /// Groups before `::`.
        var gap: Int?
        var position = 0
        if text.count >= 2, text[0] == colon, text[1] == colon {
            gap = 0
            position = 2
        }
        while position < text.count {
            let start = position
            var group: UInt128 = 0
            while position < text.count, position < start + 4,
                let digit = hexadecimal(text[position])
            {
                group = group << 4 | UInt128(digit)
                position += 1
            }
            if position < text.count, text[position] == UInt8(ascii: ".") {
                // The last 32 bits may be written as an IPv4 address.
                let dotted = UnsafeBufferPointer(rebasing: text[start...])
                guard let tail = version4(dotted) else { return nil }
                bits = bits << 32 | UInt128(tail)
                groups += 2
                break
            }
            guard position > start, groups < 8 else { return nil }
            bits = bits << 16 | group
            groups += 1
            guard position < text.count else { break }
            guard text[position] == colon, position + 1 < text.count else { return nil }
            position += 1
            if text[position] == colon {
                guard gap == nil else { return nil }
                gap = groups
                position += 1
            }
        }
        guard let gap else { return groups == 8 ? bits : nil }
        guard groups < 8 else { return nil }
        let after = UInt128(16 * (groups - gap))
        let front = (bits >> after) << UInt128(16 * (8 - gap))
        return front | bits & ((1 << after) - 1)
    }

    private static func hexadecimal(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    // MARK: Text

    /// IPv4 and mapped addresses with dots, others as RFC 5952 says.
    var text: String {
        if isMapped {
            return (0..<4).map { String(UInt8(truncatingIfNeeded: bits >> UInt128(24 - $0 * 8))) }
                .joined(separator: ".")
        }
        let groups = (0..<8).map { UInt16(truncatingIfNeeded: bits >> UInt128(112 - $0 * 16)) }
        let words = groups.map { String($0, radix: 16) }
        let zeros = Self.longestZeros(groups)
        guard zeros.count > 1 else { return words.joined(separator: ":") }
        return words[..<zeros.lowerBound].joined(separator: ":") + "::"
            + words[zeros.upperBound...].joined(separator: ":")
    }

    private static func longestZeros(_ groups: [UInt16]) -> Range<Int> {
        var best = 0..<0
        var start = 0
        while start < groups.count {
            var end = start
            while end < groups.count, groups[end] == 0 { end += 1 }
            if end - start > best.count { best = start..<end }
            start = max(end, start + 1)
        }
        return best
    }
}

/// A block of addresses, such as `10.0.0.0/8`.
struct IPNetwork {
    /// As written, without bits cleared.
    var address: IPAddress
    /// Leading bits of the 128 that are fixed; an IPv4 block has at least 96.
    var prefix: Int

    init(_ address: IPAddress, prefix: Int) {
        self.address = address
        self.prefix = prefix
    }

    /// Reads CIDR notation (RFC 4632, RFC 4291).
    init(_ text: UnsafeBufferPointer<UInt8>) throws(BuiltinError) {
        guard let slash = text.firstIndex(of: UInt8(ascii: "/")),
            let address = IPAddress(UnsafeBufferPointer(rebasing: text[..<slash])),
            let length = Self.length(text[(slash + 1)...]),
            length <= (address.isVersion4 ? 32 : 128)
        else { throw .failed("invalid CIDR address: \(String(decoding: text, as: UTF8.self))") }
        self.init(address, prefix: address.isVersion4 ? length + 96 : length)
    }

    /// Digits alone, up to three that count.
    private static func length(_ digits: Slice<UnsafeBufferPointer<UInt8>>) -> Int? {
        guard !digits.isEmpty else { return nil }
        var length = 0
        for byte in digits {
            guard byte >= 0x30, byte <= 0x39, length <= 128 else { return nil }
            length = length * 10 + Int(byte - 0x30)
        }
        return length
    }

    private var hostMask: UInt128 { prefix == 0 ? .max : (1 << UInt128(128 - prefix)) - 1 }

    var first: UInt128 { address.bits & ~hostMask }
    var last: UInt128 { address.bits | hostMask }

    /// Blocks of one family only contain addresses of that family.
    func contains(_ bits: UInt128) -> Bool {
        (bits >> 32 == 0xFFFF) == (first >> 32 == 0xFFFF) && bits >= first && bits <= last
    }
}
