// SPDX-License-Identifier: Apache-2.0

/// An open hash table of entry numbers, each under a hash of 64 bits. It knows no values: who uses
/// it says which entry of the same hash is the right one.
struct EntrySlots {
    private struct Slot {
        /// The upper half of the hash.
        var tag: UInt32
        /// The entry's number; `EntryTable.none` when the slot is free.
        var entry: UInt32
    }

    private let slots: UnsafeMutablePointer<Slot>
    private let mask: Int

    init(for count: Int) {
        let capacity = tableCapacity(count)
        mask = capacity - 1
        slots = .allocate(capacity: capacity)
        slots.initialize(repeating: Slot(tag: 0, entry: EntryTable.none), count: capacity)
    }

    func free() { slots.deallocate() }

    /// Adds an entry, behind the first one of the same value where there is one.
    func insert(
        _ number: UInt32, _ hash: UInt64, _ entries: EntryTable, _ isSame: (UInt32) -> Bool
    ) {
        let slot = position(hash, isSame)
        let first = slots[slot].entry
        guard first == EntryTable.none else { return entries.chain(number, behind: first) }
        slots[slot] = Slot(tag: UInt32(truncatingIfNeeded: hash >> 32), entry: number)
    }

    /// The first entry of a value; `EntryTable.none` when there is none.
    @inline(__always)
    func find(_ hash: UInt64, _ isSame: (UInt32) -> Bool) -> UInt32 {
        slots[position(hash, isSame)].entry
    }

    /// The slot of a value, or the free one where it would be.
    @inline(__always)
    private func position(_ hash: UInt64, _ isSame: (UInt32) -> Bool) -> Int {
        let tag = UInt32(truncatingIfNeeded: hash >> 32)
        var slot = Int(truncatingIfNeeded: hash) & mask
        while slots[slot].entry != EntryTable.none {
            if slots[slot].tag == tag, isSame(slots[slot].entry) { break }
            slot = (slot + 1) & mask
        }
        return slot
    }
}

/// A power of two with at least as many free places as used ones.
func tableCapacity(_ count: Int) -> Int {
    var capacity = 2
    while capacity < 2 * count { capacity *= 2 }
    return capacity
}
