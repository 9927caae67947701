// SPDX-License-Identifier: Apache-2.0
import BigInt

/// `sprintf`: Go's `fmt.Sprintf` over Rego values. Mistakes in the format are written into the
/// result as Go does (`%!d(string=x)`), never errors.
struct GoFormat {
    /// What Go would be given for a value.
    enum Argument {
        case integer(Int64)
        /// An integer beyond 64 bits: its decimal text.
        case big(UnsafeBufferPointer<UInt8>)
        case float(Double)
        case text(UnsafeBufferPointer<UInt8>)
        /// A number that is text to Go.
        case number(UnsafeBufferPointer<UInt8>)

        var typeName: StaticString {
            switch self {
            case .integer: "int64"
            case .big: "*big.Int"
            case .float: "float64"
            case .text: "string"
            case .number: "json.Number"
            }
        }
    }

    /// The flags, width and precision of one directive.
    struct Flags {
        var plus = false
        var minus = false
        var sharp = false
        var space = false
        var zero = false
        /// `%#v` and `%+v` keep their flags apart from those of the other verbs.
        var sharpV = false
        var plusV = false
        var width: Int?
        var precision: Int?
    }

    /// Go ignores widths, precisions and argument numbers beyond this.
    static let largestNumber = 1_000_000

    let evaluation: Evaluation
    let format: UnsafeBufferPointer<UInt8>
    let arguments: UnsafeBufferPointer<Value>
    var output: ByteBuilder
    var flags = Flags()
    private var position = 0
    private var argument = 0
    private var isReordered = false
    private var isGoodIndex = true
    /// Places of texts that are numbers to Rego.
    private var numbers: Set<Int> = []

    static func format(
        _ format: Value, _ arguments: UnsafeBufferPointer<Value>, _ evaluation: Evaluation,
        numbers: Set<Int> = []
    ) throws(BuiltinError) -> Value {
        var formatter = GoFormat(
            evaluation: evaluation, format: format.bytes, arguments: arguments,
            output: ByteBuilder(evaluation.arena, capacity: format.count + 32))
        formatter.numbers = numbers
        try formatter.run()
        return formatter.output.string
    }

    private init(
        evaluation: Evaluation, format: UnsafeBufferPointer<UInt8>,
        arguments: UnsafeBufferPointer<Value>, output: ByteBuilder
    ) {
        self.evaluation = evaluation
        self.format = format
        self.arguments = arguments
        self.output = output
    }

    private mutating func run() throws(BuiltinError) {
        while position < format.count {
            let start = position
            while position < format.count, format[position] != UInt8(ascii: "%") { position += 1 }
            output.append(UnsafeBufferPointer(rebasing: format[start..<position]))
            guard position < format.count else { break }
            position += 1
            guard try directive() else { break }
            guard output.count <= Limits.stringBytes else {
                throw BuiltinError(.limit, "string of \(output.count) bytes exceeds the limit")
            }
        }
        if !isReordered && argument < arguments.count { try writeExtra() }
    }

    private mutating func writeExtra() throws(BuiltinError) {
        flags = Flags()
        output.append("%!(EXTRA ")
        for index in argument..<arguments.count {
            if index > argument { output.append(", ") }
            let extra = self.value(index)
            output.append(extra.typeName)
            output.append("=")
            try write(extra, 0x76)
        }
        output.append(")")
    }

    /// What stands behind a percent sign; false at the end of the format.
    private mutating func directive() throws(BuiltinError) -> Bool {
        flags = Flags()
        isGoodIndex = true
        readFlags()
        var isAfterIndex = readIndex()
        try readWidth(&isAfterIndex)
        try readPrecision(&isAfterIndex)
        if !isAfterIndex { _ = readIndex() }
        guard position < format.count else {
            output.append("%!(NOVERB)")
            return false
        }
        let (verb, length) = Runes.decode(format, position)
        position += length
        if verb == 0x25 {
            output.append("%")
        } else if !isGoodIndex {
            writeBad(verb, "(BADINDEX)")
        } else if argument >= arguments.count {
            writeBad(verb, "(MISSING)")
        } else {
            if verb == 0x76 {
                (flags.sharpV, flags.sharp) = (flags.sharp, false)
                (flags.plusV, flags.plus) = (flags.plus, false)
            }
            argument += 1
            try write(value(argument - 1), verb)
        }
        return true
    }

