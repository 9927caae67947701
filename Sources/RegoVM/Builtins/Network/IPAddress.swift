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
    init?(_ text: [UInt8]) {
        if text.contains(UInt8(ascii: ":")) {
            guard let bits = Self.version6(text) else { return nil }
            self.init(bits: bits, isVersion4: false)
        } else {
            guard let bits = Self.version4(text[...]) else { return nil }
            self.init(bits: Self.mappedPrefix | UInt128(bits), isVersion4: true)
        }
    }

    /// True for IPv4 and for IPv6 addresses that stand for one.
    var isMapped: Bool { bits >> 32 == 0xFFFF }

    private static func version4(_ text: ArraySlice<UInt8>) -> UInt32? {
        let fields = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard fields.count == 4 else { return nil }
        var bits: UInt32 = 0
        for field in fields {
            guard (1...3).contains(field.count), field.count == 1 || field.first != 0x30,
                field.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let number = GoText.integer(field),
                number <= 255
            else { return nil }
            bits = bits << 8 | UInt32(number)
        }
        return bits
    }

    private static func version6(_ text: [UInt8]) -> UInt128? {
        guard let gap = gap(text) else {
            return groups(text[...]).flatMap { $0.count == 8 ? join($0) : nil }
        }
        guard let before = groups(text[..<gap]), let after = groups(text[(gap + 2)...]),
            before.count + after.count < 8
        else { return nil }
        let zeros = [UInt16](repeating: 0, count: 8 - before.count - after.count)
        return join(before + zeros + after)
    }

    /// The offset of `::`.
    private static func gap(_ text: [UInt8]) -> Int? {
        let colon = UInt8(ascii: ":")
        return text.indices.dropLast().first { text[$0] == colon && text[$0 + 1] == colon }
    }

    /// Groups of 16 bits; the last two may be written as an IPv4 address.
    private static func groups(_ text: ArraySlice<UInt8>) -> [UInt16]? {
        if text.isEmpty { return [] }
        let fields = text.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        var groups: [UInt16] = []
        for (index, field) in fields.enumerated() {
            if field.contains(UInt8(ascii: ".")) {
                guard index == fields.count - 1, let bits = version4(field) else { return nil }
                groups += [UInt16(bits >> 16), UInt16(truncatingIfNeeded: bits)]
                continue
            }
            guard (1...4).contains(field.count),
                let bytes = GoText.bytes(
                    hexadecimal: [UInt8](repeating: 0x30, count: 4 - field.count) + field)
            else { return nil }
            groups.append(UInt16(bytes[0]) << 8 | UInt16(bytes[1]))
        }
        return groups.count <= 8 ? groups : nil
    }

    private static func join(_ groups: [UInt16]) -> UInt128 {
        groups.reduce(0) { $0 << 16 | UInt128($1) }
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
    init(_ text: String) throws(BuiltinError) {
        let bytes = Array(text.utf8)
        guard let slash = bytes.firstIndex(of: UInt8(ascii: "/")),
            let address = IPAddress(Array(bytes[..<slash])),
            bytes[(slash + 1)...].allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }),
            let length = GoText.integer(bytes[(slash + 1)...]),
            length <= (address.isVersion4 ? 32 : 128)
        else { throw .failed("invalid CIDR address: \(text)") }
        self.init(address, prefix: address.isVersion4 ? length + 96 : length)
    }

    private var hostMask: UInt128 { prefix == 0 ? .max : (1 << UInt128(128 - prefix)) - 1 }

    var first: UInt128 { address.bits & ~hostMask }
    var last: UInt128 { address.bits | hostMask }

    /// Blocks of one family only contain addresses of that family.
    func contains(_ bits: UInt128) -> Bool {
        (bits >> 32 == 0xFFFF) == (first >> 32 == 0xFFFF) && bits >= first && bits <= last
    }
}
