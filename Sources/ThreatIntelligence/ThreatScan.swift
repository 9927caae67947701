// SPDX-License-Identifier: Apache-2.0
import Authorization
import CText
import Cryptography
import Glibc
import Inspection

/// One entry that was found in one part of a request.
public struct ThreatMatch {
    let number: UInt32
    public let part: ThreatPart
    public let kind: ThreatKind
    /// The entry's value, as the list has it.
    public let value: Bytes
    /// The list's name.
    public let list: Bytes
    /// Empty when the list gives none.
    public let id: Bytes
    public let category: Bytes
    /// 0 to 100.
    public let severity: UInt8
}

/// What was found of one check: collects matches, each entry once for each part, up to
/// `Limits.matches`.
///
/// One instance belongs to one event loop and reuses its memory. Its matches point into the index.
public final class ThreatScan {
    private var index: ThreatIndex
    /// `index`, of which a look-up counts no reference: all threads share its count.
    private var asked: Unmanaged<ThreatIndex>
    private let found: UnsafeMutablePointer<ThreatMatch>
    private var count = 0
    /// True when matches were left out, or text was not searched.
    public private(set) var isCut = false
    /// Bytes of text that may still be searched.
    private var budget = Limits.textBytes
    /// Text in lower case.
    private var folded: UnsafeMutablePointer<UInt8>
    private var capacity = 4096

    public init(_ index: ThreatIndex) {
        self.index = index
        asked = .passUnretained(index)
        found = .allocate(capacity: Limits.matches)
        folded = .allocate(capacity: capacity)
    }

    deinit {
        found.deallocate()
        folded.deallocate()
    }

    /// Looks up in another index from now on.
    public func use(_ index: ThreatIndex) {
        begin()
        self.index = index
        asked = .passUnretained(index)
    }

    /// Turns to another check.
    public func begin() {
        count = 0
        isCut = false
        budget = Limits.textBytes
    }

    public var hasDigests: Bool { asked._withUnsafeGuaranteedRef { $0.hasDigests } }

    /// Of the lists that are looked up in.
    public var revision: Bytes { index.revision }

    /// False when no text has to be searched at all.
    public var searchesText: Bool { asked._withUnsafeGuaranteedRef { $0.searchesText } }

    public var matches: UnsafeBufferPointer<ThreatMatch> {
        UnsafeBufferPointer(start: found, count: count)
    }

    /// The highest severity of all matches; 0 when there are none.
    public var severity: UInt8 {
        var highest: UInt8 = 0
        for index in 0..<count where found[index].severity > highest {
            highest = found[index].severity
        }
        return highest
    }

    /// Says that something was not looked at.
    public func cut() { isCut = true }

    // MARK: Looking up

    /// - Parameter host: in lower case, without port and brackets.
    public func look(host: Bytes, in part: ThreatPart) {
        asked._withUnsafeGuaranteedRef { $0.find(host: host) { take($0, part) } }
    }

    public func look(digest: Digest, in part: ThreatPart) {
        asked._withUnsafeGuaranteedRef { $0.find(digest: digest) { take($0, part) } }
    }

    /// Searches a text for patterns, and for host names and addresses. A text that is a SHA-256
    /// hash in hexadecimal digits is looked up as one.
    public func search(_ text: Bytes, in part: ThreatPart) {
        asked._withUnsafeGuaranteedRef { search(text, part, $0) }
    }

    @inline(__always)
    private func search(_ text: Bytes, _ part: ThreatPart, _ index: ThreatIndex) {
        let isDigest = index.hasDigests && text.count == 2 * Digest.byteCount
        guard index.searchesText || isDigest, let start = text.start, text.count > 2 else { return }
        guard text.count <= budget, count < Limits.matches else {
            isCut = true
            return
        }
        budget -= text.count
        guard isDigest || mayHoldAny(start, text.count, index) else { return }
        fold(start, text.count)
        if isDigest, let digest = Digest(hexadecimal: Bytes(start: folded, count: text.count)) {
            index.find(digest: digest) { take($0, part) }
        }
        if index.hasHosts { searchHosts(text.count, part) }
        // By number: an iterator would hold the list and each of its elements once more.
        for number in 0..<index.patterns.count
        where index.patterns[number].shortest <= text.count {
            search(index.patterns[number], text.count, part)
        }
    }

