// SPDX-License-Identifier: Apache-2.0
import Authorization
import Synchronization

/// A part of the agents, with a lock of its own. Nothing under the lock waits or does IO.
///
/// Agents lie in pages that are never moved; a hash table (open addressing) finds them by key, and
/// three lists hold them from the most to the least recently used: those without marks, which go
/// first, those with labels or signals, and those under restriction or with an open approval,
/// which never go.
final class Shard: Sendable {
    enum List: UInt8, CaseIterable {
        case plain
        case labelled
        case restricted
    }

    /// Where an agent stands in the table and in its list.
    struct Place {
        var hash: UInt64 = 0
        var previous = Shard.none
        /// In its list, or in the list of unused places.
        var next = Shard.none
        var list: List = .plain
    }

    static let none = UInt32.max
    static let pageStates = 64

    /// Not Sendable by itself (it holds pointers); only the lock's holder sees it.
    struct Storage: @unchecked Sendable {
        var pages: [UnsafeMutablePointer<AgentState>] = []
        /// One for each state, apart from it: walking lists and slots stays in few cache lines.
        var places: [Place] = []
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
            let index = slots[slot]
            if places[Int(index)].hash == hash && state(index).pointee.key == key { return index }
            slot = (slot + 1) & mask
        }
        return nil
    }

    /// The agent of a hash; two agents that share one are told apart by `find(_:_:)` only.
    func find(hash: UInt64) -> UInt32? {
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: hash) & mask
        while slots[slot] != Shard.none {
            if places[Int(slots[slot])].hash == hash { return slots[slot] }
            slot = (slot + 1) & mask
        }
        return nil
    }

    /// Adds an agent that is not there yet.
    mutating func insert(_ key: Bytes, _ hash: UInt64) -> UInt32 {
        if (count + 1) * 3 > slots.count * 2 { grow() }
        if unused == Shard.none { addPage() }
        let index = unused
        unused = places[Int(index)].next
        state(index).initialize(to: AgentState())
        state(index).pointee.key = Self.copy(key)
        places[Int(index)].hash = hash
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
        // A place without an agent is known by its empty key.
        page.initialize(repeating: AgentState(), count: Shard.pageStates)
        pages.append(page)
        for offset in 0..<Shard.pageStates {
            places.append(Shard.Place())
            places[places.count - 1].next =
                offset + 1 < Shard.pageStates ? base + UInt32(offset) + 1 : unused
        }
        unused = base
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
        for index in old where index != Shard.none { putSlot(index, places[Int(index)].hash) }
    }

    // MARK: Lists

    mutating func link(_ index: UInt32, _ list: Shard.List) {
        let number = Int(list.rawValue)
        let following = first[number]
        places[Int(index)].list = list
        places[Int(index)].previous = Shard.none
        places[Int(index)].next = following
        if following != Shard.none { places[Int(following)].previous = index }
        first[number] = index
        if last[number] == Shard.none { last[number] = index }
    }

    mutating func unlink(_ index: UInt32) {
        let place = places[Int(index)]
        let number = Int(place.list.rawValue)
        if place.previous == Shard.none {
            first[number] = place.next
        } else {
            places[Int(place.previous)].next = place.next
        }
        if place.next == Shard.none {
            last[number] = place.previous
        } else {
            places[Int(place.next)].previous = place.previous
        }
    }

    /// Puts an agent in front of the list it now belongs to.
    mutating func touch(_ index: UInt32, at time: Int64) {
        let list = state(index).pointee.properList(at: time)
        if places[Int(index)].list == list && first[Int(list.rawValue)] == index { return }
        unlink(index)
        link(index, list)
    }

    /// Puts an agent into the list it now belongs to; where it is, it keeps its place.
    mutating func relist(_ index: UInt32, at time: Int64) {
        let list = state(index).pointee.properList(at: time)
        guard places[Int(index)].list != list else { return }
        unlink(index)
        link(index, list)
    }

    /// True for a place that no agent has.
    func isUnused(_ index: UInt32) -> Bool { state(index).pointee.key.isEmpty }

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
        places[Int(index)].next = unused
        unused = index
        count -= 1
    }

    /// Takes an agent out of the table and moves up those that had to step aside for it.
    private mutating func removeSlot(_ index: UInt32) {
        let mask = slots.count - 1
        var hole = Int(truncatingIfNeeded: places[Int(index)].hash) & mask
        while slots[hole] != index { hole = (hole + 1) & mask }
        var slot = hole
        while true {
            slot = (slot + 1) & mask
            guard slots[slot] != Shard.none else { break }
            let home = Int(truncatingIfNeeded: places[Int(slots[slot])].hash) & mask
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

// For benchmarks and tests.
extension Shard.Storage {
    /// Bytes that are held for agents.
    var memoryBytes: Int {
        var bytes = pages.count * Shard.pageStates * MemoryLayout<AgentState>.stride
        bytes += places.capacity * MemoryLayout<Shard.Place>.stride
        bytes += slots.capacity * MemoryLayout<UInt32>.stride
        for index in places.indices where !isUnused(UInt32(index)) {
            let state = state(UInt32(index))
            bytes += state.pointee.key.count + state.pointee.marks.memoryBytes
        }
        return bytes
    }

    /// Slots that are looked at to find all agents.
    var probes: Int {
        let mask = slots.count - 1
        var probes = 0
        for slot in slots.indices where slots[slot] != Shard.none {
            let home = Int(truncatingIfNeeded: places[Int(slots[slot])].hash) & mask
            probes += ((slot - home) & mask) + 1
        }
        return probes
    }
}
