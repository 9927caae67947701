// SPDX-License-Identifier: Apache-2.0
import Authorization
import CText
import Cryptography

/// JSON text in memory that is reused from record to record. It never grows: text that does not fit
/// its limit is cut between two characters, and `isCut` says so.
///
/// Callers write well-formed JSON; this type cares for commas and escapes. Each value is followed
/// by a comma, which the end of its object or array takes back: so what stands between two values
/// is known before they are written, and a key is one constant.
struct JSONBuffer: ~Copyable {
    private let memory: UnsafeMutablePointer<UInt8>
    let capacity: Int
    /// With the comma after the last value.
    private var count = 0
    /// Whether any text was cut or left out since `reset`.
    var isCut = false
    /// Whether all texts since `reset` stand in the JSON as they were given.
    private(set) var isVerbatim = true
    var lastSecond = SecondText()

    init(capacity: Int) {
        self.capacity = capacity
        memory = .allocate(capacity: capacity)
    }

    deinit { memory.deallocate() }

    /// Valid until the next `reset`.
    var bytes: Bytes { Bytes(start: UnsafePointer(memory), count: length) }

    /// Without a comma at the end.
    var length: Int { endsWithComma ? count &- 1 : count }

    var room: Int { capacity - length }

    @inline(__always)
    private var endsWithComma: Bool { count > 0 && memory[count &- 1] == UInt8(ascii: ",") }

    mutating func reset() {
        count = 0
        isCut = false
        isVerbatim = true
    }

    /// What to go back to when a part turns out not to fit.
    struct Mark {
        fileprivate let count: Int
    }

    var mark: Mark { Mark(count: count) }

    mutating func goBack(to mark: Mark) {
        leaveOut(from: mark)
        isCut = true
    }

    /// Takes back what turned out to say nothing.
    mutating func leaveOut(from mark: Mark) { count = mark.count }

    func written(since mark: Mark) -> Bytes {
        Bytes(start: UnsafePointer(memory + mark.count), count: count - mark.count)
    }

    // MARK: structure

    @inline(__always)
    mutating func beginObject() { raw(UInt8(ascii: "{")) }

    /// A member of the object around it that is an object; `name` as for `key`.
    @inline(__always)
    mutating func beginObject(_ name: StaticString) {
        key(name)
        beginObject()
    }

    @inline(__always)
    mutating func endObject() { close("}") }
    @inline(__always)
    mutating func beginArray() { raw(UInt8(ascii: "[")) }
    @inline(__always)
    mutating func endArray() { close("]") }

    /// Inlined, so that a literal's bytes become constants: a record has about forty keys.
    ///
    /// - Parameter name: plain ASCII that needs no escape.
    @inline(__always)
    mutating func key(_ name: StaticString) {
        let length = name.utf8CodeUnitCount
        guard fits(length &+ 3) else { return }
        let place = memory + count
        place[0] = UInt8(ascii: "\"")
        UnsafeMutableRawPointer(place + 1).copyMemory(from: name.utf8Start, byteCount: length)
        place[length &+ 1] = UInt8(ascii: "\"")
        place[length &+ 2] = UInt8(ascii: ":")
        count &+= length &+ 3
    }

    @inline(__always)
    private mutating func close(_ bracket: Unicode.Scalar) {
        if endsWithComma { count &-= 1 }
        pair(bracket, ",")
    }

    /// Two ASCII characters.
    @inline(__always)
    private mutating func pair(_ first: Unicode.Scalar, _ second: Unicode.Scalar) {
        guard fits(2) else { return }
        memory[count] = UInt8(truncatingIfNeeded: first.value)
        memory[count &+ 1] = UInt8(truncatingIfNeeded: second.value)
        count &+= 2
    }

    @inline(__always)
    private func fits(_ more: Int) -> Bool { count &+ more <= capacity }

    // MARK: values

