// SPDX-License-Identifier: Apache-2.0

/// Go's durations: signed decimal numbers with units, such as `300ms` or `-1.5h`, and OPA's longer
/// units: a day is 24 hours, a year 365 days.
enum DurationText {
    private static let units: [String: UInt64] = [
        "ns": 1, "us": 1000, "\u{B5}s": 1000, "\u{3BC}s": 1000, "ms": 1_000_000, "s": 1_000_000_000,
        "m": 60_000_000_000, "h": 3_600_000_000_000, "d": 86_400_000_000_000,
        "w": 604_800_000_000_000, "y": 31_536_000_000_000_000,
    ]
    private static let largest: UInt64 = 1 << 63

    /// Nanoseconds.
    static func parse(_ text: [UInt8]) throws(BuiltinError) -> Int64 {
        let invalid = BuiltinError.failed("time: invalid duration \(GoText.asciiQuoted(text))")
        var rest = ArraySlice(text)
        let isNegative = rest.first == UInt8(ascii: "-")
        if isNegative || rest.first == UInt8(ascii: "+") { rest = rest.dropFirst() }
        if rest.elementsEqual("0".utf8) { return 0 }
        guard !rest.isEmpty else { throw invalid }
        var total: UInt64 = 0
        while !rest.isEmpty {
            guard let (whole, fraction, scale) = amount(&rest) else { throw invalid }
            let unit = try unit(&rest, text)
            guard whole <= largest / unit else { throw invalid }
            var part = whole * unit
            if fraction > 0 { part += UInt64(Double(fraction) * (Double(unit) / scale)) }
            guard part <= largest, total + part <= largest else { throw invalid }
            total += part
        }
        if isNegative { return Int64(truncatingIfNeeded: 0 &- total) }
        guard total < largest else { throw invalid }
        return Int64(total)
    }

    /// A number before its unit: `whole + fraction / scale`; nil without digits or too large.
    private static func amount(
        _ rest: inout ArraySlice<UInt8>
    ) -> (whole: UInt64, fraction: UInt64, scale: Double)? {
        let digits = digits(&rest)
        var whole: UInt64 = 0
        for byte in digits {
            guard whole <= largest / 10 else { return nil }
            whole = whole * 10 + UInt64(byte - 0x30)
            guard whole <= largest else { return nil }
        }
        guard rest.first == UInt8(ascii: ".") else { return digits.isEmpty ? nil : (whole, 0, 1) }
        rest = rest.dropFirst()
        let decimals = Self.digits(&rest)
        guard !digits.isEmpty || !decimals.isEmpty else { return nil }
        var fraction: UInt64 = 0
        var scale = 1.0
        // Digits beyond what 63 bits hold are dropped.
        for byte in decimals.prefix(18) {
            fraction = fraction * 10 + UInt64(byte - 0x30)
            scale *= 10
        }
        return (whole, fraction, scale)
    }

    private static func digits(_ rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let digits = rest.prefix { $0 >= 0x30 && $0 <= 0x39 }
        rest = rest.dropFirst(digits.count)
        return digits
    }

    private static func unit(
        _ rest: inout ArraySlice<UInt8>, _ text: [UInt8]
    ) throws(BuiltinError) -> UInt64 {
        let name = rest.prefix { $0 != UInt8(ascii: ".") && !($0 >= 0x30 && $0 <= 0x39) }
        guard !name.isEmpty else {
            throw .failed("time: missing unit in duration \(GoText.asciiQuoted(text))")
        }
        rest = rest.dropFirst(name.count)
        guard let unit = units[String(decoding: name, as: UTF8.self)] else {
            throw .failed(
                "time: unknown unit \(GoText.asciiQuoted(name)) in duration "
                    + "\(GoText.asciiQuoted(text))"
            )
        }
        return unit
    }
}
