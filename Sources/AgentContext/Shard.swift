// SPDX-License-Identifier: Apache-2.0
import Authorization
import Synchronization

/// A part of the agents, with a lock of its own. Nothing under the lock waits or does IO.
///
/// Agents lie in pages that are never moved; a hash table (open addressing) finds them by key, and
/// three lists hold them from the most to the least recently used: those without marks, which go
/// first, those with labels, and those under restriction, which never go.
final class Shard: Sendable {
    enum List: UInt8, CaseIterable {
        case plain
        case labelled
        case restricted
    }

    static let none = UInt32.max
    static let pageStates = 64

    /// Not Sendable by itself (it holds pointers); only the lock's holder sees it.
    struct Storage: @unchecked Sendable {
        var pages: [UnsafeMutablePointer<AgentState>] = []
        var slots: [UInt32] = Array(repeating: Shard.none, count: 64)
        var count = 0
        var unused = Shard.none
        var first = InlineArray<3, UInt32>(repeating: Shard.none)
        var last = InlineArray<3, UInt32>(repeating: Shard.none)
    }

    private let storage = Mutex(Storage())

    func withLock<Result>(_ body: (inout Storage) -> Result) -> Result {
        storage.withLock { body(&$0) }
    }

    deinit {
        storage.withLock { storage in storage.freeAll() }
    }
}

extension Shard.Storage {
    func state(_ index: UInt32) -> UnsafeMutablePointer<AgentState> {
        pages[Int(index) / Shard.pageStates] + Int(index) % Shard.pageStates
    }

    func find(_ key: Bytes, _ hash: UInt64) -> UInt32? {
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: hash) & mask
        while slots[slot] != Shard.none {
            let candidate = state(slots[slot])
            if candidate.pointee.hash == hash && candidate.pointee.key == key { return slots[slot] }
            slot = (slot + 1) & mask
        }
        return nil
    }

    /// Adds an agent that is not there yet.
    mutating func insert(_ key: Bytes, _ hash: UInt64) -> UInt32 {
        if (count + 1) * 3 > slots.count * 2 { grow() }
        if unused == Shard.none { addPage() }
        let index = unused
        let fresh = state(index)
        unused = fresh.pointee.next
        fresh.initialize(to: AgentState())
        fresh.pointee.key = Self.copy(key)
        fresh.pointee.hash = hash
        count += 1
        putSlot(index, hash)
        link(index, .plain)
        return index
    }

    private static func copy(_ key: Bytes) -> Bytes {
        let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: max(key.count, 1))
        if let source = key.start { memory.update(from: source, count: key.count) }
        return Bytes(start: memory, count: key.count)
    }

    private mutating func addPage() {
        let page = UnsafeMutablePointer<AgentState>.allocate(capacity: Shard.pageStates)
        let base = UInt32(pages.count * Shard.pageStates)
        pages.append(page)
        for offset in (0..<Shard.pageStates).reversed() {
            (page + offset).initialize(to: AgentState())
            page[offset].next = unused
            unused = base + UInt32(offset)
        }
    }

    private mutating func putSlot(_ index: UInt32, _ hash: UInt64) {
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: hash) & mask
        while slots[slot] != Shard.none { slot = (slot + 1) & mask }
        slots[slot] = index
    }

    private mutating func grow() {
        let old = slots
        slots = Array(repeating: Shard.none, count: old.count * 2)
        for index in old where index != Shard.none { putSlot(index, state(index).pointee.hash) }
    }

    // MARK: Lists

    mutating func link(_ index: UInt32, _ list: Shard.List) {
        let number = Int(list.rawValue)
        let entry = state(index)
        entry.pointee.list = list
        entry.pointee.previous = Shard.none
        entry.pointee.next = first[number]
        if first[number] != Shard.none { state(first[number]).pointee.previous = index }
        first[number] = index
        if last[number] == Shard.none { last[number] = index }
    }

    mutating func unlink(_ index: UInt32) {
        let entry = state(index).pointee
        let number = Int(entry.list.rawValue)
        if entry.previous == Shard.none {
            first[number] = entry.next
        } else {
            state(entry.previous).pointee.next = entry.next
        }
        if entry.next == Shard.none {
            last[number] = entry.previous
        } else {
            state(entry.next).pointee.previous = entry.previous
        }
    }

    /// Puts an agent in front of the list it now belongs to.
    mutating func touch(_ index: UInt32, at time: Int64) {
        let list = state(index).pointee.properList(at: time)
        if state(index).pointee.list == list && first[Int(list.rawValue)] == index { return }
        unlink(index)
        link(index, list)
    }

    // MARK: Eviction

    /// Forgets the least recently used agent of a list that may be forgotten.
    /// - Returns: false when there is none.
    mutating func evict(from list: Shard.List, at time: Int64) -> Bool {
        let number = Int(list.rawValue)
        for _ in 0..<Limits.evictionScan {
            let index = last[number]
            guard index != Shard.none else { return false }
            guard state(index).pointee.properList(at: time) == .restricted else {
                remove(index)
                return true
            }
            // Still restricted: let the next search look at another one.
            unlink(index)
            link(index, .restricted)
        }
        return false
    }

    mutating func remove(_ index: UInt32) {
        unlink(index)
        removeSlot(index)
        let entry = state(index)
        entry.pointee.key.start?.deallocate()
        entry.pointee.marks.free()
        entry.pointee.key = .empty
        entry.pointee.next = unused
        unused = index
        count -= 1
    }

    /// Takes an agent out of the table and moves up those that had to step aside for it.
    private mutating func removeSlot(_ index: UInt32) {
        let mask = slots.count - 1
        var hole = Int(truncatingIfNeeded: state(index).pointee.hash) & mask
        while slots[hole] != index { hole = (hole + 1) & mask }
        var slot = hole
        while true {
            slot = (slot + 1) & mask
            guard slots[slot] != Shard.none else { break }
            let home = Int(truncatingIfNeeded: state(slots[slot]).pointee.hash) & mask
            guard (slot - home) & mask >= (slot - hole) & mask else { continue }
            slots[hole] = slots[slot]
            hole = slot
        }
        slots[hole] = Shard.none
    }

    mutating func freeAll() {
        for list in Shard.List.allCases {
            while first[Int(list.rawValue)] != Shard.none { remove(first[Int(list.rawValue)]) }
        }
        for page in pages { page.deallocate() }
        pages.removeAll()
    }
}
