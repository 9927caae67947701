// SPDX-License-Identifier: Apache-2.0
import Authorization
import Cryptography

/// Finds entries by a SHA-256 hash: a hash table that hashes nothing, since any bits of one do.
final class DigestTable: @unchecked Sendable {
    private struct Slot {
        var tag: UInt32
        /// The entry's number; `EntryTable.none` when the slot is free.
        var entry: UInt32
    }

    private let slots: UnsafeMutablePointer<Slot>
    private let mask: Int
    private let entries: EntryTable

    /// - Parameter numbers: of entries whose values are 64 hexadecimal digits in lower case.
    init(_ numbers: [UInt32], _ entries: EntryTable) {
        self.entries = entries
        let capacity = tableCapacity(numbers.count)
        mask = capacity - 1
        slots = .allocate(capacity: capacity)
        slots.initialize(repeating: Slot(tag: 0, entry: EntryTable.none), count: capacity)
        for number in numbers {
            guard let digest = Digest(hexadecimal: entries[number].value) else { continue }
            insert(number, digest)
        }
    }

    deinit { slots.deallocate() }

    private func insert(_ number: UInt32, _ digest: Digest) {
        let slot = position(digest)
        let first = slots[slot].entry
        guard first == EntryTable.none else { return entries.chain(number, behind: first) }
        slots[slot] = Slot(tag: Self.tag(digest), entry: number)
    }

    private static func tag(_ digest: Digest) -> UInt32 {
        UInt32(truncatingIfNeeded: digest.prefix >> 32)
    }

    /// The slot of a hash, or the free one where it would be.
    private func position(_ digest: Digest) -> Int {
        let tag = Self.tag(digest)
        var slot = Int(truncatingIfNeeded: digest.prefix) & mask
        while slots[slot].entry != EntryTable.none {
            if slots[slot].tag == tag,
                Digest(hexadecimal: entries[slots[slot].entry].value) == digest
            {
                return slot
            }
            slot = (slot + 1) & mask
        }
        return slot
    }

    /// Entries of exactly this hash.
    func find(_ digest: Digest, _ body: (UInt32) -> Void) {
        entries.forEach(from: slots[position(digest)].entry, body)
    }
}

extension Digest {
    /// Nil unless `text` is 64 hexadecimal digits in lower case.
    init?(hexadecimal text: Bytes) {
        guard text.count == 2 * Self.byteCount else { return nil }
        var isHexadecimal = true
        func nibble(_ byte: UInt8) -> UInt8 {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): return byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): return byte - UInt8(ascii: "a") + 10
            default:
                isHexadecimal = false
                return 0
            }
        }
        self.init()
        withUnsafeMutableBytes { bytes in
            for index in 0..<Self.byteCount {
                bytes[index] = nibble(text[2 * index]) << 4 | nibble(text[2 * index + 1])
            }
        }
        guard isHexadecimal else { return nil }
    }
}
