// SPDX-License-Identifier: Apache-2.0
import CText

/// Comparing and changing case without locale or allocation.
public enum ASCII {
    @inlinable @inline(__always)
    public static func lower(_ byte: UInt8) -> UInt8 {
        byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte
    }

    @inlinable @inline(__always)
    public static func isDigit(_ byte: UInt8) -> Bool {
        byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
    }

    /// The value of a hexadecimal digit of either case; nil for any other byte.
    @inlinable
    public static func hexadecimal(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

extension Bytes {
    @inlinable
    public func hasPrefix(_ literal: StaticString) -> Bool {
        let length = literal.utf8CodeUnitCount
        return count >= length && self[0..<length].equals(literal)
    }

    @inlinable
    public func hasSuffix(_ literal: StaticString) -> Bool {
        let length = literal.utf8CodeUnitCount
        return count >= length && self[count - length..<count].equals(literal)
    }

    /// What follows `prefix`; nil when the bytes do not start with it.
    @inlinable
    public func suffix(after prefix: StaticString) -> Bytes? {
        hasPrefix(prefix) ? self[prefix.utf8CodeUnitCount..<count] : nil
    }

    /// Equal but for the case of ASCII letters; `literal` is in lower case.
    @inlinable
    public func equalsIgnoringCase(_ literal: StaticString) -> Bool {
        guard count == literal.utf8CodeUnitCount else { return false }
        if equals(literal) { return true }
        for index in 0..<count where ASCII.lower(self[index]) != literal.utf8Start[index] {
            return false
        }
        return true
    }

    /// Equal but for the case of ASCII letters on either side.
    @inlinable
    public func equalsIgnoringCase(_ other: Bytes) -> Bool {
        guard count == other.count else { return false }
        for index in 0..<count where ASCII.lower(self[index]) != ASCII.lower(other[index]) {
            return false
        }
        return true
    }

    /// Starts with `literal`, which is in lower case, whatever the case of ASCII letters here.
    @inlinable
    public func startsIgnoringCase(_ literal: StaticString) -> Bool {
        let length = literal.utf8CodeUnitCount
        return count >= length && self[0..<length].equalsIgnoringCase(literal)
    }

    /// Ends with `literal`, which is in lower case, whatever the case of ASCII letters here.
    @inlinable
    public func endsIgnoringCase(_ literal: StaticString) -> Bool {
        let length = literal.utf8CodeUnitCount
        return count >= length && self[count - length..<count].equalsIgnoringCase(literal)
    }

    /// Where `byte` first occurs from `start` on.
    @inlinable
    public func firstIndex(of byte: UInt8, from start: Int = 0) -> Int? {
        guard let memory = self.start, start < count else { return nil }
        let index = start + text_find_either(memory + start, count - start, byte, byte)
        return index < count ? index : nil
    }

    /// Without spaces and tabs at either end.
    @inlinable
    public var trimmed: Bytes {
        var low = 0
        var high = count
        while low < high, self[low] == 0x20 || self[low] == 0x09 { low += 1 }
        while high > low, self[high - 1] == 0x20 || self[high - 1] == 0x09 { high -= 1 }
        return self[low..<high]
    }
}
