// SPDX-License-Identifier: Apache-2.0

/// Values that are collected before it is known how many there are.
struct ValueStack {
    private let arena: Arena
    private(set) var base: UnsafeMutablePointer<Value>
    var count = 0
    private var capacity = 32

    init(_ arena: Arena) {
        self.arena = arena
        base = arena.values(capacity)
    }

    @inline(__always)
    mutating func push(_ value: Value) {
        reserve()
        base[count] = value
        count &+= 1
    }

    /// Makes room for one more at `base[count]`.
    @inline(__always)
    mutating func reserve() {
        if count == capacity { grow() }
    }

    private mutating func grow() {
        let larger = arena.values(capacity * 2)
        larger.update(from: base, count: count)
        base = larger
        capacity *= 2
    }
}
