// SPDX-License-Identifier: Apache-2.0

/// A URI reference (RFC 3986), read with the leniency and the messages of Go's net/url.
struct URIReference {
    var scheme = ""
    /// Host and port, unescaped; an IPv6 address stands in brackets.
    var host = ""
    var path = ""
    /// The path as written, when escaping `path` anew would give another text.
    var rawPath = ""
    var rawQuery = ""
    var fragment = ""
    /// What stands behind a scheme without a slash.
    var opaque = ""
    var hasUserInformation = false
    /// A question mark with nothing behind it.
    var endsWithQuestionMark = false

    init(_ text: String) throws(BuiltinError) {
        let (main, fragment) = Self.cut(text, "#")
        do {
            try parse(main)
        } catch {
            throw .failed("parse \(GoText.quoted(main)): \(error.message)")
        }
        do {
            self.fragment = try Self.unescape(Array(fragment.utf8), .fragment)
        } catch {
            throw .failed("parse \(GoText.quoted(text)): \(error.message)")
        }
    }

    var hostname: String {
        let name = splitHost.name
        return name.hasPrefix("[") && name.hasSuffix("]")
            ? String(name.dropFirst().dropLast()) : name
    }

    var port: String { splitHost.port }

    /// The path with escapes: as written when that is a valid form of it.
    var escapedPath: String {
        let isValid = rawPath.utf8.allSatisfy {
            Self.isUnreserved($0) || "!$&'()*+,;=:@[]%/".utf8.contains($0)
        }
        if !rawPath.isEmpty && isValid { return rawPath }
        return path == "*" ? path : String(decoding: Self.escapedPath(path), as: UTF8.self)
    }

    private var splitHost: (name: String, port: String) {
        let bytes = Array(host.utf8)
        guard let colon = bytes.lastIndex(of: UInt8(ascii: ":")),
            Self.isOptionalPort(bytes[colon...])
        else { return (host, "") }
        return (
            String(decoding: bytes[..<colon], as: UTF8.self),
            String(decoding: bytes[(colon + 1)...], as: UTF8.self)
        )
    }

    /// The text before and after the first `separator` (an ASCII character).
    private static func cut(_ text: String, _ separator: Character) -> (String, String) {
        guard let index = text.utf8.firstIndex(of: separator.asciiValue ?? 0) else {
            return (text, "")
        }
        return (String(text[..<index]), String(text[text.utf8.index(after: index)...]))
    }