    /// False for a text that is shorter than each pattern and names no host: most keys and many
    /// values of JSON.
    private func mayHoldAny(
        _ text: UnsafePointer<UInt8>, _ length: Int, _ index: ThreatIndex
    ) -> Bool {
        length >= index.shortestPattern
            || (index.hasHosts && memchr(text, 0x2E, length) != nil)
            || (index.hasVersion6 && memchr(text, 0x5B, length) != nil)
    }

    private func search(_ patterns: PatternMatcher, _ length: Int, _ part: ThreatPart) {
        patterns.search(
            folded, length,
            found: { pattern in
                let entry = patterns.entry(of: pattern)
                if isKnown(entry, part) { return true }
                takeAll(entry, part)
                return false
            },
            isDone: {
                guard count == Limits.matches else { return false }
                isCut = true
                return true
            })
    }

    private func takeAll(_ first: UInt32, _ part: ThreatPart) {
        var number = first
        while number != EntryTable.none {
            take(number, part)
            number = index.entries[number].next
        }
    }

    private func isKnown(_ number: UInt32, _ part: ThreatPart) -> Bool {
        for index in 0..<count where found[index].number == number && found[index].part == part {
            return true
        }
        return false
    }

    private func take(_ number: UInt32, _ part: ThreatPart) {
        if isKnown(number, part) { return }
        guard count < Limits.matches else {
            isCut = true
            return
        }
        let entry = index.entries[number]
        (found + count).initialize(
            to: ThreatMatch(
                number: number, part: part, kind: entry.kind, value: entry.value,
                list: entry.list, id: entry.id, category: entry.category,
                severity: entry.severity))
        count += 1
    }

    // MARK: Text

    /// Copies the text with ASCII letters in lower case.
    private func fold(_ text: UnsafePointer<UInt8>, _ length: Int) {
        if length + PatternMatcher.slack > capacity {
            folded.deallocate()
            capacity = max(2 * capacity, length + PatternMatcher.slack)
            folded = .allocate(capacity: capacity)
        }
        text_copy_lower(folded, text, length)
    }

    /// Looks up what reads like a host name or an IPv4 address, wherever it stands in the text;
    /// and IPv6 addresses in brackets, as URLs have them.
    private func searchHosts(_ length: Int, _ part: ThreatPart) {
        var place = 0
        while let dot = position(of: ".", from: place, length) {
            var start = dot
            while start > place, isHostByte(folded[start - 1]) { start -= 1 }
            var end = dot + 1
            while end < length, isHostByte(folded[end]) { end += 1 }
            place = end
            while end > start, folded[end - 1] == UInt8(ascii: ".") { end -= 1 }
            // A longer one is no host name, but its end may be.
            start = max(start, end - Limits.hostBytes)
            if end - start > 2 {
                look(host: Bytes(start: folded + start, count: end - start), in: part)
            }
        }
        if index.hasVersion6 { searchBrackets(length, part) }
    }

    private func searchBrackets(_ length: Int, _ part: ThreatPart) {
        var place = 0
        while let open = position(of: "[", from: place, length) {
            var end = open + 1
            while end < length, end - open <= Limits.addressBytes, isAddressByte(folded[end]) {
                end += 1
            }
            if end < length, folded[end] == UInt8(ascii: "]"), end - open > 2 {
                look(host: Bytes(start: folded + open + 1, count: end - open - 1), in: part)
            }
            place = open + 1
        }
    }

    private func position(of byte: Unicode.Scalar, from start: Int, _ length: Int) -> Int? {
        guard start < length, let hit = memchr(folded + start, Int32(byte.value), length - start)
        else { return nil }
        return UnsafeRawPointer(hit) - UnsafeRawPointer(folded)
    }
}

@inline(__always)
private func isHostByte(_ byte: UInt8) -> Bool {
    (byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z"))
        || (byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9"))
        || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
}

@inline(__always)
private func isAddressByte(_ byte: UInt8) -> Bool {
    (byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "f"))
        || (byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9"))
        || byte == UInt8(ascii: ":") || byte == UInt8(ascii: ".")
}
