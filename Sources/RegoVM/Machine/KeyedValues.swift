// SPDX-License-Identifier: Apache-2.0

/// What rules gave for keys that came before: see `KeyedRules`. Belongs to one machine.
///
/// A table of fixed size in which a new key takes the place of the one that hashes like it. Each
/// key has a few kilobytes of its own for its values; what does not fit is evaluated each time.
struct KeyedValues {
    /// One key and its values, which live until another key takes the place.
    struct Entry {
        /// Of the key's parts, one for each path.
        let key: UnsafeMutablePointer<Value>
        let values: UnsafeMutablePointer<Value>
        /// Work units that each value cost, which whoever is given it pays again: what a decision
        /// may do hardly depends on what was asked before.
        let work: UnsafeMutablePointer<Int64>
        let arena: Arena
        /// One bit for each rule.
        var known: UInt64 = 0
        /// Bytes that may still be kept.
        var room = 0
    }

    private let rules: KeyedRules
    /// Entries that were never used are nil.
    private let table: UnsafeMutablePointer<UnsafeMutablePointer<Entry>?>

    init(_ rules: KeyedRules) {
        self.rules = rules
        table = .allocate(capacity: Limits.keyedKeys)
        table.initialize(repeating: nil, count: Limits.keyedKeys)
    }

    func free() {
        for index in 0..<Limits.keyedKeys {
            guard let entry = table[index] else { continue }
            entry.pointee.key.deallocate()
            entry.pointee.values.deallocate()
            entry.pointee.work.deallocate()
            entry.pointee.arena.destroy()
            entry.deallocate()
        }
        table.deallocate()
    }

    /// - Parameter parts: of the key, one for each path.
    /// - Returns: nil for a key that is not kept: only short texts are.
    func entry(_ parts: UnsafePointer<Value>) -> UnsafeMutablePointer<Entry>? {
        let count = rules.paths.count
        var hash: UInt64 = 0
        var bytes = 0
        for index in 0..<count {
            guard parts[index].isString || parts[index].isUndefined else { return nil }
            hash = mix(hash ^ parts[index].hash)
            bytes += parts[index].count
        }
        guard bytes <= Limits.keyBytes else { return nil }
        let place = Int(truncatingIfNeeded: hash) & (Limits.keyedKeys - 1)
        let entry = table[place] ?? make(at: place)
        for index in 0..<count where !entry.pointee.key[index].isEqual(to: parts[index]) {
            replace(entry, parts)
            break
        }
        return entry
    }

    private func make(at place: Int) -> UnsafeMutablePointer<Entry> {
        let entry = UnsafeMutablePointer<Entry>.allocate(capacity: 1)
        let key = UnsafeMutablePointer<Value>.allocate(capacity: max(1, rules.paths.count))
        // No key of an input: the first one that comes replaces it.
        key.initialize(repeating: .null, count: rules.paths.count)
        entry.initialize(
            to: Entry(
                key: key, values: .allocate(capacity: rules.count),
                work: .allocate(capacity: rules.count),
                arena: Arena(chunk: Limits.keyedChunkBytes, limit: Limits.keyedChunkBytes)))
        table[place] = entry
        return entry
    }

    private func replace(_ entry: UnsafeMutablePointer<Entry>, _ parts: UnsafePointer<Value>) {
        entry.pointee.arena.reset()
        entry.pointee.known = 0
        entry.pointee.room = Limits.keyedValueBytes
        for index in 0..<rules.paths.count {
            entry.pointee.key[index] = parts[index].copied(into: entry.pointee.arena)
        }
    }
}

extension UnsafeMutablePointer<KeyedValues.Entry> {
    /// The value of the rule at `place` and its work; nil when it is not kept.
    func value(at place: Int) -> (value: Value, work: Int64)? {
        guard pointee.known & 1 << UInt64(place) != 0 else { return nil }
        return (pointee.values[place], pointee.work[place])
    }

    /// Keeps a copy of a rule's value, where there is room for it.
    func keep(_ value: Value, work: Int64, at place: Int) {
        var room = pointee.room
        guard !value.takes(from: &room) else { return }
        pointee.room = room
        pointee.values[place] = value.copied(into: pointee.arena)
        pointee.work[place] = work
        pointee.known |= 1 << UInt64(place)
    }
}

extension Machine {
    /// The value of a rule that depends on nothing but the key.
    @inline(never)
    func keyedRule(_ index: Int, at place: Int) throws(EvaluationError) -> Value {
        guard let entry = keyedEntry() else {
            return try call(tables.ruleFunctions[index], registers)
        }
        if let kept = entry.value(at: place) {
            try spend(kept.work)
            return kept.value
        }
        let before = workLeft
        let value = try call(tables.ruleFunctions[index], registers)
        entry.keep(value, work: before - workLeft, at: place)
        return value
    }

    /// The entry of this decision's key.
    private func keyedEntry() -> UnsafeMutablePointer<KeyedValues.Entry>? {
        // Not bound: that would count a reference.
        guard keyed != nil else { return nil }
        if let entry = currentKey { return entry }
        let parts = arena.values(keyedPaths.count)
        for (index, path) in keyedPaths.enumerated() { parts[index] = inputValue(path) }
        currentKey = keyed?.entry(parts)
        return currentKey
    }
}
