// SPDX-License-Identifier: Apache-2.0
import CText

// Equality, order and hash of values, as Rego defines them:
// null < boolean < number < string < array < object < set.
// Nesting is bounded where values are made (the JSON reader, the parser, the machine's depth
// limit), so these may recurse.

extension Value {
    @inlinable
    public func isEqual(to other: Value) -> Bool {
        if head == other.head {
            if bits == other.bits { return true }
            if kind == .string { return isText(other) }
            return kind.rawValue > Kind.integer.rawValue && isEqualSlow(other)
        }
        // Equal in other words: `1` and `1.0`, or collections of such.
        return kind.rawValue >= Kind.integer.rawValue && kind != .string && isEqualSlow(other)
    }

    /// Whether a string of the same length is the same text.
    @inlinable
    func isText(_ other: Value) -> Bool {
        length == 0
            || text_equal(
                pointer.unsafelyUnwrapped.assumingMemoryBound(to: UInt8.self),
                other.pointer.unsafelyUnwrapped.assumingMemoryBound(to: UInt8.self), count)
    }

    @usableFromInline
    func isEqualSlow(_ other: Value) -> Bool {
        if isNumber && other.isNumber { return DecimalText.compare(self, other) == 0 }
        guard kind == other.kind, length == other.length else { return false }
        if bits == other.bits { return true }
        switch kind {
        case .array, .set:
            let left = elements
            let right = other.elements
            for index in 0..<left.count where !left[index].isEqual(to: right[index]) {
                return false
            }
            return true
        case .object:
            let left = keys
            let right = other.keys
            for index in 0..<left.count {
                if !left[index].isEqual(to: right[index]) { return false }
                if !values[index].isEqual(to: other.values[index]) { return false }
            }
            return true
        default:
            return false
        }
    }

    /// Negative, zero or positive: where `self` sorts relative to `other`.
    public func compare(_ other: Value) -> Int {
        if kind == .string && other.kind == .string { return compareBytes(bytes, other.bytes) }
        if kind == .integer && other.kind == .integer {
            let left = Int64(bitPattern: bits)
            let right = Int64(bitPattern: other.bits)
            return left < right ? -1 : left == right ? 0 : 1
        }
        if isNumber && other.isNumber { return DecimalText.compare(self, other) }
        guard kind == other.kind else { return kind.rawValue < other.kind.rawValue ? -1 : 1 }
        switch kind {
        case .boolean: return Int(bits) - Int(other.bits)
        case .array, .set: return compareSequences(elements, other.elements)
        case .object: return compareObjects(other)
        default: return 0
        }
    }

    /// Objects compare key by key, then value by value, as OPA's do.
    private func compareObjects(_ other: Value) -> Int {
        let shared = min(count, other.count)
        for index in 0..<shared {
            let order = keys[index].compare(other.keys[index])
            if order != 0 { return order }
        }
        if count != other.count { return count - other.count }
        return compareSequences(values, other.values)
    }

    @inlinable
    public var hash: UInt64 {
        switch kind {
        case .string: return hashBytes(bytes)
        case .undefined, .null, .boolean, .integer: return mix(bits ^ UInt64(kind.rawValue) << 56)
        default: return hashSlow
        }
    }

    @usableFromInline
    var hashSlow: UInt64 {
        switch kind {
        case .decimal:
            let text = DecimalText(bytes)
            if let integer = text.asInt64 { return Value.integer(integer).hash }
            return text.hash
        case .array, .set:
            var result = mix(UInt64(kind.rawValue) &+ hashSeed)
            for element in elements { result = mix(result ^ element.hash) }
            return result
        case .object:
            var result = mix(UInt64(kind.rawValue) &+ hashSeed)
            for index in 0..<count {
                result = mix(result ^ keys[index].hash)
                result = mix(result ^ values[index].hash)
            }
            return result
        default:
            return 0
        }
    }
}

extension Value {
    /// True when nothing can tell the values apart: `1` and `1.0` are equal and not the same.
    @inline(__always)
    func isSame(as other: Value) -> Bool {
        guard kind == other.kind, length == other.length else { return false }
        if bits == other.bits { return true }
        return kind == .string ? isText(other) : isSameSlow(as: other)
    }

    private func isSameSlow(as other: Value) -> Bool {
        switch kind {
        case .decimal: return isText(other)
        case .array, .set: return Self.areSame(elements, other.elements)
        case .object:
            return Self.areSame(keys, other.keys) && Self.areSame(values, other.values)
        default: return false
        }
    }

    private static func areSame(
        _ left: UnsafeBufferPointer<Value>, _ right: UnsafeBufferPointer<Value>
    ) -> Bool {
        for index in 0..<left.count where !left[index].isSame(as: right[index]) { return false }
        return true
    }
}

extension Value: Hashable {
    public static func == (left: Value, right: Value) -> Bool { left.isEqual(to: right) }
    public func hash(into hasher: inout Hasher) { hasher.combine(hash) }
}

extension Value: Comparable {
    public static func < (left: Value, right: Value) -> Bool { left.compare(right) < 0 }
}

private func compareSequences(
    _ left: UnsafeBufferPointer<Value>, _ right: UnsafeBufferPointer<Value>
) -> Int {
    for index in 0..<min(left.count, right.count) {
        let order = left[index].compare(right[index])
        if order != 0 { return order }
    }
    return left.count - right.count
}

/// Byte order, which for UTF-8 is also the order of code points.
@inlinable
func compareBytes(_ left: UnsafeBufferPointer<UInt8>, _ right: UnsafeBufferPointer<UInt8>) -> Int {
    let shared = min(left.count, right.count)
    var index = 0
    while index &+ 8 <= shared {
        let a = UnsafeRawPointer(left.baseAddress! + index).loadUnaligned(as: UInt64.self)
        let b = UnsafeRawPointer(right.baseAddress! + index).loadUnaligned(as: UInt64.self)
        if a != b { return a.bigEndian < b.bigEndian ? -1 : 1 }
        index &+= 8
    }
    while index < shared {
        if left[index] != right[index] { return left[index] < right[index] ? -1 : 1 }
        index &+= 1
    }
    return left.count &- right.count
}

/// Random per process, so that nobody can choose keys that collide.
@usableFromInline let hashSeed: UInt64 = UInt64.random(in: .min ... .max) | 1

@inlinable
func mix(_ value: UInt64) -> UInt64 {
    let product = (value ^ 0x9E37_79B9_7F4A_7C15).multipliedFullWidth(by: 0xD6E8_FEB8_6659_FD93)
    return product.high ^ product.low
}

/// A wyhash-like hash: eight bytes a step, folded by a wide multiplication.
@inlinable
func hashBytes(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt64 {
    let count = bytes.count
    var state = hashSeed ^ UInt64(truncatingIfNeeded: count)
    // Empty strings are equal whether they point anywhere or not.
    guard let start = bytes.baseAddress, count > 0 else { return mix(state) }
    if count < 4 {
        var word: UInt64 = 0
        for byte in bytes { word = word << 8 | UInt64(byte) }
        return mix(state ^ word)
    }
    if count < 8 { return mix(state ^ text_ends(start, count)) }
    var index = 0
    while index &+ 8 < count {
        state = mix(state ^ text_load8(start + index))
        index &+= 8
    }
    // The last eight bytes overlap what was taken, which does no harm: the count is in the state.
    return mix(state ^ text_load8(start + (count &- 8)))
}
