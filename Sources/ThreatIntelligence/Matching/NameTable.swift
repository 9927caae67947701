// SPDX-License-Identifier: Apache-2.0
import Authorization

/// Finds entries by a host name or the end of one: a hash table whose hash is made from the last
/// byte to the first, so that one pass over a name hashes all names above it too.
final class NameTable: @unchecked Sendable {
    private let slots: EntrySlots
    private let entries: EntryTable
    private let isEmpty: Bool

    init(_ numbers: [UInt32], _ entries: EntryTable) {
        self.entries = entries
        isEmpty = numbers.isEmpty
        slots = EntrySlots(for: numbers.count)
        for number in numbers {
            let value = entries[number].value
            var hash = NameHash()
            for byte in value.buffer.reversed() { hash.add(byte) }
            slots.insert(number, hash.finished, entries) { entries[$0].value == value }
        }
    }

    deinit { slots.free() }

    private func report(_ hash: UInt64, _ value: Bytes, _ body: (UInt32) -> Void) {
        entries.forEach(from: slots.find(hash) { entries[$0].value == value }, body)
    }

    /// Entries of this host name and of those above it: `a.b.c`, `b.c` and `c`.
    func findNameOrParent(_ name: Bytes, _ body: (UInt32) -> Void) {
        guard !isEmpty else { return }
        var hash = NameHash()
        var index = name.count
        while index > 0 {
            index -= 1
            let byte = name[index]
            if byte == UInt8(ascii: ".") {
                report(hash.finished, name[index + 1..<name.count], body)
            }
            hash.add(byte)
        }
        report(hash.finished, name, body)
    }
}

/// FNV-1a with a final mix (MurmurHash3's), since slots are chosen by the low bits.
struct NameHash {
    private var state: UInt64 = 0xCBF2_9CE4_8422_2325

    @inline(__always)
    mutating func add(_ byte: UInt8) { state = (state ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }

    var finished: UInt64 { mixed(state) }
}

@inline(__always)
func mixed(_ value: UInt64) -> UInt64 {
    var bits = value
    bits = (bits ^ bits >> 33) &* 0xFF51_AFD7_ED55_8CCD
    bits = (bits ^ bits >> 33) &* 0xC4CE_B9FE_1A85_EC53
    return bits ^ bits >> 33
}
