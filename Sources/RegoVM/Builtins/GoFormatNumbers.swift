// SPDX-License-Identifier: Apache-2.0
import BigInt

// Numbers in `sprintf`.

extension GoFormat {
    mutating func writeInteger(_ integer: Int64, _ verb: UInt32) -> Bool {
        switch UInt8(truncatingIfNeeded: verb) {
        case UInt8(ascii: "v"), UInt8(ascii: "d"): writeInteger(integer, base: 10, verb)
        case UInt8(ascii: "b"): writeInteger(integer, base: 2, verb)
        case UInt8(ascii: "o"), UInt8(ascii: "O"): writeInteger(integer, base: 8, verb)
        case UInt8(ascii: "x"), UInt8(ascii: "X"): writeInteger(integer, base: 16, verb)
        case UInt8(ascii: "c"): writeCharacter(integer, quoted: false)
        case UInt8(ascii: "q"): writeCharacter(integer, quoted: true)
        case UInt8(ascii: "U"): writeUnicode(integer)
        default: return false
        }
        return true
    }

    private mutating func writeInteger(_ integer: Int64, base: UInt64, _ verb: UInt32) {
        if flags.precision == 0 && integer == 0 { return fill(flags.width ?? 0, 0x20) }
        let isUpper = verb == 0x58
        let hasSign = integer < 0 || flags.plus || flags.space
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 64) { buffer in
            var start = 64
            var rest = integer.magnitude
            repeat {
                start -= 1
                let digit = UInt8(rest % base)
                buffer[start] = digit < 10 ? 0x30 + digit : (isUpper ? 0x41 : 0x61) + digit - 10
                rest /= base
            } while rest > 0
            var least = flags.precision ?? 0
            if flags.precision == nil, flags.zero, !flags.minus, let width = flags.width {
                least = hasSign ? width - 1 : width
            }
            var text = ByteBuilder(evaluation.arena, capacity: 80)
            if hasSign { text.append(UInt8(integer < 0 ? 0x2D : flags.plus ? 0x2B : 0x20)) }
            if verb == 0x4F { text.append("0o") }
            if flags.sharp {
                appendPrefix(base, isUpper, first: buffer[start], least > 64 - start, to: &text)
            }
            for _ in 0..<max(least - (64 - start), 0) { text.append(UInt8(ascii: "0")) }
            text.append(UnsafeBufferPointer(rebasing: buffer[start...]))
            pad(text.bytes, zeros: false)
        }
    }

    private func appendPrefix(
        _ base: UInt64, _ isUpper: Bool, first: UInt8, _ isPadded: Bool, to text: inout ByteBuilder
    ) {
        switch base {
        case 2: text.append("0b")
        case 8: if first != 0x30 && !isPadded { text.append("0") }
        case 16: text.append(isUpper ? "0X" : "0x")
        default: break
        }
    }

    private mutating func writeCharacter(_ integer: Int64, quoted: Bool) {
        var scalar = UInt32(exactly: integer) ?? Runes.replacement
        if Unicode.Scalar(scalar) == nil { scalar = Runes.replacement }
        var text = ByteBuilder(evaluation.arena, capacity: 16)
        if quoted {
            text.append("'")
            RegoText.appendScalar(scalar, quote: 0x27, flags.plus, to: &text)
            text.append("'")
        } else {
            text.append(scalar: scalar)
        }
        pad(text.bytes)
    }

    private mutating func writeUnicode(_ integer: Int64) {
        let digits = String(UInt64(bitPattern: integer), radix: 16, uppercase: true)
        var text = ByteBuilder(evaluation.arena)
        text.append("U+")
        for _ in 0..<max(max(flags.precision ?? 4, 4) - digits.utf8.count, 0) { text.append("0") }
        text.append(evaluation.string(digits).bytes)
        if flags.sharp, let scalar = UInt32(exactly: integer), Runes.isPrintable(scalar) {
            text.append(" '")
            text.append(scalar: scalar)
            text.append("'")
        }
        pad(text.bytes, zeros: false)
    }

    /// An integer beyond 64 bits, as Go's `big.Int` formats itself.
    mutating func writeBig(_ decimal: UnsafeBufferPointer<UInt8>, _ verb: UInt32)
        throws(BuiltinError) -> Bool
    {
        let isNegative = decimal[0] == UInt8(ascii: "-")
        var digits = UnsafeBufferPointer(rebasing: decimal[(isNegative ? 1 : 0)...])
        var prefix: StaticString = ""
        let sharp = flags.sharp || flags.sharpV
        switch UInt8(truncatingIfNeeded: verb) {
        case UInt8(ascii: "d"), UInt8(ascii: "s"), UInt8(ascii: "v"): break
        case UInt8(ascii: "b"):
            digits = try radix(decimal, 2, false)
            if sharp { prefix = "0b" }
        case UInt8(ascii: "o"):
            digits = try radix(decimal, 8, false)
            if sharp { prefix = "0" }
        case UInt8(ascii: "O"):
            digits = try radix(decimal, 8, false)
            prefix = "0o"
        case UInt8(ascii: "x"):
            digits = try radix(decimal, 16, false)
            if sharp { prefix = "0x" }
        case UInt8(ascii: "X"):
            digits = try radix(decimal, 16, true)
            if sharp { prefix = "0X" }
        default:
            output.append("%!")
            output.append(scalar: verb)
            output.append("(big.Int=")
            output.append(decimal)
            output.append(")")
            return true
        }
        let hasSign = isNegative || flags.plus || flags.plusV || flags.space
        var zeros = max((flags.precision ?? 0) - digits.count, 0)
        let length = (hasSign ? 1 : 0) + prefix.utf8CodeUnitCount + zeros + digits.count
        let missing = max((flags.width ?? 0) - length, 0)
        let isZeroFilled = !flags.minus && flags.zero && flags.precision == nil
        if isZeroFilled { zeros += missing }
        if !flags.minus && !isZeroFilled { fill(missing, 0x20) }
        if hasSign {
            output.append(UInt8(isNegative ? 0x2D : flags.plus || flags.plusV ? 0x2B : 0x20))
        }
        output.append(prefix)
        fill(zeros, 0x30)
        output.append(digits)
        if flags.minus { fill(missing, 0x20) }
        return true
    }

    private func radix(
        _ decimal: UnsafeBufferPointer<UInt8>, _ radix: Int, _ isUpper: Bool
    ) throws(BuiltinError) -> UnsafeBufferPointer<UInt8> {
        let text = DecimalText(decimal)
        try text.checkSize()
        try evaluation.charge(digits: abs(text.magnitude) + decimal.count)
        let magnitude = text.digits * BigUInt(10).power(max(0, text.magnitude - text.digitCount))
        return evaluation.string(String(magnitude, radix: radix, uppercase: isUpper)).bytes
    }

    mutating func writeFloat(_ double: Double, _ verb: UInt32) -> Bool {
        var text = ByteBuilder(evaluation.arena, capacity: 64)
        switch UInt8(truncatingIfNeeded: verb) {
        case UInt8(ascii: "v"), UInt8(ascii: "g"):
            appendGeneral(double, UInt8(ascii: "e"), to: &text)
        case UInt8(ascii: "G"): appendGeneral(double, UInt8(ascii: "E"), to: &text)
        case UInt8(ascii: "e"), UInt8(ascii: "E"):
            let precision = flags.precision ?? 6
            var digits = DecimalDigits(exactly: double, evaluation.arena)
            digits.round(to: precision + 1)
            digits.appendScientific(fraction: precision, marker: UInt8(verb), to: &text)
        case UInt8(ascii: "f"), UInt8(ascii: "F"):
            let precision = flags.precision ?? 6
            var digits = DecimalDigits(exactly: double, evaluation.arena)
            digits.round(to: digits.point + precision)
            digits.appendPlain(fraction: precision, to: &text)
        case UInt8(ascii: "b"):
            text.append(Int64(double.significandBitPattern | (double.isNormal ? 1 << 52 : 0)))
            text.append("p")
            let exponent = Int64(double.isNormal ? double.exponentBitPattern : 1) - 1075
            if exponent >= 0 { text.append("+") }
            text.append(exponent)
        case UInt8(ascii: "x"), UInt8(ascii: "X"):
            appendHexadecimal(double, isUpper: verb == 0x58, to: &text)
        default: return false
        }
        let isWhole = flags.sharp && verb != 0x62
        writeSigned(
            isWhole ? unshortened(text.bytes, verb) : text.bytes, isNegative: double.sign == .minus)
        return true
    }

    /// What `#` makes of a float: always a point, and behind `%g` and `%x` as many digits as the
    /// precision says, or six.
    private func unshortened(
        _ text: UnsafeBufferPointer<UInt8>, _ verb: UInt32
    ) -> UnsafeBufferPointer<UInt8> {
        let isHexadecimal = verb | 0x20 == 0x78
        let end =
            text.firstIndex {
                $0 | 0x20 == UInt8(ascii: "p") || !isHexadecimal && $0 | 0x20 == UInt8(ascii: "e")
            } ?? text.count
        var missing = 0
        if [0x76, 0x67, 0x47, 0x78].contains(verb) { missing = flags.precision ?? 6 }
        let isSignificant = { (byte: UInt8) in byte != 0x30 && byte != 0x2E }
        let first = text[..<end].firstIndex(where: isSignificant) ?? end
        missing -= text[first..<end].count { $0 != UInt8(ascii: ".") }
        if end == 1 && text[0] == 0x30 { missing -= 1 }
        var output = ByteBuilder(evaluation.arena, capacity: text.count + 16)
        output.append(UnsafeBufferPointer(rebasing: text[..<end]))
        if !text[..<end].contains(UInt8(ascii: ".")) { output.append(".") }
        for _ in 0..<max(missing, 0) { output.append("0") }
        output.append(UnsafeBufferPointer(rebasing: text[end...]))
        return output.bytes
    }

    /// `%g`: the shortest text, or as many digits as the precision says.
    private func appendGeneral(_ double: Double, _ marker: UInt8, to text: inout ByteBuilder) {
        var digits = DecimalDigits(shortest: double, evaluation.arena)
        var limit = 6
        if let precision = flags.precision {
            digits = DecimalDigits(exactly: double, evaluation.arena)
            digits.round(to: max(precision, 1))
            limit = max(precision, 1)
            if limit > digits.count && digits.count >= digits.point { limit = digits.count }
        }
        let exponent = digits.point - 1
        if digits.count > 0 && (exponent < -4 || exponent >= limit) {
            digits.appendScientific(fraction: max(digits.count - 1, 0), marker: marker, to: &text)
        } else {
            digits.appendPlain(fraction: max(digits.count - digits.point, 0), to: &text)
        }
    }

    /// `%x` of a float: `0x1.8p+01`; with a precision so many digits, rounded to even.
    private func appendHexadecimal(_ double: Double, isUpper: Bool, to text: inout ByteBuilder) {
        var significand = double == 0 ? 0 : double.significand.significandBitPattern | (1 << 52)
        var exponent = double == 0 ? 0 : Int64(double.exponent)
        if let precision = flags.precision, precision < 13 {
            let dropped = UInt64(52 - 4 * precision)
            let half = UInt64(1) << (dropped - 1)
            let rest = significand & ((half << 1) - 1)
            significand = significand >> dropped
            if rest > half || rest == half && significand & 1 == 1 { significand += 1 }
            significand <<= dropped
            if significand >> 53 == 1 {
                significand >>= 1
                exponent += 1
            }
        }
        text.append(isUpper ? "0X" : "0x")
        text.append(double == 0 ? "0" : "1")
        var rest = significand << 12
        var digits = 0
        while rest != 0 || digits < flags.precision ?? 0 {
            if digits == 0 { text.append(".") }
            RegoText.appendHexadecimal(UInt32(rest >> 60), digits: 1, isUpper: isUpper, to: &text)
            rest <<= 4
            digits += 1
        }
        text.append(isUpper ? "P" : "p")
        text.append(exponent < 0 ? "-" : "+")
        if abs(exponent) < 10 { text.append("0") }
        text.append(abs(exponent))
    }

    /// Zeros that fill a field stand between the sign and the digits.
    private mutating func writeSigned(_ digits: UnsafeBufferPointer<UInt8>, isNegative: Bool) {
        guard isNegative || flags.plus || flags.space else { return pad(digits) }
        let sign: UInt8 = isNegative ? 0x2D : flags.plus ? 0x2B : 0x20
        let missing = max((flags.width ?? 0) - digits.count - 1, 0)
        let isZeroFilled = flags.zero && !flags.minus
        if !flags.minus && !isZeroFilled { fill(missing, 0x20) }
        output.append(sign)
        if isZeroFilled { fill(missing, 0x30) }
        output.append(digits)
        if flags.minus { fill(missing, 0x20) }
    }
}

extension DecimalDigits {
    /// All digits of a double's magnitude.
    init(exactly double: Double, _ arena: Arena) {
        guard double != 0 else {
            self.init(BigUInt(0), power: 0, arena)
            return
        }
        let hidden: UInt64 = double.isNormal ? 1 << 52 : 0
        let exponent = Int(double.isNormal ? double.exponentBitPattern : 1) - 1075
        self.init(double.significandBitPattern | hidden, exponent: exponent, arena)
    }
}
