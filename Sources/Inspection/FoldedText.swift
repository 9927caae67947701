// SPDX-License-Identifier: Apache-2.0
import Authorization
import RegoVM

extension Bytes {
    var first: UInt8? { isEmpty ? nil : self[0] }
    var last: UInt8? { isEmpty ? nil : self[count - 1] }

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

    func hasSuffix(_ suffix: Bytes) -> Bool {
        count >= suffix.count && self[count - suffix.count..<count] == suffix
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
