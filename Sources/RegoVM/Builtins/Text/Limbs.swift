// SPDX-License-Identifier: Apache-2.0

/// An unsigned integer of any size, least significant limb first.
struct Limbs {
    private var limbs: [UInt32] = []

    init() {}

    /// From an unsigned big-endian number.
    init(bigEndian bytes: some Sequence<UInt8>) {
        for byte in bytes { multiply(by: 256, adding: UInt32(byte)) }
    }

    mutating func multiply(by factor: UInt32, adding: UInt32) {
        var carry = UInt64(adding)
        for index in limbs.indices {
            let product = UInt64(limbs[index]) * UInt64(factor) + carry
            limbs[index] = UInt32(truncatingIfNeeded: product)
            carry = product >> 32
        }
        if carry > 0 { limbs.append(UInt32(carry)) }
    }

    /// Returns the remainder.
    mutating func divide(by divisor: UInt32) -> UInt32 {
        var remainder: UInt64 = 0
        for index in limbs.indices.reversed() {
            let dividend = remainder << 32 | UInt64(limbs[index])
            limbs[index] = UInt32(dividend / UInt64(divisor))
            remainder = dividend % UInt64(divisor)
        }
        while limbs.last == 0 { limbs.removeLast() }
        return UInt32(remainder)
    }

    mutating func shiftLeft(words: Int) {
        limbs.insert(contentsOf: [UInt32](repeating: 0, count: words), at: 0)
    }

    /// The four highest limbs, the bits below them, and whether any of those is set.
    var top128: (top: UInt128, shift: Int, rest: Bool) {
        var top: UInt128 = 0
        for limb in limbs.suffix(4).reversed() { top = top << 32 | UInt128(limb) }
        let below = max(0, limbs.count - 4)
        return (top, below * 32, limbs.prefix(below).contains { $0 != 0 })
    }

    var decimalDigits: [UInt8] {
        var rest = self
        var output: [UInt8] = []
        while !rest.limbs.isEmpty { output.append(UInt8(rest.divide(by: 10)) + 0x30) }
        return output.isEmpty ? [0x30] : output.reversed()
    }
}
