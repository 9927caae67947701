// SPDX-License-Identifier: Apache-2.0
import Authorization
import Cryptography
import Inspection

/// Threat lists, ready to be looked up: immutable, shared by all loops, swapped whole.
///
/// How long a look-up takes depends on what is looked up, never on the number of entries: a host
/// name costs one probe for each of its labels, an address one for each prefix length that occurs,
/// a hash one, and a text one pass.
public final class ThreatIndex: Sendable {
    let entries: EntryTable
    private let domains: NameTable
    private let digests: DigestTable
    private let addresses: AddressTable
    let patterns: [PatternMatcher]
    /// Bytes of the shortest text pattern; `.max` when there is none.
    let shortestPattern: Int

    /// Entries of all lists.
    public let count: Int
    /// Whether any list holds entries that are compared with hashes, with host names and addresses.
    public let hasDigests: Bool
    let hasHosts: Bool
    let hasVersion6: Bool
    /// Whether text is compared with anything.
    var searchesText: Bool { hasHosts || !patterns.isEmpty }

    /// Names the content (`ThreatSnapshot.revision`); empty when nobody asked for it.
    public let revision: Bytes

    /// Why lists cannot be used together.
    public enum Failure: Error, Equatable, CustomStringConvertible {
        case tooManyLists
        case tooManyEntries
        case tooMuchText

        public var description: String {
            switch self {
            case .tooManyLists: "expected at most \(Limits.lists) threat lists, got more"
            case .tooManyEntries: "expected at most \(Limits.entries) entries in all, got more"
            case .tooMuchText:
                "expected at most \(Limits.patternBytes) bytes of text patterns in all, got more"
            }
        }
    }

    /// - Parameter revision: of their snapshot.
    public init(_ lists: [ThreatList], revision: String = "") throws(Failure) {
        guard lists.count <= Limits.lists else { throw .tooManyLists }
        let total = lists.reduce(0) { $0 + $1.entries.count }
        guard total <= Limits.entries else { throw .tooManyEntries }
        let entries = EntryTable(lists, count: total)
        var numbers: [[UInt32]] = Array(repeating: [], count: ThreatKind.allCases.count)
        for index in 0..<total {
            let number = UInt32(index)
            numbers[Int(entries[number].kind.rawValue)].append(number)
        }
        func of(_ kind: ThreatKind) -> [UInt32] { numbers[Int(kind.rawValue)] }
        domains = NameTable(of(.domain), entries)
        digests = DigestTable(of(.hash), entries)
        addresses = AddressTable(of(.address) + of(.range), entries)
        patterns = try PatternMatcher.all(of(.text), entries)
        shortestPattern = patterns.reduce(Int.max) { min($0, $1.shortest) }
        count = total
        hasDigests = !of(.hash).isEmpty
        hasHosts = !(of(.domain).isEmpty && of(.address).isEmpty && of(.range).isEmpty)
        hasVersion6 = addresses.hasVersion6
        self.entries = entries
        let text = UnsafeMutablePointer<UInt8>.allocate(capacity: max(1, revision.utf8.count))
        for (index, byte) in revision.utf8.enumerated() { text[index] = byte }
        self.revision = Bytes(start: text, count: revision.utf8.count)
    }

    deinit { revision.start?.deallocate() }

    /// No lists at all.
    public static func empty() -> ThreatIndex {
        do throws(Failure) {
            return try ThreatIndex([])
        } catch {
            preconditionFailure("an index without entries is within all limits")
        }
    }

    /// Entries for a host: its name or one above it, or its address.
    ///
    /// - Parameter host: in lower case, without brackets.
    func find(host: Bytes, _ body: (UInt32) -> Void) {
        guard hasHosts, host.count > 0, let last = host.buffer.last else { return }
        if host[0] == UInt8(ascii: ":") || (0x30...0x39).contains(last) || isVersion6(host),
            let address = IPAddress(host)
        {
            return addresses.find(address, body)
        }
        domains.findNameOrParent(host, body)
    }

    private func isVersion6(_ host: Bytes) -> Bool {
        for byte in host.buffer where byte == UInt8(ascii: ":") { return true }
        return false
    }

    /// Entries for a hash.
    func find(digest: Digest, _ body: (UInt32) -> Void) { digests.find(digest, body) }
}
