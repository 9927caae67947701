// SPDX-License-Identifier: Apache-2.0
import Authorization

/// All entries in flat memory, so that a match is a number and naming it copies nothing.
final class EntryTable: @unchecked Sendable {
    struct Entry {
        let value: Bytes
        let id: Bytes
        let category: Bytes
        let list: Bytes
        let severity: UInt8
        let kind: ThreatKind
        /// Another entry of the same value; `none` for the last one.
        var next = EntryTable.none
    }

    static let none = UInt32.max

    private let entries: UnsafeMutablePointer<Entry>
    private let text: UnsafeMutablePointer<UInt8>
    let count: Int

    init(_ lists: [ThreatList], count: Int) {
        self.count = count
        entries = .allocate(capacity: max(count, 1))
        text = .allocate(capacity: max(Self.room(lists), 1))
        var writer = TextWriter(text)
        var place = 0
        for list in lists {
            let name = writer.write(Array(list.name.utf8))
            for entry in list.entries {
                (entries + place).initialize(
                    to: Entry(
                        value: writer.write(entry.value), id: writer.write(entry.id),
                        category: writer.once(entry.category), list: name,
                        severity: min(entry.severity, 100), kind: entry.kind))
                place += 1
            }
        }
    }

    deinit {
        entries.deallocate()
        text.deallocate()
    }

    private static func room(_ lists: [ThreatList]) -> Int {
        lists.reduce(0) { sum, list in
            list.entries.reduce(sum + list.name.utf8.count) {
                $0 + $1.value.count + $1.id.count + $1.category.count
            }
        }
    }

    subscript(number: UInt32) -> Entry { entries[Int(number)] }

    /// Puts `number` behind `first`, an entry of the same value.
    func chain(_ number: UInt32, behind first: UInt32) {
        entries[Int(number)].next = entries[Int(first)].next
        entries[Int(first)].next = number
    }

    /// Calls `body` with `first` and all entries behind it.
    @inline(__always)
    func forEach(from first: UInt32, _ body: (UInt32) -> Void) {
        var number = first
        while number != Self.none {
            body(number)
            number = entries[Int(number)].next
        }
    }
}

/// Copies texts one behind the other.
private struct TextWriter {
    private var place: UnsafeMutablePointer<UInt8>
    private var known: [[UInt8]: Bytes] = [:]

    init(_ memory: UnsafeMutablePointer<UInt8>) { place = memory }

    mutating func write(_ text: [UInt8]) -> Bytes {
        guard !text.isEmpty else { return .empty }
        let start = place
        start.update(from: text, count: text.count)
        place += text.count
        return Bytes(start: start, count: text.count)
    }

    /// Categories are few, and shared.
    mutating func once(_ text: [UInt8]) -> Bytes {
        if let bytes = known[text] { return bytes }
        let bytes = write(text)
        known[text] = bytes
        return bytes
    }
}
