// SPDX-License-Identifier: Apache-2.0
import Authorization
import RegoVM

/// Fields of an object as protobuf's JSON names them: zero values are left out.
extension CollectionBuilder {
    func add(_ name: StaticString, _ value: Value) {
        if value.isDefined { insert(.string(name), value) }
    }

    func addText(_ name: StaticString, _ text: Bytes) {
        if !text.isEmpty { insert(.string(name), .checked(text)) }
    }

    func addNumber(_ name: StaticString, _ number: Int64) {
        if number != 0 { insert(.string(name), .integer(number)) }
    }

    /// Bytes in base64.
    func addData(_ name: StaticString, _ data: Bytes, in arena: Arena) {
        if !data.isEmpty { insert(.string(name), .base64(data, in: arena)) }
    }

    func updateText(_ name: StaticString, _ text: Bytes) {
        if !text.isEmpty { update(.string(name), .checked(text)) }
    }

    func updateData(_ name: StaticString, _ data: Bytes, in arena: Arena) {
        if !data.isEmpty { update(.string(name), .base64(data, in: arena)) }
    }
}

extension Value {
    /// RFC 4648, section 4, with padding.
    static func base64(_ data: Bytes, in arena: Arena) -> Value {
        let length = (data.count + 2) / 3 * 4
        let text = arena.allocate(UInt8.self, count: length)
        var place = 0
        for start in stride(from: 0, to: data.count, by: 3) {
            let count = min(3, data.count - start)
            var word: UInt32 = 0
            for index in 0..<3 {
                word = word << 8 | (index < count ? UInt32(data[start + index]) : 0)
            }
            for index in 0..<4 {
                let digit = UInt8(truncatingIfNeeded: word >> UInt32(18 - 6 * index) & 63)
                text[place] = index <= count ? base64Digit(digit) : UInt8(ascii: "=")
                place += 1
            }
        }
        return .string(UnsafePointer(text), length)
    }

    private static func base64Digit(_ value: UInt8) -> UInt8 {
        switch value {
        case 0..<26: UInt8(ascii: "A") + value
        case 26..<52: UInt8(ascii: "a") + value - 26
        case 52..<62: UInt8(ascii: "0") + value - 52
        case 62: UInt8(ascii: "+")
        default: UInt8(ascii: "/")
        }
    }
}
