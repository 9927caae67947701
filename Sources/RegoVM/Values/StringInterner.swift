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
        copied(into: arena) { text in
            text.kind == .string ? interner.string(text.bytes) : interner.decimal(text.bytes)
        }
    }

    /// A deep copy in `arena`.
    func copied(into arena: Arena) -> Value {
        copied(into: arena) { text in
            let copy = arena.allocate(UInt8.self, count: text.count)
            if let start = text.bytes.baseAddress { copy.update(from: start, count: text.count) }
            return Value(kind: text.kind, pointer: UnsafeRawPointer(copy), length: text.count)
        }
    }

    /// - Parameter text: copies a string or decimal.
    private func copied(into arena: Arena, text: (Value) -> Value) -> Value {
        switch kind {
        case .string, .decimal: return text(self)
        case .array, .object, .set: break
        default: return self
        }
        guard count > 0 else { return self }
        let stored = kind == .object ? count * 2 : count
        let (memory, slots) = Value.entries(kind == .array ? 0 : count, stored: stored, in: arena)
        // The order of the parts stays, so they go straight to their places.
        for index in 0..<count {
            memory[index] = elements[index].copied(into: arena, text: text)
            if kind == .object {
                memory[count + index] = values[index].copied(into: arena, text: text)
            }
        }
        if kind != .array { fillSlots(slots, slotCount(count), memory, count) }
        var copy = Value(kind: kind, pointer: UnsafeRawPointer(memory), length: count)
        copy.takeShape(of: self)
        return copy
    }
}