    private mutating func writeBad(_ verb: UInt32, _ reason: StaticString) {
        output.append("%!")
        output.append(scalar: verb)
        output.append(reason)
    }
}

// MARK: Reading a directive

extension GoFormat {
    private mutating func readFlags() {
        while position < format.count {
            switch format[position] {
            case UInt8(ascii: "#"): flags.sharp = true
            case UInt8(ascii: "0"): flags.zero = true
            case UInt8(ascii: "+"): flags.plus = true
            case UInt8(ascii: "-"): flags.minus = true
            case UInt8(ascii: " "): flags.space = true
            default: return
            }
            position += 1
        }
    }

    /// Reads `[n]`, which chooses the next argument; true when it was there.
    private mutating func readIndex() -> Bool {
        guard position < format.count, format[position] == UInt8(ascii: "[") else { return false }
        isReordered = true
        let inside = position + 1
        guard let close = format[inside...].firstIndex(of: UInt8(ascii: "]")), close > inside else {
            isGoodIndex = false
            position += 1
            return false
        }
        position = inside
        let number = readNumber()
        let isNumber = position == close && number != nil
        position = close + 1
        if isNumber, let number, number >= 1, number <= arguments.count {
            argument = number - 1
            return true
        }
        isGoodIndex = false
        return isNumber
    }

    /// Digits; nil when there are none or they stand for too large a number.
    private mutating func readNumber() -> Int? {
        var number: Int?
        while position < format.count, format[position] >= 0x30, format[position] <= 0x39 {
            let next = (number ?? 0) * 10 + Int(format[position] - 0x30)
            guard next <= Self.largestNumber else {
                position = format.count
                return nil
            }
            number = next
            position += 1
        }
        return number
    }

    private mutating func readWidth(_ isAfterIndex: inout Bool) throws(BuiltinError) {
        guard position < format.count, format[position] == UInt8(ascii: "*") else {
            flags.width = readNumber()
            if isAfterIndex && flags.width != nil { isGoodIndex = false }
            return
        }
        position += 1
        isAfterIndex = false
        guard let width = integerArgument() else { return output.append("%!(BADWIDTH)") }
        flags.width = abs(width)
        if width < 0 {
            flags.minus = true
            flags.zero = false
        }
    }

    private mutating func readPrecision(_ isAfterIndex: inout Bool) throws(BuiltinError) {
        // At the end of the format a point is the verb.
        guard position + 1 < format.count, format[position] == UInt8(ascii: ".") else { return }
        position += 1
        if isAfterIndex { isGoodIndex = false }
        isAfterIndex = readIndex()
        guard position < format.count, format[position] == UInt8(ascii: "*") else {
            flags.precision = readNumber() ?? 0
            return
        }
        position += 1
        isAfterIndex = false
        guard let precision = integerArgument(), precision >= 0 else {
            return output.append("%!(BADPREC)")
        }
        flags.precision = precision
    }

    /// The next argument as a width or precision.
    private mutating func integerArgument() -> Int? {
        guard argument < arguments.count else { return nil }
        let value = Number.writtenInteger(arguments[argument])
        argument += 1
        guard let value, value.magnitude <= UInt64(Self.largestNumber) else { return nil }
        return Int(value)
    }

    private func value(_ index: Int) -> Argument {
        let value = arguments[index]
        switch value.kind {
        case .integer: return .integer(value.asInteger ?? 0)
        case .string: return numbers.contains(index) ? .number(value.bytes) : .text(value.bytes)
        case .decimal:
            return decimal(value)
        default:
            var text = ByteBuilder(evaluation.arena)
            RegoText.append(value, to: &text)
            return .text(text.bytes)
        }
    }
}

