// SPDX-License-Identifier: Apache-2.0
import Authorization
import CText
import Cryptography

/// JSON text in memory that is reused from record to record. It never grows: text that does not fit
/// its limit is cut between two characters, and `isCut` says so.
///
/// Callers write well-formed JSON; this type cares for commas and escapes.
struct JSONBuffer: ~Copyable {
    private let memory: UnsafeMutablePointer<UInt8>
    let capacity: Int
    private(set) var count = 0
    /// Whether any text was cut or left out since `reset`.
    var isCut = false
    private var needsComma = false
    var lastSecond = SecondText()

    init(capacity: Int) {
        self.capacity = capacity
        memory = .allocate(capacity: capacity)
    }

    deinit { memory.deallocate() }

    /// Valid until the next `reset`.
    var bytes: Bytes { Bytes(start: UnsafePointer(memory), count: count) }

    var room: Int { capacity - count }

    mutating func reset() {
        count = 0
        isCut = false
        needsComma = false
    }

    /// What to go back to when a part turns out not to fit.
    struct Mark {
        fileprivate let count: Int
        fileprivate let needsComma: Bool
    }

    var mark: Mark { Mark(count: count, needsComma: needsComma) }

    mutating func goBack(to mark: Mark) {
        leaveOut(from: mark)
        isCut = true
    }

    /// Takes back what turned out to say nothing.
    mutating func leaveOut(from mark: Mark) {
        count = mark.count
        needsComma = mark.needsComma
    }

    // MARK: structure

    mutating func beginObject() { open(UInt8(ascii: "{")) }
    mutating func endObject() { close(UInt8(ascii: "}")) }
    mutating func beginArray() { open(UInt8(ascii: "[")) }
    mutating func endArray() { close(UInt8(ascii: "]")) }

    /// Inlined, so that a literal's bytes become constants: a record has about forty keys.
    ///
    /// - Parameter name: plain ASCII that needs no escape.
    @inline(__always)
    mutating func key(_ name: StaticString) {
        let length = name.utf8CodeUnitCount
        guard room >= length + 4 else { return }
        if needsComma { raw(UInt8(ascii: ",")) }
        let place = memory + count
        place[0] = UInt8(ascii: "\"")
        (place + 1).update(from: name.utf8Start, count: length)
        place[length + 1] = UInt8(ascii: "\"")
        place[length + 2] = UInt8(ascii: ":")
        count += length + 3
        needsComma = false
    }

    private mutating func open(_ bracket: UInt8) {
        comma()
        raw(bracket)
        needsComma = false
    }

    private mutating func close(_ bracket: UInt8) {
        raw(bracket)
        needsComma = true
    }

    private mutating func comma() {
        if needsComma { raw(UInt8(ascii: ",")) }
        needsComma = true
    }

    // MARK: values

    mutating func value(_ number: Int) {
        comma()
        if number < 0 { raw(UInt8(ascii: "-")) }
        digits(number.magnitude, atLeast: 1)
    }

    /// JSON text that is well-formed already.
    mutating func json(_ text: Bytes) {
        comma()
        raw(text)
    }

    /// A number in hundredths: `12.5` is 1250.
    mutating func hundredths(_ number: Int) {
        comma()
        if number < 0 { raw(UInt8(ascii: "-")) }
        digits(number.magnitude / 100, atLeast: 1)
        let rest = number.magnitude % 100
        guard rest > 0 else { return }
        raw(UInt8(ascii: "."))
        if rest % 10 == 0 { digits(rest / 10, atLeast: 1) } else { digits(rest, atLeast: 2) }
    }

    /// After a key that was written as a string.
    mutating func colon() {
        raw(UInt8(ascii: ":"))
        needsComma = false
    }

    mutating func value(_ flag: Bool) {
        comma()
        raw(Bytes(flag ? "true" : "false"))
    }

    /// - Parameter word: plain ASCII that needs no escape.
    mutating func value(_ word: StaticString) {
        beginString()
        raw(Bytes(word))
        endString()
    }

    /// A string; bytes that are not UTF-8 become U+FFFD.
    ///
    /// - Parameter limit: bytes of JSON text between the quotes.
    mutating func value(_ text: Bytes, limit: Int) {
        beginString()
        escaped(text, limit: limit)
        endString()
    }

    mutating func beginString() {
        comma()
        raw(UInt8(ascii: "\""))
    }

    mutating func endString() { raw(UInt8(ascii: "\"")) }

    /// Lower-case hexadecimal.
    mutating func value(_ digest: Digest) {
        beginString()
        digest.withUnsafeBytes { bytes in
            for offset in stride(from: 0, to: Digest.byteCount, by: 4) {
                let word = bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
                eightDigits(UInt64(word.bigEndian))
            }
        }
        endString()
    }

