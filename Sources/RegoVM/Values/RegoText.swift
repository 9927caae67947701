// SPDX-License-Identifier: Apache-2.0

/// Writes values as Rego source, the way OPA prints terms: `{"a": [1, 2], "b": {3}}`.
enum RegoText {
    static func append(_ value: Value, to output: inout ByteBuilder) {
        switch value.kind {
        case .undefined, .builder: output.append("undefined")
        case .null, .boolean, .integer, .decimal: JSONWriter.append(value, to: &output)
        case .string: appendQuoted(value.bytes, to: &output)
        case .array: appendList(value, "[", "]", to: &output)
        case .set:
            if value.count == 0 { return output.append("set()") }
            appendList(value, "{", "}", to: &output)
        case .object:
            output.append("{")
            for index in 0..<value.count {
                if index > 0 { output.append(", ") }
                append(value.keys[index], to: &output)
                output.append(": ")
                append(value.values[index], to: &output)
            }
            output.append("}")
        }
    }

    private static func appendList(
        _ value: Value, _ open: StaticString, _ close: StaticString, to output: inout ByteBuilder
    ) {
        output.append(open)
        for index in 0..<value.count {
            if index > 0 { output.append(", ") }
            append(value.elements[index], to: &output)
        }
        output.append(close)
    }

    /// A string as `print` shows it: bare at the top, Rego source for everything else.
    static func appendBare(_ value: Value, to output: inout ByteBuilder) {
        if value.isString { output.append(value.bytes) } else { append(value, to: &output) }
    }

    /// Go's `strconv.Quote`; with `onlyASCII` its `QuoteToASCII`.
    static func appendQuoted(
        _ bytes: UnsafeBufferPointer<UInt8>, onlyASCII: Bool = false, to output: inout ByteBuilder
    ) {
        output.append(UInt8(ascii: "\""))
        var index = 0
        while index < bytes.count {
            let (scalar, length) = Runes.decode(bytes, index)
            if scalar == Runes.replacement && length == 1 {
                output.append("\\x")
                appendHexadecimal(UInt32(bytes[index]), digits: 2, to: &output)
            } else {
                appendScalar(scalar, quote: 0x22, onlyASCII, to: &output)
            }
            index += length
        }
        output.append(UInt8(ascii: "\""))
    }

    /// One character inside quotes, escaped where Go escapes it.
    static func appendScalar(
        _ scalar: UInt32, quote: UInt32, _ onlyASCII: Bool, to output: inout ByteBuilder
    ) {
        if scalar == quote || scalar == 0x5C {
            output.append(UInt8(ascii: "\\"))
            return output.append(UInt8(scalar))
        }
        if Runes.isPrintable(scalar) && (scalar < 0x80 || !onlyASCII) {
            return output.append(scalar: scalar)
        }
        switch scalar {
        case 0x07: output.append("\\a")
        case 0x08: output.append("\\b")
        case 0x0C: output.append("\\f")
        case 0x0A: output.append("\\n")
        case 0x0D: output.append("\\r")
        case 0x09: output.append("\\t")
        case 0x0B: output.append("\\v")
        case 0..<0x20, 0x7F:
            output.append("\\x")
            appendHexadecimal(scalar, digits: 2, to: &output)
        case 0..<0x10000:
            output.append("\\u")
            appendHexadecimal(scalar, digits: 4, to: &output)
        default:
            output.append("\\U")
            appendHexadecimal(scalar, digits: 8, to: &output)
        }
    }

    static func appendHexadecimal(
        _ value: UInt32, digits: Int, isUpper: Bool = false, to output: inout ByteBuilder
    ) {
        let letters: StaticString = isUpper ? "0123456789ABCDEF" : "0123456789abcdef"
        for position in (0..<digits).reversed() {
            output.append(letters.utf8Start[Int(value >> UInt32(position * 4) & 15)])
        }
    }
}

extension ByteBuilder {
    mutating func append(scalar: UInt32) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 4) { buffer in
            guard let base = buffer.baseAddress else { return }
            let count = UTF8Text.encode(scalar, into: base)
            append(UnsafeBufferPointer(start: base, count: count))
        }
    }
}
