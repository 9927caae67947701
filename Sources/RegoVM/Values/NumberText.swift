// SPDX-License-Identifier: Apache-2.0

/// Numbers in strings, as Go's `strconv.ParseFloat` takes them.
enum NumberText {
    /// The number that a string holds. Forms that JSON does not know (`+5`, `.5`, `007`, `0x1p4`,
    /// `1_000`) become the number they stand for.
    static func parse(_ string: Value, _ evaluation: Evaluation) throws(BuiltinError) -> Value {
        let text = string.bytes
        if JSONNumber.isValid(text) {
            if let integer = JSONNumber.integer(text) { return .integer(integer) }
            try checkRange(text)
            return Number.decimal(string)
        }
        if isWord(text) { throw .operand(1, mustBe: "valid number string", got: string) }
        guard let plain = canonical(text) else { throw syntaxError(text, "invalid syntax") }
        if plain.isHexadecimal {
            let double = Double(plain.text) ?? .infinity
            guard double.isFinite else { throw syntaxError(text, "value out of range") }
            return evaluation.arena.number(double)
        }
        let copy = evaluation.string(plain.text)
        try checkRange(copy.bytes)
        return evaluation.arena.number(copy.bytes)
    }

    /// Doubles overflow at 1e309.
    private static func checkRange(_ text: UnsafeBufferPointer<UInt8>) throws(BuiltinError) {
        let magnitude = DecimalText(text).magnitude
        guard magnitude >= 309 else { return }
        guard magnitude == 309, Double(String(decoding: text, as: UTF8.self))?.isFinite == true
        else {
            throw syntaxError(text, "value out of range")
        }
    }

    static func syntaxError(_ text: UnsafeBufferPointer<UInt8>, _ reason: String) -> BuiltinError {
        let shown = String(decoding: text.prefix(256), as: UTF8.self)
        return .failed("strconv.ParseFloat: parsing \"\(shown)\": \(reason)")
    }

    /// `inf`, `infinity` or `nan` with any signs and in any case.
    private static func isWord(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        let letters = text.drop { $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "-") }
        guard letters.count == 3 || letters.count == 8 else { return false }
        let lower = letters.map { $0 | 0x20 }
        return lower.elementsEqual("inf".utf8) || lower.elementsEqual("infinity".utf8)
            || lower.elementsEqual("nan".utf8)
    }

    /// Go's wider grammar reduced to JSON's, or to what `Double` reads when it is hexadecimal.
    private static func canonical(
        _ text: UnsafeBufferPointer<UInt8>
    ) -> (text: String, isHexadecimal: Bool)? {
        guard text.count <= Limits.numberDigits else { return nil }
        var rest = text[...]
        var sign = ""
        if let first = rest.first, first == UInt8(ascii: "+") || first == UInt8(ascii: "-") {
            if first == UInt8(ascii: "-") { sign = "-" }
            rest = rest.dropFirst()
        }
        let isHexadecimal =
            rest.count > 2 && rest.first == UInt8(ascii: "0")
            && rest[rest.startIndex + 1] | 0x20 == UInt8(ascii: "x")
        if isHexadecimal { rest = rest.dropFirst(2) }
        guard let (whole, fraction) = mantissa(&rest, isHexadecimal) else { return nil }
        let marker = isHexadecimal ? UInt8(ascii: "p") : UInt8(ascii: "e")
        var exponent = ""
        if let first = rest.first {
            guard first | 0x20 == marker else { return nil }
            exponent = String(decoding: rest.dropFirst(), as: UTF8.self)
            let digits =
                exponent.utf8.first.map { $0 == 43 || $0 == 45 } == true
                ? exponent.utf8.dropFirst() : exponent.utf8[...]
            guard !digits.isEmpty, digits.allSatisfy({ $0 >= 48 && $0 <= 57 }) else { return nil }
        } else if isHexadecimal {
            return nil
        }
        var result = sign + (isHexadecimal ? "0x" : "")
        let trimmed = whole.drop { $0 == "0" }
        result += trimmed.isEmpty ? "0" : String(trimmed)
        if !fraction.isEmpty { result += "." + fraction }
        if !exponent.isEmpty { result += (isHexadecimal ? "p" : "e") + exponent }
        return (result, isHexadecimal)
    }

    /// Digits before and after a point, underscores left out; nil when there are none at all.
    private static func mantissa(
        _ rest: inout Slice<UnsafeBufferPointer<UInt8>>, _ isHexadecimal: Bool
    ) -> (whole: String, fraction: String)? {
        var parts = ["", ""]
        var part = 0
        var previous = UInt8(ascii: isHexadecimal ? "0" : " ")
        loop: while let byte = rest.first {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                parts[part].unicodeScalars.append(Unicode.Scalar(byte))
            case UInt8(ascii: "a")...UInt8(ascii: "f"), UInt8(ascii: "A")...UInt8(ascii: "F"):
                guard isHexadecimal else { break loop }
                parts[part].unicodeScalars.append(Unicode.Scalar(byte))
            case UInt8(ascii: "_"):
                guard previous != UInt8(ascii: "_"), previous != UInt8(ascii: "."),
                    previous != UInt8(ascii: " ")
                else { return nil }
            case UInt8(ascii: "."):
                guard part == 0, previous != UInt8(ascii: "_") else { return nil }
                part = 1
            default: break loop
            }
            previous = byte
            rest = rest.dropFirst()
        }
        guard previous != UInt8(ascii: "_"), !(parts[0].isEmpty && parts[1].isEmpty) else {
            return nil
        }
        return (parts[0], parts[1])
    }
}
