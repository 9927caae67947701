// SPDX-License-Identifier: Apache-2.0

/// `units.parse` and `units.parse_bytes`
enum UnitBuiltins {
    static let all: [Builtin] = [
        Builtin("units.parse", "string -> number") { evaluation, operands throws(BuiltinError) in
            try parse(operands.string(0), evaluation)
        },
        Builtin("units.parse_bytes", "string -> number") {
            evaluation, operands throws(BuiltinError) in
            try parseBytes(operands.string(0), evaluation)
        },
    ]

    private static let thousands: [Character: UInt64] = [
        "k": 1000, "m": 1_000_000, "g": 1_000_000_000, "t": 1_000_000_000_000,
        "p": 1_000_000_000_000_000, "e": 1_000_000_000_000_000_000,
    ]
    private static let powersOf1024: [Character: UInt64] = [
        "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40, "p": 1 << 50, "e": 1 << 60,
    ]

    private static func parse(_ operand: Value, _ evaluation: Evaluation) throws(BuiltinError)
        -> Value
    {
        let text = (operand.asString ?? "").replacing("\"", with: "")
        guard !text.utf8.contains(UInt8(ascii: " ")) else {
            throw .failed("units.parse: spaces not allowed in resource strings")
        }
        guard let (amount, unit) = split(text) else {
            throw .failed("units.parse: exponent too large")
        }
        guard !amount.isEmpty else { throw .failed("units.parse: no amount provided") }
        // Only the first letter's case counts, and only to tell milli from mega.
        let form = unit.prefix(1) + unit.dropFirst().lowercased()
        let factor = factor(form.lowercased(), binarySuffix: "i")
        guard form == "m" || factor != nil else {
            throw .failed("units.parse: unit \(form) not recognized")
        }
        guard var decimal = DecimalAmount(amount) else {
            throw .failed("units.parse: could not parse amount to a number")
        }
        if form == "m" {
            decimal.multiplyByFloatingMilli()
        } else {
            decimal.multiply(by: factor ?? 1)
        }
        guard let number = decimal.text else { throw .failed("units.parse: exponent too large") }
        return number.withUnsafeBufferPointer { evaluation.arena.number($0) }
    }

    private static func parseBytes(
        _ operand: Value, _ evaluation: Evaluation
    ) throws(BuiltinError) -> Value {
        let text = (operand.asString ?? "").lowercased().replacing("\"", with: "")
        guard !text.utf8.contains(UInt8(ascii: " ")) else {
            throw .failed("units.parse_bytes: spaces not allowed in resource strings")
        }
        guard let (amount, unit) = split(text) else {
            throw .failed("units.parse_bytes: exponent too large")
        }
        guard !amount.isEmpty else { throw .failed("units.parse_bytes: no byte amount provided") }
        let name = unit.count > 1 && unit.hasSuffix("b") ? unit.dropLast() : unit[...]
        guard let factor = factor(String(name), binarySuffix: "i") else {
            throw .failed("units.parse_bytes: byte unit \(unit) not recognized")
        }
        guard let decimal = DecimalAmount(amount) else {
            throw .failed("units.parse_bytes: could not parse byte amount to a number")
        }
        guard let number = decimal.truncated(times: factor) else {
            throw .failed("units.parse_bytes: exponent too large")
        }
        return number.withUnsafeBufferPointer { evaluation.arena.number($0) }
    }

    /// What a lower-case unit multiplies by; nil when it is unknown.
    private static func factor(_ unit: String, binarySuffix: Character) -> UInt64? {
        guard let letter = unit.first else { return 1 }
        if unit.count == 1 { return thousands[letter] }
        return unit.count == 2 && unit.last == binarySuffix ? powersOf1024[letter] : nil
    }

    /// Splits `10.5GiB` into number and unit; nil when an exponent has more than six digits.
    private static func split(_ text: String) -> (amount: String, unit: String)? {
        let bytes = Array(text.utf8)
        func isDigit(_ index: Int) -> Bool {
            index < bytes.count && bytes[index] >= 0x30 && bytes[index] <= 0x39
        }
        func isSign(_ index: Int) -> Bool {
            index < bytes.count
                && (bytes[index] == UInt8(ascii: "+") || bytes[index] == UInt8(ascii: "-"))
        }
        var index = 0
        while index < bytes.count {
            if bytes[index] | 0x20 == UInt8(ascii: "e") {
                // An `e` with nothing behind it that could be an exponent is the unit exa.
                guard isDigit(index + 1) || isSign(index + 1) else { break }
                if isSign(index + 1) { index += 1 }
                var end = index + 1
                while isDigit(end) { end += 1 }
                if end - index - 1 > DecimalAmount.exponentDigits { return nil }
            } else if !isDigit(index), !isSign(index), bytes[index] != UInt8(ascii: ".") {
                break
            }
            index += 1
        }
        return (
            String(decoding: bytes[..<index], as: UTF8.self),
            String(decoding: bytes[index...], as: UTF8.self)
        )
    }
}
