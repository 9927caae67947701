// SPDX-License-Identifier: Apache-2.0

/// Fills an object or a set, entry by entry, in an arena.
///
/// Up to `smallCollection` entries are kept sorted, which most collections end with; more are kept
/// as they come, and found by hash. So finding an entry is constant time at any size. `finish` lays
/// the entries out as `Value` describes; afterwards the builder must not be used.
public struct CollectionBuilder {
    @usableFromInline let state: UnsafeMutablePointer<State>

    @usableFromInline
    struct State {
        let arena: Arena
        let isObject: Bool
        var count: Int
        var capacity: Int
        var keys: UnsafeMutablePointer<Value>
        /// Unused for sets.
        var values: UnsafeMutablePointer<Value>
        /// Entry index + 1; none while the entries are kept sorted.
        var slots: UnsafeMutablePointer<UInt32>
        var slotCount: Int
    }

    public enum Insertion {
        case inserted
        /// The key was there; nothing changed. `sameValue` tells whether its value equals the new
        /// one.
        case present(sameValue: Bool)
    }

    public static func set(in arena: Arena, capacity: Int = smallCapacity) -> CollectionBuilder {
        CollectionBuilder(arena, isObject: false, capacity: capacity)
    }

    public static func object(in arena: Arena, capacity: Int = smallCapacity) -> CollectionBuilder {
        CollectionBuilder(arena, isObject: true, capacity: capacity)
    }

    public static let smallCapacity = 4

    init(_ arena: Arena, isObject: Bool, capacity: Int) {
        state = arena.allocate(bytes: MemoryLayout<State>.size).bindMemory(
            to: State.self, capacity: 1)
        let capacity = max(capacity, 1)
        let keys = arena.values(capacity)
        state.initialize(
            to: State(
                arena: arena, isObject: isObject, count: 0, capacity: capacity, keys: keys,
                values: isObject ? arena.values(capacity) : keys,
                slots: arena.allocate(UInt32.self, count: 0), slotCount: 0))
    }

    init(_ value: Value) {
        state = UnsafeMutablePointer(mutating: value.pointer!.assumingMemoryBound(to: State.self))
    }

    /// The builder as a value, to keep it in a register; `length` tells sets (0) from objects (1).
    var value: Value {
        Value(
            kind: .builder, pointer: UnsafeRawPointer(state), length: state.pointee.isObject ? 1 : 0
        )
    }

    /// Replaces each value of an object that is still being filled.
    func finishValues(_ transform: (Value) -> Value) {
        guard state.pointee.isObject else { return }
        for index in 0..<state.pointee.count {
            state.pointee.values[index] = transform(state.pointee.values[index])
        }
    }

    public var count: Int { state.pointee.count }

    /// Adds a member to a set.
    @discardableResult
    public func insert(_ member: Value) -> Insertion { insert(member, .null) }

    /// Adds an entry unless the key is there already.
    @discardableResult
    public func insert(_ key: Value, _ value: Value) -> Insertion {
        let place = find(key)
        guard place.isFound else {
            add(key, value, at: place)
            return .inserted
        }
        return .present(
            sameValue: !state.pointee.isObject
                || state.pointee.values[place.index].isEqual(to: value))
    }

    /// Adds an entry, or gives the key a new value.
    public func update(_ key: Value, _ value: Value) {
        let place = find(key)
        if place.isFound {
            state.pointee.values[place.index] = value
        } else {
            add(key, value, at: place)
        }
    }

    /// The value under `key`; `.undefined` when there is none.
    public subscript(key: Value) -> Value {
        let place = find(key)
        return place.isFound ? state.pointee.values[place.index] : .undefined
    }

    /// Where a key is, or belongs.
    private struct Place {
        var index: Int
        var isFound: Bool
        /// Of the key, once there are slots.
        var hash: UInt64 = 0
    }

    private func find(_ key: Value) -> Place {
        guard state.pointee.slotCount > 0 else { return findSorted(key) }
        let keys = state.pointee.keys
        let hash = key.hash
        let mask = state.pointee.slotCount - 1
        var slot = Int(truncatingIfNeeded: hash) & mask
        while state.pointee.slots[slot] != 0 {
            let index = Int(state.pointee.slots[slot]) - 1
            if keys[index].isEqual(to: key) { return Place(index: index, isFound: true) }
            slot = (slot + 1) & mask
        }
        return Place(index: state.pointee.count, isFound: false, hash: hash)
    }