    /// Sixteen lower-case digits.
    mutating func value(hexadecimal word: UInt64) {
        beginString()
        eightDigits(word >> 32)
        eightDigits(word)
        endString()
    }

    @inline(__always)
    private mutating func eightDigits(_ word: UInt64) {
        guard room >= 8 else { return }
        UnsafeMutableRawPointer(memory + count)
            .storeBytes(of: DecisionID.digits(word & 0xFFFF_FFFF), as: UInt64.self)
        count += 8
    }

    mutating func value(_ id: DecisionID) {
        beginString()
        guard room >= DecisionID.textLength else { return }
        id.write(to: memory + count)
        count += DecisionID.textLength
        endString()
    }

    /// Digits with leading zeros.
    mutating func digits(_ number: UInt, atLeast width: Int) {
        var length = 1
        var power: UInt = 10
        while length < 20, number >= power {
            power &*= 10
            length += 1
        }
        let total = max(width, length)
        guard room >= total else { return }
        var rest = number
        var place = total
        let start = memory + count
        while place >= 2 {
            place &-= 2
            let pair = UInt8(truncatingIfNeeded: rest % 100)
            rest /= 100
            start[place] = UInt8(ascii: "0") &+ pair / 10
            start[place &+ 1] = UInt8(ascii: "0") &+ pair % 10
        }
        if place == 1 { start[0] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest % 10) }
        count += total
    }

    // MARK: bytes

    @inline(__always)
    mutating func raw(_ byte: UInt8) {
        guard count < capacity else { return }
        memory[count] = byte
        count += 1
    }

    mutating func raw(_ bytes: Bytes) {
        guard let start = bytes.start, bytes.count <= room else { return }
        (memory + count).update(from: start, count: bytes.count)
        count += bytes.count
    }

    /// The inside of a string.
    ///
    /// - Returns: false when it was cut.
    @discardableResult
    mutating func escaped(_ text: Bytes, limit: Int) -> Bool {
        guard let start = text.start else { return true }
        let end = min(capacity - RecordLimits.reserve, count + limit)
        var index = 0
        while index < text.count {
            index += copyPlain(start + index, min(text.count - index, end - count))
            if index == text.count { return true }
            guard let used = special(start, index, text.count, end) else {
                isCut = true
                return false
            }
            index += used
        }
        return true
    }

    /// Copies printable ASCII without `"` and `\` up to the first other byte.
    ///
    /// - Returns: how many bytes were copied.
    @inline(__always)
    private mutating func copyPlain(_ text: UnsafePointer<UInt8>, _ length: Int) -> Int {
        guard length > 0 else { return 0 }
        let copied = text_copy_plain(memory + count, text, length)
        count += copied
        return copied
    }

    /// Writes one character that is not plain; nil when it does not fit.
    ///
    /// - Returns: how many bytes of the text it took.
    private mutating func special(
        _ text: UnsafePointer<UInt8>, _ index: Int, _ length: Int, _ end: Int
    ) -> Int? {
        let byte = text[index]
        if byte < 0x80 { return escape(byte, end) ? 1 : nil }
        let width = Int(text_sequence(text + index, length - index))
        if width > 0 {
            guard end - count >= width else { return nil }
            (memory + count).update(from: text + index, count: width)
            count += width
            return width
        }
        guard end - count >= 3 else { return nil }
        raw(0xEF)
        raw(0xBF)
        raw(0xBD)
        return -width
    }

    /// Writes an ASCII character that may need an escape.
    private mutating func escape(_ byte: UInt8, _ end: Int) -> Bool {
        let short: UInt8
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): short = byte
        case 0x08: short = UInt8(ascii: "b")
        case 0x09: short = UInt8(ascii: "t")
        case 0x0A: short = UInt8(ascii: "n")
        case 0x0C: short = UInt8(ascii: "f")
        case 0x0D: short = UInt8(ascii: "r")
        case 0x20...:
            guard end > count else { return false }
            raw(byte)
            return true
        default:
            guard end - count >= 6 else { return false }
            raw(Bytes("\\u00"))
            raw(hexadecimalDigit(byte >> 4))
            raw(hexadecimalDigit(byte & 15))
            return true
        }
        guard end - count >= 2 else { return false }
        raw(UInt8(ascii: "\\"))
        raw(short)
        return true
    }
}

@inline(__always)
private func hexadecimalDigit(_ nibble: UInt8) -> UInt8 {
    nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") - 10 + nibble
}
