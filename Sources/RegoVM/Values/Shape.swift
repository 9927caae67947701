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

    // From the low end 8 bits for the mantissa of the weight, 11 for the nesting and 5 for the
    // exponent: rounded up, so that the weight is exact below 512 and never too low.
    static let nestingShift: UInt64 = 8
    static let exponentShift: UInt64 = 19
    static let largestNesting: UInt16 = 1 << 11 - 1

    /// Of the collection that holds these parts.
    @inline(__always)
    var packed: UInt64 {
        let deeper = UInt64(min(nesting, Self.largestNesting - 1) + 1) << Self.nestingShift
        let total = weight &+ 1
        guard total < 512 else { return deeper | Self.rounded(total) }
        return deeper | (total >> 8) << Self.exponentShift | total & 0xFF
    }

    /// The weight of a collection of at least 512 values.
    private static func rounded(_ total: UInt64) -> UInt64 {
        var shift = UInt64(55 - total.leadingZeroBitCount)
        var mantissa = (total + (1 << shift - 1)) >> shift
        if mantissa == 512 {
            mantissa = 256
            shift += 1
        }
        // More than can be told is still too much for everything.
        guard shift < 31 else { return 31 << exponentShift | 0xFF }
        return (shift + 1) << exponentShift | mantissa & 0xFF
    }
}

extension Value {
    /// How deep collections nest in a collection: 1 when it holds none. 0 for all other values.
    var nesting: UInt16 {
        UInt16(truncatingIfNeeded: shape >> Shape.nestingShift) & Shape.largestNesting
    }

    /// Values in this one, itself included; at most 1 % more than there are for each level.
    var weight: UInt64 {
        let exponent = shape >> Shape.exponentShift
        let mantissa = shape & 0xFF
        if exponent == 0 { return max(1, mantissa) }
        return (256 + mantissa) << (exponent - 1)
    }

    /// True from about 65,536 values on: what walks them has to pay for it.
    @inline(__always)
    var isHeavy: Bool { shape >= 9 << Shape.exponentShift }

    /// True from about 16 million values on, and for values of great depth.
    @inline(__always)
    var needsBound: Bool {
        shape >= 17 << Shape.exponentShift || nesting > Limits.valueDepth
    }

    /// Takes the shape of `other`, whose parts are equal.
    mutating func takeShape(of other: Value) {
        head = head & (1 << Self.shapeShift - 1) | other.shape << Self.shapeShift
    }
}

extension Value {
    /// True when the text of all its parts, and 16 bytes for each of them, come to more.
    public func exceeds(bytes limit: Int) -> Bool {
        var left = limit
        return takes(from: &left)
    }

    /// Takes as many bytes from `left`; true when there were not enough.
    func takes(from left: inout Int) -> Bool {
        left -= 16
        guard isCollection else {
            left -= count
            return left < 0
        }
        return Self.take(elements, from: &left) || Self.take(values, from: &left) || left < 0
    }

    /// Most parts have no parts of their own, as an empty list has none, and cost no call.
    @inline(__always)
    private static func take(_ parts: UnsafeBufferPointer<Value>, from left: inout Int) -> Bool {
        for part in parts {
            if part.isCollection, part.count > 0 {
                if part.takes(from: &left) { return true }
            } else {
                left -= 16 + part.count
            }
        }
        return false
    }
}