    private func findSorted(_ key: Value) -> Place {
        var index = state.pointee.count
        while index > 0 {
            let order = key.compare(state.pointee.keys[index &- 1])
            if order > 0 { break }
            index &-= 1
            if order == 0 { return Place(index: index, isFound: true) }
        }
        return Place(index: index, isFound: false)
    }

    private func add(_ key: Value, _ value: Value, at place: Place) {
        let count = state.pointee.count
        if count == state.pointee.capacity { grow() }
        for index in stride(from: count, to: place.index, by: -1) {
            state.pointee.keys[index] = state.pointee.keys[index &- 1]
            if state.pointee.isObject {
                state.pointee.values[index] = state.pointee.values[index &- 1]
            }
        }
        state.pointee.keys[place.index] = key
        if state.pointee.isObject { state.pointee.values[place.index] = value }
        state.pointee.count = count + 1
        if count >= smallCollection, slotCount(count + 1) > state.pointee.slotCount {
            let slots = slotCount(count + 1) * 2
            state.pointee.slots = state.pointee.arena.allocate(UInt32.self, count: slots)
            state.pointee.slotCount = slots
            fillSlots(state.pointee.slots, slots, state.pointee.keys, count + 1)
        } else if state.pointee.slotCount > 0 {
            putSlot(state.pointee.slots, state.pointee.slotCount, place.hash, place.index)
        }
    }

    private func grow() {
        let capacity = state.pointee.capacity * 2
        let count = state.pointee.count
        let keys = state.pointee.arena.values(capacity)
        keys.update(from: state.pointee.keys, count: count)
        if state.pointee.isObject {
            let values = state.pointee.arena.values(capacity)
            values.update(from: state.pointee.values, count: count)
            state.pointee.values = values
        }
        state.pointee.keys = keys
        state.pointee.capacity = capacity
    }

    /// The finished, immutable value.
    public func finish() -> Value {
        let arena = state.pointee.arena
        let count = state.pointee.count
        let keys = state.pointee.keys
        guard state.pointee.slotCount == 0, count > 0 else {
            return state.pointee.isObject
                ? .object(
                    in: arena, uniqueKeys: keys, values: state.pointee.values, count: count)
                : .set(in: arena, unique: keys, count: count)
        }
        // They are sorted, and so few need no slots.
        var parts = Shape(keys, count)
        guard state.pointee.isObject else {
            return Value(
                kind: .set, pointer: UnsafeRawPointer(keys), length: count, parts: parts)
        }
        let memory = arena.values(count &* 2)
        memory.update(from: keys, count: count)
        (memory + count).update(from: state.pointee.values, count: count)
        parts.add(state.pointee.values, count)
        return Value(kind: .object, pointer: UnsafeRawPointer(memory), length: count, parts: parts)
    }
}

// MARK: Laying out collections

extension Value {
    /// Lays out an object from distinct keys in any order.
    static func object(
        in arena: Arena, uniqueKeys keys: UnsafePointer<Value>, values: UnsafePointer<Value>,
        count: Int
    ) -> Value {
        guard count > 0 else { return .emptyObject }
        let (memory, slots) = entries(count, stored: count * 2, in: arena)
        if isSorted(keys, count) {
            memory.update(from: keys, count: count)
            (memory + count).update(from: values, count: count)
        } else {
            let order = sortedOrder(keys, count, arena)
            for index in 0..<count {
                memory[index] = keys[Int(order[index])]
                memory[count + index] = values[Int(order[index])]
            }
        }
        fillSlots(slots, slotCount(count), memory, count)
        var parts = Shape(keys, count)
        parts.add(values, count)
        return Value(kind: .object, pointer: UnsafeRawPointer(memory), length: count, parts: parts)
    }

