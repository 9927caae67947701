// SPDX-License-Identifier: Apache-2.0
import Authorization
import CText
import RegoVM

/// Comparing and changing case without locale or allocation.
enum ASCII {
    @inline(__always)
    static func lower(_ byte: UInt8) -> UInt8 {
        byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte
    }

    @inline(__always)
    static func isDigit(_ byte: UInt8) -> Bool {
        byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
    }

    static func hexadecimal(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

extension Bytes {
    var first: UInt8? { isEmpty ? nil : self[0] }
    var last: UInt8? { isEmpty ? nil : self[count - 1] }

    /// Equal but for the case of ASCII letters; `literal` is in lower case.
    func equalsIgnoringCase(_ literal: StaticString) -> Bool {
        guard count == literal.utf8CodeUnitCount else { return false }
        if equals(literal) { return true }
        for index in 0..<count where ASCII.lower(self[index]) != literal.utf8Start[index] {
            return false
        }
        return true
    }

    /// Other bytes than `name`, which is ASCII, and the same for a reader that folds case.
    ///
    /// Beyond ASCII, U+017F folds to s and U+212A to k (Unicode's CaseFolding.txt, as Go's
    /// encoding/json does); U+0130 and U+0131 are i for Java's `equalsIgnoreCase`. So the lengths
    /// may differ.
    @inline(__always)
    func isVariant(of name: StaticString) -> Bool {
        guard count >= name.utf8CodeUnitCount, count <= 3 * name.utf8CodeUnitCount else {
            return false
        }
        // Most keys end here: they begin with another letter.
        let first = self[0]
        return (first >= 0x80 || first | 0x20 == name.utf8Start[0] | 0x20) && !equals(name)
            && folds(to: name)
    }

    @inline(never)
    private func folds(to name: StaticString) -> Bool {
        var index = 0
        for position in 0..<name.utf8CodeUnitCount {
            guard index < count else { return false }
            let (letter, length) = foldedLetter(at: index)
            guard letter == ASCII.lower(name.utf8Start[position]) else { return false }
            index += length
        }
        return index == count
    }

    /// The ASCII letter in lower case that a byte or a character folds to, and its length in bytes;
    /// what folds to none is itself.
    func foldedLetter(at index: Int) -> (letter: UInt8, length: Int) {
        let byte = self[index]
        if byte < 0x80 { return (ASCII.lower(byte), 1) }
        let second = index + 1 < count ? self[index + 1] : 0
        if byte == 0xC5 && second == 0xBF { return (UInt8(ascii: "s"), 2) }
        if byte == 0xC4 && (second == 0xB0 || second == 0xB1) { return (UInt8(ascii: "i"), 2) }
        if byte == 0xE2 && second == 0x84 && index + 2 < count && self[index + 2] == 0xAA {
            return (UInt8(ascii: "k"), 3)
        }
        return (byte, 1)
    }

    /// Ends with `literal`, which is in lower case, whatever the case of ASCII letters here.
    func endsIgnoringCase(_ literal: StaticString) -> Bool {
        let length = literal.utf8CodeUnitCount
        return count >= length && self[count - length..<count].equalsIgnoringCase(literal)
    }

    func hasPrefix(_ literal: StaticString) -> Bool {
        let length = literal.utf8CodeUnitCount
        return count >= length && self[0..<length].equals(literal)
    }

    func hasSuffix(_ literal: StaticString) -> Bool {
        let length = literal.utf8CodeUnitCount
        return count >= length && self[count - length..<count].equals(literal)
    }

    func hasSuffix(_ suffix: Bytes) -> Bool {
        count >= suffix.count && self[count - suffix.count..<count] == suffix
    }

    func firstIndex(of byte: UInt8, from start: Int = 0) -> Int? {
        guard let memory = self.start, start < count else { return nil }
        let index = start + text_find_either(memory + start, count - start, byte, byte)
        return index < count ? index : nil
    }

    /// Without spaces and tabs at either end.
    var trimmed: Bytes {
        var low = 0
        var high = count
        while low < high, self[low] == 0x20 || self[low] == 0x09 { low += 1 }
        while high > low, self[high - 1] == 0x20 || self[high - 1] == 0x09 { high -= 1 }
        return self[low..<high]
    }

    /// The same bytes with ASCII letters in lower case: itself when there is nothing to change.
    func lowercased(in arena: Arena) -> Bytes {
        var index = 0
        while index < count, ASCII.lower(self[index]) == self[index] { index &+= 1 }
        guard index < count else { return self }
        let copy = arena.allocate(UInt8.self, count: count)
        for index in 0..<count { copy[index] = ASCII.lower(self[index]) }
        return Bytes(start: copy, count: count)
    }
}

extension Value {
    /// The bytes of a string value; empty for all others.
    var text: Bytes {
        guard isString else { return .empty }
        let bytes = bytes
        return Bytes(start: bytes.baseAddress, count: bytes.count)
    }
}
