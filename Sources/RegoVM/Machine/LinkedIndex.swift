// SPDX-License-Identifier: Apache-2.0

/// A rule index in the flat form that the machine searches: trivial types without reference
/// counting.
struct LinkedIndex {
    /// A leaf when `branch` is nil.
    struct Node: BitwiseCopyable {
        var branch: UnsafePointer<Branch>?
        /// Clause numbers and where their code starts, in the same order.
        var clauses: UnsafePointer<Int32>
        var addresses: UnsafePointer<Int32>
        var count: Int
    }

    struct Branch: BitwiseCopyable {
        enum Source: UInt8, BitwiseCopyable { case input, data, argument }

        var test: RuleIndex.Test
        var source: Source
        /// Path or parameter number.
        var subject: Int
        /// Steps into an argument.
        var steps: UnsafePointer<Value>
        var stepCount: Int
        /// A hash table of the keys, at most half full.
        var slots: UnsafePointer<Slot>
        var mask: Int
        /// The keys' lengths in bytes, ascending, where they are prefixes or suffixes.
        var lengths: UnsafePointer<Int>
        var lengthCount: Int
        var others: UnsafePointer<Node>

        @inline(__always)
        func child(_ key: Value) -> UnsafePointer<Node>? {
            var slot = Int(truncatingIfNeeded: key.hash) & mask
            while let child = slots[slot].child {
                if slots[slot].key.isEqual(to: key) { return child }
                slot = (slot &+ 1) & mask
            }
            return nil
        }
    }

    struct Slot: BitwiseCopyable {
        var key: Value
        var child: UnsafePointer<Node>?
    }

    let root: UnsafePointer<Node>
    let entries: UnsafePointer<Int32>
    let entryCount: Int

    /// - Parameter arena: holds the index as long as it is used.
    init(_ index: RuleIndex, _ arena: Arena) {
        entries = Self.copy(index.entries, arena)
        entryCount = index.entries.count
        root = Self.node(index.root, entries, arena)
    }

    private static func copy<T: BitwiseCopyable>(_ items: [T], _ arena: Arena) -> UnsafePointer<T> {
        let memory = arena.allocate(bytes: items.count * MemoryLayout<T>.stride)
            .bindMemory(to: T.self, capacity: items.count)
        for (position, item) in items.enumerated() { (memory + position).initialize(to: item) }
        return UnsafePointer(memory)
    }

    private static func node(
        _ tree: RuleIndex.Tree, _ entries: UnsafePointer<Int32>, _ arena: Arena
    ) -> UnsafePointer<Node> {
        var node = Node(branch: nil, clauses: entries, addresses: entries, count: 0)
        switch tree {
        case .clauses(let clauses):
            node.clauses = copy(clauses, arena)
            node.addresses = copy(clauses.map { entries[Int($0)] }, arena)
            node.count = clauses.count
        case .branch(let branch):
            node.branch = copy([self.branch(branch, entries, arena)], arena)
        }
        return copy([node], arena)
    }

    private static func branch(
        _ branch: RuleIndex.Branch, _ entries: UnsafePointer<Int32>, _ arena: Arena
    ) -> Branch {
        var capacity = 4
        while capacity < branch.children.count * 2 { capacity *= 2 }
        var slots = [Slot](repeating: Slot(key: .undefined, child: nil), count: capacity)
        for (key, child) in branch.children {
            var slot = Int(truncatingIfNeeded: key.hash) & (capacity - 1)
            while slots[slot].child != nil { slot = (slot + 1) & (capacity - 1) }
            slots[slot] = Slot(key: key, child: node(child, entries, arena))
        }
        let isAffix = branch.test == .prefix || branch.test == .suffix
        let lengths = isAffix ? Set(branch.children.keys.map(\.count)).sorted() : []
        var steps: [Value] = []
        let (source, subject): (Branch.Source, Int) =
            switch branch.subject {
            case .input(let path): (.input, path)
            case .data(let path): (.data, path)
            case .argument(let parameter, let path):
                {
                    steps = path
                    return (.argument, parameter)
                }()
            }
        return Branch(
            test: branch.test, source: source, subject: subject, steps: copy(steps, arena),
            stepCount: steps.count, slots: copy(slots, arena), mask: capacity - 1,
            lengths: copy(lengths, arena), lengthCount: lengths.count,
            others: node(branch.others, entries, arena))
    }
}

/// A set of clause numbers that the machine keeps between lookups; empty between them.
struct ClauseBits {
    private let words: UnsafeMutablePointer<UInt64>

    /// - Parameter capacity: clauses of the largest rule.
    init(capacity: Int) {
        let count = capacity / 64 + 1
        words = .allocate(capacity: count)
        words.initialize(repeating: 0, count: count)
    }

    func deallocate() { words.deallocate() }

    @inline(__always)
    func insert(_ clauses: UnsafePointer<Int32>, _ count: Int) {
        for position in 0..<count {
            let clause = Int(clauses[position])
            words[clause >> 6] |= 1 << UInt64(clause & 63)
        }
    }

    /// Takes all clauses out, in order, and writes what `entries` has for them.
    /// - Parameter bound: above all clause numbers.
    /// - Returns: how many there were.
    func drain(
        below bound: Int, _ entries: UnsafePointer<Int32>, into list: UnsafeMutablePointer<Int32>
    ) -> Int {
        var found = 0
        for word in 0...(bound >> 6) where words[word] != 0 {
            var bits = words[word]
            words[word] = 0
            while bits != 0 {
                list[found] = entries[word << 6 + bits.trailingZeroBitCount]
                found &+= 1
                bits &= bits &- 1
            }
        }
        return found
    }
}