extension GoFormat {
    /// As in OPA what counts is how the number is written: `1.0` is an integer, `1e3` a text.
    private func decimal(_ value: Value) -> Argument {
        let text = value.bytes
        let hasExponent = text.contains { $0 | 0x20 == UInt8(ascii: "e") }
        if !hasExponent {
            if let integer = Number.writtenInteger(value) { return .integer(integer) }
            if Number.isPlainInteger(text) { return .big(text) }
        }
        guard text.contains(UInt8(ascii: ".")) else { return .text(text) }
        let double = Number.double(value)
        return double.isFinite ? .float(double) : .text(text)
    }
}

// MARK: Writing

extension GoFormat {
    mutating func write(_ value: Argument, _ verb: UInt32) throws(BuiltinError) {
        if verb == 0x54 {
            let name = value.typeName
            return pad(UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
        }
        let isWritten: Bool
        switch value {
        case .integer(let integer): isWritten = writeInteger(integer, verb)
        case .big(let digits): isWritten = try writeBig(digits, verb)
        case .float(let double): isWritten = writeFloat(double, verb)
        case .text(let bytes), .number(let bytes): isWritten = writeText(bytes, verb)
        }
        guard !isWritten else { return }
        output.append("%!")
        output.append(scalar: verb)
        output.append("(")
        output.append(value.typeName)
        output.append("=")
        try write(value, 0x76)
        output.append(")")
    }

    /// Writes `bytes` in a field of the directive's width, counted in characters.
    mutating func pad(_ bytes: UnsafeBufferPointer<UInt8>, zeros: Bool? = nil) {
        let missing = max((flags.width ?? 0) - (flags.width == nil ? 0 : Runes.count(bytes)), 0)
        if !flags.minus { fill(missing, (zeros ?? flags.zero) ? 0x30 : 0x20) }
        output.append(bytes)
        if flags.minus { fill(missing, 0x20) }
    }

    mutating func fill(_ count: Int, _ byte: UInt8) {
        var left = count
        while left > 0 {
            output.append(byte)
            left -= 1
        }
    }

    private mutating func writeText(_ bytes: UnsafeBufferPointer<UInt8>, _ verb: UInt32) -> Bool {
        switch UInt8(truncatingIfNeeded: verb) {
        case UInt8(ascii: "v") where !flags.sharpV, UInt8(ascii: "s"):
            pad(truncated(bytes))
        case UInt8(ascii: "v"), UInt8(ascii: "q"):
            writeQuoted(truncated(bytes))
        case UInt8(ascii: "x"): writeBytes(bytes, isUpper: false)
        case UInt8(ascii: "X"): writeBytes(bytes, isUpper: true)
        default: return false
        }
        return true
    }

    private func truncated(_ bytes: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8> {
        guard let precision = flags.precision else { return bytes }
        return UnsafeBufferPointer(rebasing: bytes[..<Runes.offset(bytes, precision)])
    }

    private mutating func writeQuoted(_ bytes: UnsafeBufferPointer<UInt8>) {
        var quoted = ByteBuilder(evaluation.arena)
        if flags.sharp && canBackquote(bytes) {
            quoted.append("`")
            quoted.append(bytes)
            quoted.append("`")
        } else {
            RegoText.appendQuoted(bytes, onlyASCII: flags.plus, to: &quoted)
        }
        pad(quoted.bytes)
    }

    /// True for one line without control characters and backquotes.
    private func canBackquote(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        UTF8Text.isValid(bytes)
            && bytes.allSatisfy { ($0 >= 0x20 || $0 == 0x09) && $0 != 0x60 && $0 != 0x7F }
    }

    /// `%x` of a string.
    private mutating func writeBytes(_ bytes: UnsafeBufferPointer<UInt8>, isUpper: Bool) {
        let count = min(bytes.count, flags.precision ?? .max)
        var text = ByteBuilder(evaluation.arena, capacity: count * 2 + 2)
        for index in 0..<count {
            if flags.space && index > 0 { text.append(" ") }
            if flags.sharp && (flags.space || index == 0) { text.append(isUpper ? "0X" : "0x") }
            RegoText.appendHexadecimal(UInt32(bytes[index]), digits: 2, isUpper: isUpper, to: &text)
        }
        pad(text.bytes)
    }
}
