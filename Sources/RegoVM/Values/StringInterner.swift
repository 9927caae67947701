// SPDX-License-Identifier: Apache-2.0

/// Stores each distinct string once, so that large documents stay small and equal strings are
/// found equal by their address.
public final class StringInterner {
    private let arena: Arena
    private var slots: [Value]
    private var used = 0

    public init(_ arena: Arena) {
        self.arena = arena
        slots = [Value](repeating: .undefined, count: 64)
    }

    public func string(_ bytes: UnsafeBufferPointer<UInt8>) -> Value {
        guard bytes.count > 0 else { return .emptyString }
        return stored(.string(sharing: bytes))
    }

    public func string(_ text: String) -> Value {
        var text = text
        return text.withUTF8 { string($0) }
    }

    func decimal(_ bytes: UnsafeBufferPointer<UInt8>) -> Value {
        let copy = arena.string(copying: bytes)
        return Value(kind: .decimal, bits: copy.bits, length: copy.length)
    }

    private func stored(_ value: Value) -> Value {
        if used * 3 >= slots.count * 2 { grow() }
        var slot = Int(truncatingIfNeeded: value.hash) & (slots.count - 1)
        while slots[slot].isDefined {
            if slots[slot].isEqual(to: value) { return slots[slot] }
            slot = (slot + 1) & (slots.count - 1)
        }
        let copy = arena.string(copying: value.bytes)
        slots[slot] = copy
        used += 1
        return copy
    }

    private func grow() {
        let old = slots
        slots = [Value](repeating: .undefined, count: old.count * 2)
        for value in old where value.isDefined {
            var slot = Int(truncatingIfNeeded: value.hash) & (slots.count - 1)
            while slots[slot].isDefined { slot = (slot + 1) & (slots.count - 1) }
            slots[slot] = value
        }
    }
}

extension Value {
    /// A deep copy in `arena` that shares nothing with the original but static strings.
    public func copied(into arena: Arena, interner: StringInterner) -> Value {
        switch kind {
        case .string: return interner.string(bytes)
        case .decimal: return interner.decimal(bytes)
        case .array:
            guard count > 0 else { return .emptyArray }
            let memory = arena.values(count)
            for index in 0..<count {
                memory[index] = elements[index].copied(into: arena, interner: interner)
            }
            return .array(sharing: memory, count: count)
        case .object:
            guard count > 0 else { return .emptyObject }
            // The order of the keys stays, so the entries go straight to their places.
            let (memory, slots) = Value.entries(count, stored: count * 2, in: arena)
            for index in 0..<count {
                memory[index] = keys[index].copied(into: arena, interner: interner)
                memory[count + index] = values[index].copied(into: arena, interner: interner)
            }
            fillSlots(slots, slotCount(count), memory, count)
            var copy = Value(kind: .object, pointer: UnsafeRawPointer(memory), length: count)
            copy.takeShape(of: self)
            return copy
        case .set:
            guard count > 0 else { return .emptySet }
            let (memory, slots) = Value.entries(count, stored: count, in: arena)
            for index in 0..<count {
                memory[index] = elements[index].copied(into: arena, interner: interner)
            }
            fillSlots(slots, slotCount(count), memory, count)
            var copy = Value(kind: .set, pointer: UnsafeRawPointer(memory), length: count)
            copy.takeShape(of: self)
            return copy
        default:
            return self
        }
    }
}
