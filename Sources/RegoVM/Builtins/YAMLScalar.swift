// SPDX-License-Identifier: Apache-2.0
import Yams

/// What go-yaml (version 2) makes of a scalar.
enum YAMLScalar {
    case null
    case boolean(Bool)
    case integer(Int64)
    case unsigned(UInt64)
    case float(Double)
    case string(String)

    /// True for a scalar without quotes and without a tag.
    static func isPlain(_ scalar: Node.Scalar) -> Bool {
        scalar.style == .plain && scalar.tag.description.isEmpty
    }

    static func resolve(_ scalar: Node.Scalar) throws(BuiltinError) -> YAMLScalar {
        let tag = scalar.tag.description
        guard tag.hasPrefix("tag:yaml.org,2002:") else {
            return isPlain(scalar) ? resolve(scalar.string) : .string(scalar.string)
        }
        let type = tag.dropFirst("tag:yaml.org,2002:".count)
        switch type {
        case "null", "bool", "int", "float", "timestamp": break
        case "binary": return .string(try decoded(scalar.string))
        // `!!str` and tags that nobody knows keep the text.
        default: return .string(scalar.string)
        }
        let resolved = resolve(scalar.string)
        switch (type, resolved) {
        case ("null", .null), ("bool", .boolean), ("int", .integer), ("int", .unsigned),
            ("float", .float), ("timestamp", _):
            return resolved
        case ("float", .integer(let integer)): return .float(Double(integer))
        case ("float", .unsigned(let integer)): return .float(Double(integer))
        default:
            throw .failed("yaml: cannot decode `\(scalar.string)` as a !!\(type)")
        }
    }

    /// What a `!!binary` holds in base64, line breaks aside.
    private static func decoded(_ text: String) throws(BuiltinError) -> String {
        let digits = text.utf8.filter { $0 > UInt8(ascii: " ") }
        do throws(BuiltinError) {
            return String(decoding: try Base64Text.decode(digits, .standard), as: UTF8.self)
        } catch {
            throw .failed("yaml: !!binary value contains invalid base64 data")
        }
    }

    /// A scalar without quotes.
    static func resolve(_ text: String) -> YAMLScalar {
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON":
            return .boolean(true)
        case "n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF":
            return .boolean(false)
        case ".nan", ".NaN", ".NAN": return .float(.nan)
        case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF": return .float(.infinity)
        case "-.inf", "-.Inf", "-.INF": return .float(-.infinity)
        default: return number(text) ?? .string(text)
        }
    }

    private static func number(_ text: String) -> YAMLScalar? {
        guard let first = text.utf8.first, text.utf8.count <= 400 else { return nil }
        switch first {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"):
            let plain = text.contains("_") ? String(text.filter { $0 != "_" }) : text
            return integer(plain) ?? float(plain)
        case UInt8(ascii: "."): return float(text)
        default: return nil
        }
    }

    /// Go's `ParseInt` with base 0: `0x`, `0o`, `0b`, and a leading zero for octal.
    private static func integer(_ text: String) -> YAMLScalar? {
        var digits = text[...]
        var isNegative = false
        if let sign = digits.first, sign == "-" || sign == "+" {
            isNegative = sign == "-"
            digits = digits.dropFirst()
        }
        var radix = 10
        let lower = digits.prefix(2).lowercased()
        switch lower {
        case "0x": radix = 16
        case "0o": radix = 8
        case "0b": radix = 2
        default: break
        }
        if radix != 10 {
            digits = digits.dropFirst(2)
        } else if digits.count > 1 && digits.first == "0" {
            radix = 8
            digits = digits.dropFirst()
        }
        guard let head = digits.first, head != "+", head != "-",
            let magnitude = UInt64(digits, radix: radix)
        else { return nil }
        if isNegative {
            guard magnitude <= UInt64(Int64.max) + 1 else { return nil }
            return .integer(Int64(truncatingIfNeeded: 0 &- magnitude))
        }
        if let integer = Int64(exactly: magnitude) { return .integer(integer) }
        return text.hasPrefix("+") ? nil : .unsigned(magnitude)
    }

    /// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
    private static func float(_ text: String) -> YAMLScalar? {
        var rest = text.utf8[...]
        func skipDigits() -> Bool {
            let before = rest.count
            rest = rest.drop { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
            return rest.count < before
        }
        func skipSign() {
            if let sign = rest.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") {
                rest = rest.dropFirst()
            }
        }
        skipSign()
        let hasWhole = skipDigits()
        if rest.first == UInt8(ascii: ".") {
            rest = rest.dropFirst()
            guard skipDigits() || hasWhole else { return nil }
        } else if !hasWhole {
            return nil
        }
        if let marker = rest.first, marker | 0x20 == UInt8(ascii: "e") {
            rest = rest.dropFirst()
            skipSign()
            guard skipDigits() else { return nil }
        }
        guard rest.isEmpty else { return nil }
        // Swift wants a digit on both sides of the point.
        let padded = text.replacing(/^([-+]?)\./) { "\($0.1)0." }.replacing(/\.(?=[eE]|$)/) { _ in
            ".0"
        }
        guard let double = Double(padded), double.isFinite else { return nil }
        return .float(double)
    }

    /// Go's `FormatFloat(x, 'g', -1, 64)`.
    static func text(of double: Double) -> String {
        if double == 0 { return double.sign == .minus ? "-0" : "0" }
        let arena = Arena(chunk: 512)
        defer { arena.destroy() }
        var output = ByteBuilder(arena)
        if double < 0 { output.append("-") }
        DecimalDigits(shortest: double, arena).appendShortest(to: &output)
        return String(decoding: output.bytes, as: UTF8.self)
    }
}
