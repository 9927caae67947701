// SPDX-License-Identifier: Apache-2.0

/// Objects and sets with more entries than this carry hash slots behind their entries.
@usableFromInline let smallCollection = 8

/// Slots of a collection with `count` entries: a power of two, at most 2/3 full.
@inlinable
func slotCount(_ count: Int) -> Int {
    guard count > smallCollection else { return 0 }
    return 1 << (Int.bitWidth - (count &+ count / 2).leadingZeroBitCount)
}

extension Value {
    /// The index of `key` among `elements` of an object or set; -1 when it is not there.
    @inlinable
    func position(of key: Value) -> Int {
        let entries = count
        guard entries > 0, let base = pointer?.assumingMemoryBound(to: Value.self) else {
            return -1
        }
        if entries <= smallCollection {
            var index = 0
            if key.kind == .string {
                while index < entries {
                    // The head is the kind and the length.
                    if base[index].head == key.head,
                        base[index].bits == key.bits || key.isText(base[index])
                    {
                        return index
                    }
                    index &+= 1
                }
                return -1
            }
            while index < entries {
                if base[index].isEqual(to: key) { return index }
                index &+= 1
            }
            return -1
        }
        let stored = kind == .object ? entries &* 2 : entries
        let slots = UnsafeRawPointer(base + stored).assumingMemoryBound(to: UInt32.self)
        let mask = slotCount(entries) &- 1
        var slot = Int(truncatingIfNeeded: key.hash) & mask
        while true {
            let index = Int(slots[slot])
            if index == 0 { return -1 }
            if base[index &- 1].isEqual(to: key) { return index &- 1 }
            slot = (slot &+ 1) & mask
        }
    }

    /// Rego's reference `self[key]`: an array's element, an object's value, a set's member.
    /// `.undefined` when there is none, or when `self` is no collection.
    @inlinable
    public subscript(key: Value) -> Value {
        switch kind {
        case .object:
            let index = position(of: key)
            return index < 0 ? .undefined : values[index]
        case .array:
            guard let index = key.arrayIndex, index < count else { return .undefined }
            return elements[index]
        case .set:
            return position(of: key) < 0 ? .undefined : key
        default:
            return .undefined
        }
    }

    /// The value of an object's key; `.undefined` when it is absent or `self` is no object.
    @inlinable
    public subscript(key: StaticString) -> Value {
        guard kind == .object else { return .undefined }
        let entries = count
        let length = key.utf8CodeUnitCount
        guard entries <= smallCollection, length > 0,
            let base = pointer?.assumingMemoryBound(to: Value.self)
        else {
            let index = position(of: Value.string(key))
            return index < 0 ? .undefined : values[index]
        }
        // Most names are told apart by their length.
        for index in 0..<entries where base[index].count == length && base[index].equals(key) {
            return base[entries &+ index]
        }
        return .undefined
    }

    /// True when `member` is an element of a set or array or a value of an object (Rego's `in`).
    public func contains(_ member: Value) -> Bool {
        switch kind {
        case .set: position(of: member) >= 0
        case .array: Self.isAny(of: elements, member)
        case .object: Self.isAny(of: values, member)
        default: false
        }
    }

    private static func isAny(of values: UnsafeBufferPointer<Value>, _ member: Value) -> Bool {
        for value in values where value.isEqual(to: member) { return true }
        return false
    }

    /// A number that can index an array: an integer from 0, with or without a fraction (`1`,
    /// `1.0`), but as in OPA without an exponent.
    @inlinable
    public var arrayIndex: Int? {
        if kind == .integer {
            let index = Int64(bitPattern: bits)
            return index >= 0 ? Int(index) : nil
        }
        guard kind == .decimal, !bytes.contains(where: { $0 | 0x20 == UInt8(ascii: "e") }),
            let index = DecimalText(bytes).asInt64, index >= 0
        else { return nil }
        return Int(index)
    }
}