    mutating func value(_ number: Int) {
        guard number >= 0, number < 100_000_000, fits(9) else { return anyValue(number) }
        if number < 10 {
            let digit = Unicode.Scalar(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: number))
            return pair(digit, ",")
        }
        let digits = text_decimal(memory + count, UInt32(truncatingIfNeeded: number))
        memory[count &+ digits] = UInt8(ascii: ",")
        count &+= digits &+ 1
    }

    /// What `value` does with a number that is negative or has more than eight digits.
    private mutating func anyValue(_ number: Int) {
        if number < 0 { raw(UInt8(ascii: "-")) }
        decimal(number.magnitude)
        raw(UInt8(ascii: ","))
    }

    /// JSON text that is well-formed already.
    mutating func json(_ text: Bytes) {
        raw(text)
        raw(UInt8(ascii: ","))
    }

    /// A number in hundredths: `12.5` is 1250.
    mutating func hundredths(_ number: Int) {
        if number < 0 { raw(UInt8(ascii: "-")) }
        decimal(number.magnitude / 100)
        let rest = number.magnitude % 100
        if rest > 0 {
            raw(UInt8(ascii: "."))
            if rest % 10 == 0 { decimal(rest / 10) } else { decimal(rest, width: 2) }
        }
        raw(UInt8(ascii: ","))
    }

    /// After a key that was written as a string.
    mutating func colon() {
        if endsWithComma { memory[count &- 1] = UInt8(ascii: ":") }
    }

    @inline(__always)
    mutating func value(_ flag: Bool) {
        if flag { literal("true,") } else { literal("false,") }
    }

    /// - Parameter word: plain ASCII that needs no escape.
    mutating func value(_ word: StaticString) {
        guard fits(word.utf8CodeUnitCount &+ 3) else { return }
        let place = memory + count
        text_copy(place + 1, word.utf8Start, word.utf8CodeUnitCount)
        quote(word.utf8CodeUnitCount)
    }

    /// A string; bytes that are not UTF-8 become U+FFFD.
    ///
    /// - Parameter limit: bytes of JSON text between the quotes.
    mutating func value(_ text: Bytes, limit: Int) {
        let room = min(limit, capacity &- RecordLimits.reserve &- count &- 1)
        guard let start = text.start, text.count <= room,
            text_copy_all_plain(memory + count + 1, start, text.count)
        else { return valueInParts(text, limit: limit) }
        quote(text.count)
    }

    /// What `value` does with a text that is long, empty or needs escapes.
    private mutating func valueInParts(_ text: Bytes, limit: Int) {
        beginString()
        escaped(text, limit: limit)
        endString()
    }

    /// Puts quotes around what was written after the place of the first one.
    @inline(__always)
    private mutating func quote(_ length: Int) {
        let place = memory + count
        place[0] = UInt8(ascii: "\"")
        place[length &+ 1] = UInt8(ascii: "\"")
        place[length &+ 2] = UInt8(ascii: ",")
        count &+= length &+ 3
    }

    mutating func beginString() { raw(UInt8(ascii: "\"")) }

    mutating func endString() { pair("\"", ",") }

    /// Lower-case hexadecimal.
    mutating func value(_ digest: Digest) {
        guard fits(2 * Digest.byteCount &+ 3) else { return }
        let place = memory + count + 1
        digest.withUnsafeBytes { bytes in
            for offset in stride(from: 0, to: Digest.byteCount, by: 8) {
                let word = bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
                text_hexadecimal16(place + 2 * offset, word.bigEndian)
            }
        }
        quote(2 * Digest.byteCount)
    }

    /// Sixteen lower-case digits.
    mutating func value(hexadecimal word: UInt64) {
        guard fits(19) else { return }
        text_hexadecimal16(memory + count + 1, word)
        quote(16)
    }

    mutating func value(_ id: DecisionID) {
        guard fits(DecisionID.textLength &+ 3) else { return }
        id.write(to: memory + count + 1)
        quote(DecisionID.textLength)
    }

    private mutating func decimal(_ number: UInt) {
        if number < 10 { return raw(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: number)) }
        if number >= 100_000_000 {
            decimal(number / 100_000_000)
            return decimal(number % 100_000_000, width: 8)
        }
        guard fits(8) else { return }
        count &+= text_decimal(memory + count, UInt32(truncatingIfNeeded: number))
    }

    /// Digits with leading zeros.
    ///
    /// - Parameters:
    ///   - number: has no more digits than `width`.
    ///   - width: 1 to 8.
    @inline(__always)
    mutating func decimal(_ number: UInt, width: Int) {
        guard fits(8) else { return }
        let digits = text_decimal8(UInt32(truncatingIfNeeded: number))
        text_store8(memory + count, digits >> UInt64(8 &* (8 &- width)))
        count &+= width
    }

    // MARK: bytes

    /// Inlined for the same reason as `key`.
    @inline(__always)
    mutating func literal(_ text: StaticString) {
        let length = text.utf8CodeUnitCount
        guard fits(length) else { return }
        UnsafeMutableRawPointer(memory + count).copyMemory(from: text.utf8Start, byteCount: length)
        count &+= length
    }

    @inline(__always)
    mutating func raw(_ byte: UInt8) {
        guard count < capacity else { return }
        memory[count] = byte
        count += 1
    }

    /// The beginning of three words.
    @inline(__always)
    mutating func words(_ text: (UInt64, UInt64, UInt64), count length: Int) {
        guard fits(24) else { return }
        UnsafeMutableRawPointer(memory + count)
            .storeBytes(of: text, as: (UInt64, UInt64, UInt64).self)
        count &+= length
    }

    mutating func raw(_ bytes: Bytes) {
        guard let start = bytes.start, fits(bytes.count) else { return }
        (memory + count).update(from: start, count: bytes.count)
        count += bytes.count
    }

    /// The inside of a string.
    ///
    /// - Returns: false when it was cut.
    @discardableResult
    mutating func escaped(_ text: Bytes, limit: Int) -> Bool {
        guard let start = text.start else { return true }
        isVerbatim = false
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
