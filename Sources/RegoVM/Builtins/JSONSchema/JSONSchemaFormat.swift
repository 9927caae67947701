// SPDX-License-Identifier: Apache-2.0

/// The keyword `format` (draft 7, section 7.3).
enum JSONSchemaFormat {
    private static let label = "([a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9\\-]{0,61}[a-zA-Z0-9])"
    private static let expressions: [String: String] = [
        "hostname": "^\(label)(\\.\(label))*$",
        "uuid": "^(?i)[a-f0-9]{8}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{12}$",
        "json-pointer": "^(?:/(?:[^~/]|~0|~1)*)*$",
        "relative-json-pointer": "^(?:0|[1-9][0-9]*)(?:#|(?:/(?:[^~/]|~0|~1)*)*)$",
        "uri-template": "^([^{]*({[^}]*})?)*$",
    ]
    private static let hostNameLimit = 256

    /// Formats that are not known match everything.
    static func matches(
        _ value: Value, _ format: String, _ evaluation: Evaluation
    ) throws(BuiltinError) -> Bool {
        let text = value.asString ?? ""
        switch format {
        case "date": return isTime(value, ["2006-01-02"])
        case "time": return isTime(value, ["15:04:05Z07:00", "15:04:05"])
        case "date-time":
            return isTime(value, ["15:04:05", "15:04:05Z07:00", "2006-01-02", TimeLayout.rfc3339])
        case "email", "idn-email": return MailAddress.isValid(text)
        case "ipv4", "ipv6":
            return IPAddress(Array(value.bytes)) != nil
                && value.bytes.contains(UInt8(ascii: format == "ipv4" ? "." : ":"))
        case "uri", "iri", "uri-reference", "iri-reference", "uri-template":
            return try isReference(text, format, evaluation)
        case "hostname":
            if text.utf8.count >= hostNameLimit { return false }
            return try expression(format, value, evaluation)
        case "uuid", "json-pointer", "relative-json-pointer":
            return try expression(format, value, evaluation)
        case "regex":
            return value.count == 0 || (try? PatternCache.of(evaluation).expression(value)) != nil
        default: return true
        }
    }

    private static func isTime(_ value: Value, _ layouts: [String]) -> Bool {
        layouts.contains { (try? TimeParser.parse(Array(value.bytes), layout: $0)) != nil }
    }

    private static func expression(
        _ format: String, _ value: Value, _ evaluation: Evaluation
    ) throws(BuiltinError) -> Bool {
        guard let text = expressions[format] else { return true }
        return try PatternCache.of(evaluation).expression(evaluation.string(text)).matches(
            value.bytes)
    }

    private static func isReference(
        _ text: String, _ format: String, _ evaluation: Evaluation
    ) throws(BuiltinError) -> Bool {
        guard let reference = try? URIReference(text), !text.contains("\\") else { return false }
        switch format {
        case "uri", "iri": return !reference.scheme.isEmpty
        case "uri-template":
            return try expression(format, evaluation.string(reference.path), evaluation)
        default: return true
        }
    }
}

/// Mail addresses with an optional name before them (RFC 5322 section 3.4).
enum MailAddress {
    static func isValid(_ text: String) -> Bool {
        var address = Array(text.utf8)[...]
        while let byte = address.first, byte == 0x20 || byte == 0x09 { address.removeFirst() }
        while let byte = address.last, byte == 0x20 || byte == 0x09 { address.removeLast() }
        if address.last == UInt8(ascii: ">") {
            guard let open = address.lastIndex(of: UInt8(ascii: "<")) else { return false }
            guard isName(address[..<open]) else { return false }
            address = address[(open + 1)...].dropLast()
        }
        guard let at = address.lastIndex(of: UInt8(ascii: "@")) else { return false }
        return isLocal(address[..<at]) && isDomain(address[(at + 1)...])
    }

    private static func isAtom(_ text: ArraySlice<UInt8>) -> Bool {
        !text.isEmpty
            && text.allSatisfy { byte in
                byte >= 0x80 || "!#$%&'*+-/=?^_`{|}~".utf8.contains(byte)
                    || (byte >= 0x30 && byte <= 0x39)
                    || (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A)
            }
    }

    private static func isDotted(_ text: ArraySlice<UInt8>) -> Bool {
        text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy(
            isAtom)
    }

    private static func isQuoted(_ text: ArraySlice<UInt8>) -> Bool {
        let quote = UInt8(ascii: "\"")
        guard text.count > 2, text.first == quote, text.last == quote else { return false }
        var isEscaped = false
        for byte in text.dropFirst().dropLast() {
            if isEscaped {
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == quote || (byte < 0x20 && byte != 0x09) {
                return false
            }
        }
        return !isEscaped
    }

    private static func isLocal(_ text: ArraySlice<UInt8>) -> Bool {
        isDotted(text) || isQuoted(text)
    }

    private static func isDomain(_ text: ArraySlice<UInt8>) -> Bool {
        if text.first == UInt8(ascii: "["), text.last == UInt8(ascii: "]") {
            return IPAddress(Array(text.dropFirst().dropLast())) != nil
        }
        return isDotted(text)
    }

    private static func isName(_ text: ArraySlice<UInt8>) -> Bool {
        var words = text
        while let byte = words.last, byte == 0x20 || byte == 0x09 { words.removeLast() }
        return isQuoted(words)
            || words.split(separator: 0x20).allSatisfy { isDotted($0) || isQuoted($0) }
    }
}
