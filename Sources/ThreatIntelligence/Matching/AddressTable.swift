// SPDX-License-Identifier: Apache-2.0
import Authorization
import Inspection

/// Finds the ranges that hold an address: one probe for each prefix length that occurs at all.
final class AddressTable: @unchecked Sendable {
    private struct Slot {
        var prefix: AddressPrefix
        var entry: UInt32
    }

    private let slots: UnsafeMutablePointer<Slot>
    private let mask: Int
    private let entries: EntryTable
    /// Lengths of IPv4 prefixes, counted from the IPv4-mapped form's first bit, and of IPv6 ones.
    private let lengths4: [UInt8]
    private let lengths6: [UInt8]

    var hasVersion6: Bool { !lengths6.isEmpty }

    init(_ numbers: [UInt32], _ entries: EntryTable) {
        self.entries = entries
        let capacity = tableCapacity(numbers.count)
        mask = capacity - 1
        slots = .allocate(capacity: capacity)
        slots.initialize(
            repeating: Slot(prefix: AddressPrefix(), entry: EntryTable.none), count: capacity)
        var seen4: Set<UInt8> = []
        var seen6: Set<UInt8> = []
        for number in numbers {
            guard let prefix = AddressPrefix(entries[number].value) else { continue }
            if prefix.isVersion6 {
                seen6.insert(prefix.length)
            } else {
                seen4.insert(prefix.length)
            }
            Self.insert(number, prefix, slots, mask, entries)
        }
        lengths4 = seen4.sorted(by: >)
        lengths6 = seen6.sorted(by: >)
    }

    deinit { slots.deallocate() }

    private static func insert(
        _ number: UInt32, _ prefix: AddressPrefix, _ slots: UnsafeMutablePointer<Slot>,
        _ mask: Int, _ entries: EntryTable
    ) {
        var slot = Int(truncatingIfNeeded: prefix.hash) & mask
        while slots[slot].entry != EntryTable.none {
            if slots[slot].prefix == prefix {
                return entries.chain(number, behind: slots[slot].entry)
            }
            slot = (slot + 1) & mask
        }
        slots[slot] = Slot(prefix: prefix, entry: number)
    }

    func find(_ address: IPAddress, _ body: (UInt32) -> Void) {
        for length in address.isVersion6 ? lengths6 : lengths4 {
            let prefix = AddressPrefix(address, length: length)
            var slot = Int(truncatingIfNeeded: prefix.hash) & mask
            while slots[slot].entry != EntryTable.none {
                if slots[slot].prefix == prefix {
                    entries.forEach(from: slots[slot].entry, body)
                    break
                }
                slot = (slot + 1) & mask
            }
        }
    }
}

/// The first bits of an address; those behind them are zero.
struct AddressPrefix: Equatable {
    private var high: UInt64 = 0
    private var low: UInt64 = 0
    /// 0 to 128 bits; IPv4 prefixes count from 96.
    private(set) var length: UInt8 = 0

    var isVersion6: Bool { length < 96 || high != 0 || low >> 32 != 0xFFFF }

    init() {}

    init(_ address: IPAddress, length: UInt8) {
        let bits = UInt64(length)
        high = address.high & (bits >= 64 ? .max : ~(UInt64.max >> bits))
        low = address.low & (bits <= 64 ? 0 : bits == 128 ? .max : ~(UInt64.max >> (bits - 64)))
        self.length = length
    }

    /// `10.0.0.0/8`, `fd00::/8`; an address alone is its own prefix. nil for all other texts, and
    /// when a bit behind the prefix is set.
    init?(_ text: Bytes) {
        var address = text
        var digits = Bytes.empty
        for index in 0..<text.count where text[index] == UInt8(ascii: "/") {
            address = text[0..<index]
            digits = text[index + 1..<text.count]
            if digits.isEmpty { return nil }
            break
        }
        guard let parsed = IPAddress(address) else { return nil }
        // The spelling decides how the length counts: `::ffff:0:0/96` is IPv6.
        let isColoned = address.buffer.contains(UInt8(ascii: ":"))
        guard let count = Self.number(digits, among: isColoned ? 128 : 32) else { return nil }
        self.init(parsed, length: isColoned ? count : count + 96)
        guard high == parsed.high, low == parsed.low else { return nil }
    }

    private static func number(_ digits: Bytes, among bits: UInt8) -> UInt8? {
        guard digits.count <= 3 else { return nil }
        guard !digits.isEmpty else { return bits }
        var result = 0
        for byte in digits.buffer {
            guard (0x30...0x39).contains(byte) else { return nil }
            result = result * 10 + Int(byte - 0x30)
        }
        return result <= Int(bits) ? UInt8(result) : nil
    }

    var hash: UInt64 { mixed(mixed(high ^ UInt64(length) << 56) ^ low) }
}
