// SPDX-License-Identifier: Apache-2.0
import Authorization

/// Which destinations are the organisation's own: domains with all that lies under them, and
/// address ranges.
///
/// Immutable; owns the memory of its names, so that looking up allocates and counts nothing.
public final class InternalDestinations: @unchecked Sendable {
    private let names: UnsafeMutableBufferPointer<UInt8>
    private let domains: [Bytes]
    private let ranges: [AddressRange]

    /// What counts as internal when nothing is configured: names that no public DNS serves, and
    /// private and loopback addresses (RFC 1918, RFC 4193, RFC 6761, RFC 9476).
    public static let defaults = [
        "localhost", "internal", "local", "svc", "127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12",
        "192.168.0.0/16", "::1/128", "fc00::/7",
    ]

    /// An entry that is neither a domain nor an address range.
    public struct InvalidEntry: Error, Equatable {
        public let entry: String
    }

    /// - Parameter entries: domains (`acme.example`, a leading `.` or `*.` is allowed) and ranges
    ///   (`10.0.0.0/8`; a single address is its own range).
    public init(_ entries: [String]) throws(InvalidEntry) {
        var texts: [[UInt8]] = []
        var ranges: [AddressRange] = []
        for entry in entries {
            if let range = Self.range(entry) {
                ranges.append(range)
            } else if let domain = Self.domain(entry) {
                texts.append(domain)
            } else {
                throw InvalidEntry(entry: entry)
            }
        }
        names = .allocate(capacity: texts.reduce(0) { $0 + $1.count })
        var domains: [Bytes] = []
        var offset = 0
        for text in texts {
            for (index, byte) in text.enumerated() { names[offset + index] = byte }
            domains.append(
                Bytes(start: UnsafePointer(names.baseAddress! + offset), count: text.count))
            offset += text.count
        }
        self.domains = domains
        self.ranges = ranges
    }

    deinit { names.deallocate() }

    private static func range(_ entry: String) -> AddressRange? {
        var text = entry
        if !text.contains("/") { text += text.contains(":") ? "/128" : "/32" }
        return text.withUTF8 { AddressRange(Bytes(UnsafeRawBufferPointer($0))) }
    }

    private static func domain(_ entry: String) -> [UInt8]? {
        var text = Array(entry.utf8).map(ASCII.lower)
        if text.starts(with: Array("*.".utf8)) { text.removeFirst(2) }
        if text.first == UInt8(ascii: ".") { text.removeFirst() }
        if text.last == UInt8(ascii: ".") { text.removeLast() }
        guard !text.isEmpty, text.count <= Limits.hostBytes else { return nil }
        for label in text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false) {
            guard !label.isEmpty, label.allSatisfy(isLabelByte) else { return nil }
        }
        return text
    }

    private static func isLabelByte(_ byte: UInt8) -> Bool {
        ASCII.isDigit(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
            || (byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z"))
    }

    /// - Parameter host: lower case, without port, brackets and final dot.
    public func contains(_ host: Bytes) -> Bool {
        guard !host.isEmpty else { return false }
        if let address = IPAddress(host) {
            for range in ranges where range.contains(address) { return true }
            return false
        }
        // Most are told apart by their last letter.
        let last = host[host.count - 1]
        for domain in domains where domain[domain.count - 1] == last && host.hasSuffix(domain) {
            if host.count == domain.count { return true }
            if host[host.count - domain.count - 1] == UInt8(ascii: ".") { return true }
        }
        return false
    }
}
