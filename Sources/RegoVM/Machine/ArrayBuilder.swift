// SPDX-License-Identifier: Apache-2.0

/// Fills an array in an arena.
struct ArrayBuilder {
    private let state: UnsafeMutablePointer<State>

    private struct State {
        let arena: Arena
        var elements: UnsafeMutablePointer<Value>
        var count: Int
        var capacity: Int
    }

    /// Marks a builder value as an array's (`Value.length`).
    static let mark: UInt32 = 2

    init(_ arena: Arena) {
        state = arena.allocate(bytes: MemoryLayout<State>.size).bindMemory(
            to: State.self, capacity: 1)
        state.initialize(to: State(arena: arena, elements: arena.values(4), count: 0, capacity: 4))
    }

    init(_ value: Value) {
        state = UnsafeMutablePointer(mutating: value.pointer!.assumingMemoryBound(to: State.self))
    }

    var value: Value {
        Value(kind: .builder, bits: UInt64(UInt(bitPattern: state)), length: Self.mark)
    }

    func append(_ value: Value) {
        if state.pointee.count == state.pointee.capacity {
            let larger = state.pointee.arena.values(state.pointee.capacity * 2)
            larger.update(from: state.pointee.elements, count: state.pointee.count)
            state.pointee.elements = larger
            state.pointee.capacity *= 2
        }
        state.pointee.elements[state.pointee.count] = value
        state.pointee.count += 1
    }

    func finish() -> Value {
        state.pointee.count == 0
            ? .emptyArray : .array(sharing: state.pointee.elements, count: state.pointee.count)
    }
}

extension Value {
    var isArrayBuilder: Bool { kind == .builder && length == ArrayBuilder.mark }
    var isSetBuilder: Bool { kind == .builder && length == 0 }
}