    private mutating func parse(_ text: String) throws(BuiltinError) {
        guard !text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
            throw .failed("net/url: invalid control character in URL")
        }
        if text == "*" {
            path = "*"
            return
        }
        var rest = try takeScheme(text)
        endsWithQuestionMark =
            rest.utf8.last == UInt8(ascii: "?")
            && rest.utf8.firstIndex(of: UInt8(ascii: "?")) == rest.utf8.indices.last
        (rest, rawQuery) = Self.cut(rest, "?")
        if rest.utf8.first != UInt8(ascii: "/") {
            if !scheme.isEmpty {
                opaque = rest
                return
            }
            if Self.cut(rest, "/").0.utf8.contains(UInt8(ascii: ":")) {
                throw .failed("first path segment in URL cannot contain colon")
            }
        }
        var written = Array(rest.utf8)
        if written.starts(with: "//".utf8), !scheme.isEmpty || !written.starts(with: "///".utf8) {
            let authority = written.dropFirst(2).prefix { $0 != UInt8(ascii: "/") }
            written.removeFirst(authority.count + 2)
            try parseAuthority(String(decoding: authority, as: UTF8.self))
        }
        path = try Self.unescape(written, .path)
        if Self.escapedPath(path) != written { rawPath = String(decoding: written, as: UTF8.self) }
    }

    private mutating func takeScheme(_ text: String) throws(BuiltinError) -> String {
        for (index, byte) in text.utf8.enumerated() {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"):
                continue
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"),
                UInt8(ascii: "."):
                if index == 0 { return text }
            case UInt8(ascii: ":"):
                if index == 0 { throw .failed("missing protocol scheme") }
                let (name, rest) = Self.cut(text, ":")
                scheme = name.lowercased()
                return rest
            default: return text
            }
        }
        return text
    }

    // MARK: Authority

    private mutating func parseAuthority(_ authority: String) throws(BuiltinError) {
        let bytes = Array(authority.utf8)
        guard let at = bytes.lastIndex(of: UInt8(ascii: "@")) else {
            host = try Self.parseHost(bytes)
            return
        }
        host = try Self.parseHost(Array(bytes[(at + 1)...]))
        let user = Array(bytes[..<at])
        guard user.allSatisfy(Self.isUserInformation) else {
            throw .failed("net/url: invalid userinfo")
        }
        _ = try Self.unescape(user, .userInformation)
        hasUserInformation = true
    }

    private static func isUserInformation(_ byte: UInt8) -> Bool {
        isUnreserved(byte) || "!$&'()*+,;=%@:".utf8.contains(byte)
    }

    private static func parseHost(_ host: [UInt8]) throws(BuiltinError) -> String {
        guard let open = host.lastIndex(of: UInt8(ascii: "[")) else {
            if let colon = host.firstIndex(of: UInt8(ascii: ":")), !isOptionalPort(host[colon...]) {
                throw invalidPort(host[colon...])
            }
            return try unescape(host, .host)
        }
        guard let close = host.lastIndex(of: UInt8(ascii: "]")) else {
            throw .failed("missing ']' in host")
        }
        guard open == 0 else { throw .failed("invalid IP-literal") }
        let port = host[(close + 1)...]
        guard isOptionalPort(port) else { throw invalidPort(port) }
        let literal = Array(host[1..<max(close, 1)])
        // %25 introduces a zone, which may use more escapes than a host (RFC 6874).
        var name: String
        if let zone = String(decoding: literal, as: UTF8.self).firstRange(of: "%25") {
            let text = String(decoding: literal, as: UTF8.self)
            name = try unescape(Array(text[..<zone.lowerBound].utf8), .host)
            name += try unescape(Array(text[zone.lowerBound...].utf8), .zone)
        } else {
            name = try unescape(literal, .host)
        }
        try checkAddress(name)
        return "[\(name)]" + String(decoding: port, as: UTF8.self)
    }

    /// Brackets may only hold an IPv6 address.
    private static func checkAddress(_ literal: String) throws(BuiltinError) {
        let address = cut(literal, "%").0
        guard let parsed = IPAddress(Array(address.utf8)), !parsed.isVersion4 else {
            throw .failed("invalid host: ParseAddr(\(GoText.quoted(literal))): unable to parse IP")
        }
    }

    private static func invalidPort(_ port: ArraySlice<UInt8>) -> BuiltinError {
        .failed("invalid port \(GoText.quoted(String(decoding: port, as: UTF8.self))) after host")
    }

    private static func isOptionalPort(_ text: ArraySlice<UInt8>) -> Bool {
        guard let first = text.first else { return true }
        return first == UInt8(ascii: ":")
            && text.dropFirst().allSatisfy { $0 >= 0x30 && $0 <= 0x39 }
    }

    // MARK: Escapes

    private enum Part {
        case path, host, zone, userInformation, fragment
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
            UInt8(ascii: "."), UInt8(ascii: "~"):
            true
        default: false
        }
    }

    private static func isHostByte(_ byte: UInt8) -> Bool {
        isUnreserved(byte) || "!$&'()*+,;=:[]<>\"".utf8.contains(byte)
    }

    private static func unescape(_ text: [UInt8], _ part: Part) throws(BuiltinError) -> String {
        var output: [UInt8] = []
        var index = 0
        while index < text.count {
            let byte = text[index]
            if byte == UInt8(ascii: "%") {
                output.append(try escape(text[index...].prefix(3), part))
                index += 3
                continue
            }
            if part == .host || part == .zone, byte < 0x80, !isHostByte(byte) {
                let character = GoText.quoted(String(Unicode.Scalar(byte)))
                throw .failed("invalid character \(character) in host name")
            }
            output.append(byte)
            index += 1
        }
        return String(decoding: output, as: UTF8.self)
    }

    /// The byte that `%xx` stands for.
    private static func escape(
        _ text: ArraySlice<UInt8>, _ part: Part
    ) throws(BuiltinError) -> UInt8 {
        let invalid = BuiltinError.failed(
            "invalid URL escape \(GoText.quoted(String(decoding: text, as: UTF8.self)))")
        guard text.count == 3, let byte = GoText.bytes(hexadecimal: text.dropFirst())?.first else {
            throw invalid
        }
        let isPercent = byte == UInt8(ascii: "%")
        // A host may escape only what is not ASCII; a zone also a space.
        if part == .host && byte < 0x80 && !isPercent { throw invalid }
        if part == .zone && !isPercent && byte != 0x20 && !isHostByte(byte) { throw invalid }
        return byte
    }

    private static func escapedPath(_ path: String) -> [UInt8] {
        var output: [UInt8] = []
        for byte in path.utf8 {
            if isUnreserved(byte) || "$&+,/:;=@".utf8.contains(byte) {
                output.append(byte)
            } else {
                output.append(UInt8(ascii: "%"))
                output += GoText.hexadecimal([byte]).uppercased().utf8
            }
        }
        return output
    }
}