    /// Lays out a set from distinct members in any order.
    static func set(in arena: Arena, unique members: UnsafePointer<Value>, count: Int) -> Value {
        guard count > 0 else { return .emptySet }
        let (memory, slots) = entries(count, stored: count, in: arena)
        if isSorted(members, count) {
            memory.update(from: members, count: count)
        } else {
            let order = sortedOrder(members, count, arena)
            for index in 0..<count { memory[index] = members[Int(order[index])] }
        }
        fillSlots(slots, slotCount(count), memory, count)
        return Value(
            kind: .set, pointer: UnsafeRawPointer(memory), length: count,
            parts: Shape(members, count))
    }
}

extension Value {
    /// Room for a collection of `count` entries, of which `stored` values are kept, and behind
    /// them its hash slots.
    static func entries(
        _ count: Int, stored: Int, in arena: Arena
    ) -> (memory: UnsafeMutablePointer<Value>, slots: UnsafeMutablePointer<UInt32>) {
        let size = stored * MemoryLayout<Value>.stride
        let memory = arena.allocate(bytes: size + slotCount(count) * MemoryLayout<UInt32>.stride)
        return (
            memory.assumingMemoryBound(to: Value.self),
            (memory + size).assumingMemoryBound(to: UInt32.self)
        )
    }
}

private func putSlot(
    _ slots: UnsafeMutablePointer<UInt32>, _ slotCount: Int, _ hash: UInt64, _ index: Int
) {
    let mask = slotCount - 1
    var slot = Int(truncatingIfNeeded: hash) & mask
    while slots[slot] != 0 { slot = (slot + 1) & mask }
    slots[slot] = UInt32(index + 1)
}

func fillSlots(
    _ slots: UnsafeMutablePointer<UInt32>, _ slotCount: Int, _ keys: UnsafePointer<Value>,
    _ count: Int
) {
    guard slotCount > 0 else { return }
    slots.update(repeating: 0, count: slotCount)
    for index in 0..<count { putSlot(slots, slotCount, keys[index].hash, index) }
}

private func isSorted(_ keys: UnsafePointer<Value>, _ count: Int) -> Bool {
    var index = 1
    while index < count {
        if keys[index - 1].compare(keys[index]) >= 0 { return false }
        index += 1
    }
    return true
}

/// Sorted positions of `keys`: insertion sort for few, else a merge sort; scratch is in the arena.
func sortedOrder(
    _ keys: UnsafePointer<Value>, _ count: Int, _ arena: Arena
) -> UnsafeMutablePointer<UInt32> {
    var order = arena.allocate(UInt32.self, count: count)
    for index in 0..<count { order[index] = UInt32(index) }
    let run = 12
    var start = 0
    while start < count {
        insertionSort(order, start, min(start + run, count), keys)
        start += run
    }
    guard count > run else { return order }
    var scratch = arena.allocate(UInt32.self, count: count)
    var width = run
    while width < count {
        var low = 0
        while low < count {
            let middle = min(low + width, count)
            merge(order, low, middle, min(middle + width, count), scratch, keys)
            low += width * 2
        }
        swap(&order, &scratch)
        width *= 2
    }
    return order
}

private func insertionSort(
    _ order: UnsafeMutablePointer<UInt32>, _ low: Int, _ high: Int, _ keys: UnsafePointer<Value>
) {
    var index = low + 1
    while index < high {
        let moving = order[index]
        let key = keys[Int(moving)]
        var hole = index
        while hole > low, key.compare(keys[Int(order[hole - 1])]) < 0 {
            order[hole] = order[hole - 1]
            hole -= 1
        }
        order[hole] = moving
        index += 1
    }
}

/// Merges `from[low..<middle]` and `from[middle..<high]` into `into[low..<high]`; stable.
private func merge(
    _ from: UnsafeMutablePointer<UInt32>, _ low: Int, _ middle: Int, _ high: Int,
    _ into: UnsafeMutablePointer<UInt32>, _ keys: UnsafePointer<Value>
) {
    var left = low
    var right = middle
    for target in low..<high {
        if left < middle,
            right >= high || keys[Int(from[left])].compare(keys[Int(from[right])]) <= 0
        {
            into[target] = from[left]
            left += 1
        } else {
            into[target] = from[right]
            right += 1
        }
    }
}
