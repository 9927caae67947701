// SPDX-License-Identifier: Apache-2.0
import Authorization
import Inspection

/// The value of an entry: what it is, and how it is spelled for look-ups.
enum ThreatValue {
    struct Problem: Error {
        let message: String
        var hint: String?
    }

    /// - Parameter kind: nil tells the kind by the value's form.
    static func parse(
        _ value: ArraySlice<UInt8>, kind: ThreatKind?
    ) -> Result<(kind: ThreatKind, value: [UInt8]), Problem> {
        guard !value.isEmpty, value.count <= Limits.valueBytes else {
            return .failure(
                Problem(message: "expected a value of 1 to \(Limits.valueBytes) bytes"))
        }
        let kind = kind ?? detect(value)
        switch kind {
        case .domain?:
            guard let name = domain(value) else { return unfit(value, "a domain") }
            return .success((.domain, name))
        case .address?, .range?:
            let isRange = value.contains(UInt8(ascii: "/"))
            return isAddressOrRange(value)
                ? .success((isRange ? .range : .address, Array(value)))
                : unfit(value, "an address or a range", rangeHint(value))
        case .hash?:
            let digits = value.map(ASCII.lower)
            return isDigest(digits)
                ? .success((.hash, digits))
                : unfit(value, "the 64 hexadecimal digits of a SHA-256 hash")
        case .text?: return text(value)
        case nil:
            return unfit(
                value, "a domain, an address, a range or a SHA-256 hash",
                "a list of text patterns needs `kind: text`")
        }
    }

    private static func detect(_ value: ArraySlice<UInt8>) -> ThreatKind? {
        if isDigest(value.map(ASCII.lower)) { return .hash }
        if value.contains(UInt8(ascii: "/")) || value.contains(UInt8(ascii: ":")) {
            return isAddressOrRange(value) ? .address : nil
        }
        if isAddress(value) { return .address }
        return domain(value) == nil ? nil : .domain
    }

    private static func text(
        _ value: ArraySlice<UInt8>
    ) -> Result<(kind: ThreatKind, value: [UInt8]), Problem> {
        guard value.count >= Limits.shortestPattern else {
            return unfit(value, "a pattern of at least \(Limits.shortestPattern) bytes")
        }
        guard value.isText else { return unfit(value, "UTF-8 without control characters") }
        return .success((.text, Array(value)))
    }

    private static func unfit(
        _ value: ArraySlice<UInt8>, _ expected: String, _ hint: String? = nil
    ) -> Result<(kind: ThreatKind, value: [UInt8]), Problem> {
        .failure(Problem(message: "expected \(expected), got `\(value.text)`", hint: hint))
    }

    private static func rangeHint(_ value: ArraySlice<UInt8>) -> String? {
        value.contains(UInt8(ascii: "/")) ? "bits behind the prefix must be zero" : nil
    }

    static func isAddress(_ value: ArraySlice<UInt8>) -> Bool {
        !value.contains(UInt8(ascii: "/")) && isAddressOrRange(value)
    }

    private static func isAddressOrRange(_ value: ArraySlice<UInt8>) -> Bool {
        value.withUnsafeBytes { AddressPrefix(Bytes($0)) != nil }
    }

    private static func isDigest(_ digits: [UInt8]) -> Bool {
        digits.count == 64
            && digits.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }

    /// A domain in lower case, without `*.` before it and dots at its ends; nil for what is none,
    /// and for a single label: a list that blocks all of `com` is a mistake.
    private static func domain(_ value: ArraySlice<UInt8>) -> [UInt8]? {
        var name = value.map(ASCII.lower)
        if name.starts(with: Array("*.".utf8)) { name.removeFirst(2) }
        if name.first == UInt8(ascii: ".") { name.removeFirst() }
        if name.last == UInt8(ascii: ".") { name.removeLast() }
        guard name.count <= Limits.hostBytes else { return nil }
        let labels = name.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard labels.count > 1, labels.allSatisfy(isLabel), let last = labels.last,
            !last.allSatisfy({ (0x30...0x39).contains($0) })
        else { return nil }
        return name
    }

    private static func isLabel(_ label: ArraySlice<UInt8>) -> Bool {
        !label.isEmpty && label.count <= 63
            && label.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte)
                    || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
            }
    }
}
