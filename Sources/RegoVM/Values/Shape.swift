// SPDX-License-Identifier: Apache-2.0

/// What a collection holds: how deep its parts nest, and how many values hang below it.
///
/// A value that occurs several times counts each time. So the weight bounds the time of whatever
/// walks a collection, even where sharing makes it far larger than its memory: `[x, x]` in the
/// place of `x` thirty times over has a billion parts.
struct Shape {
    /// Of the deepest part; 0 when none is a collection.
    var nesting: UInt16 = 0
    /// Of all parts together.
    var weight: UInt64 = 0

    init() {}

    init(_ values: UnsafePointer<Value>?, _ count: Int) { add(values, count) }

    mutating func add(_ values: UnsafePointer<Value>?, _ count: Int) {
        guard let values else { return }
        for index in 0..<count { add(values[index]) }
    }

    @inline(__always)
    mutating func add(_ value: Value) {
        if value.shape == 0 {
            weight &+= 1
            return
        }
        nesting = max(nesting, value.nesting)
        weight &+= value.weight
    }

    // MARK: In 24 bits

    // 11 bits for the nesting; for the weight an exponent of 5 and a mantissa of 8 bits, rounded
    // up, so that it is exact below 512 and never too low.
    static let nestingBits = 11
    static let largestNesting: UInt16 = 1 << nestingBits - 1

    /// Of the collection that holds these parts.
    @inline(__always)
    var packed: (shape: UInt16, mantissa: UInt8) {
        let deeper = min(nesting, Self.largestNesting - 1) + 1
        let total = weight &+ 1
        guard total < 512 else { return Self.rounded(total, deeper) }
        return (deeper | UInt16(total >> 8) << Self.nestingBits, UInt8(total & 0xFF))
    }

    /// Of a collection of at least 512 values.
    private static func rounded(_ total: UInt64, _ deeper: UInt16) -> (UInt16, UInt8) {
        var shift = 55 - total.leadingZeroBitCount
        var mantissa = (total + (1 << UInt64(shift) - 1)) >> UInt64(shift)
        if mantissa == 512 {
            mantissa = 256
            shift += 1
        }
        // More than can be told is still too much for everything.
        guard shift < 31 else { return (deeper | 31 << nestingBits, 0xFF) }
        return (deeper | UInt16(shift + 1) << nestingBits, UInt8(mantissa & 0xFF))
    }
}

extension Value {
    /// How deep collections nest in a collection: 1 when it holds none. 0 for all other values.
    var nesting: UInt16 { shape & Shape.largestNesting }

    /// Values in this one, itself included; at most 1 % more than there are for each level.
    var weight: UInt64 {
        let exponent = UInt64(shape >> UInt16(Shape.nestingBits))
        if exponent == 0 { return max(1, UInt64(weightMantissa)) }
        return (256 + UInt64(weightMantissa)) << (exponent - 1)
    }

    /// True from about 65,536 values on: what walks them has to pay for it.
    @inline(__always)
    var isHeavy: Bool { shape >= 9 << UInt16(Shape.nestingBits) }

    /// True from about 16 million values on, and for values of great depth.
    @inline(__always)
    var needsBound: Bool {
        shape >= 17 << UInt16(Shape.nestingBits) || nesting > Limits.valueDepth
    }

    /// Takes the shape of `other`, whose parts are equal.
    mutating func takeShape(of other: Value) {
        shape = other.shape
        weightMantissa = other.weightMantissa
    }
}

extension Value {
    /// True when the text of all its parts, and 16 bytes for each of them, come to more.
    public func exceeds(bytes limit: Int) -> Bool {
        var left = limit
        return takes(from: &left)
    }

    private func takes(from left: inout Int) -> Bool {
        left -= 16
        if !isCollection {
            left -= bytes.count
            return left < 0
        }
        for element in elements where element.takes(from: &left) { return true }
        for value in values where value.takes(from: &left) { return true }
        return left < 0
    }
}
