// SPDX-License-Identifier: Apache-2.0
import Authorization
import DecisionLog
import Inspection
import Server
import Telemetry

extension Configuration.Listen {
    mutating func read(_ section: Section) {
        let unix = section.list("unix", [], expected: "the path of a socket") { path in
            path.isEmpty || path.utf8.count > 107 ? nil : ListenAddress.unix(path: path)
        }
        let fallback = section.has("unix") ? [] : addresses
        let tcp = section.list("tcp", fallback, expected: "`host:port`", Self.address)
        addresses = tcp + unix
        if addresses.isEmpty {
            section.reject("tcp", "expected at least one address", hint: "such as `127.0.0.1:9191`")
        }
        readTLS(section)
    }

    /// `127.0.0.1:9191`, `[::1]:9191`, `localhost:9191`.
    static func address(_ text: String) -> ListenAddress? {
        guard let colon = text.lastIndex(of: ":"),
            let port = UInt16(text[text.index(after: colon)...])
        else { return nil }
        var host = text[..<colon]
        if host.hasPrefix("[") && host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        return host.isEmpty ? nil : .tcp(host: String(host), port: port)
    }
}

extension Configuration.Scopes {
    mutating func read(_ section: Section) {
        header = section.text("header", header, expected: "a header name", HeaderName.parse)
        separator = section.text(
            "separator", separator, expected: "one character that is no letter or digit"
        ) {
            text in
            guard text.utf8.count == 1, let byte = text.utf8.first, byte >= 0x20, byte < 0x7F else {
                return nil
            }
            return Character(text).isLetter || Character(text).isNumber ? nil : byte
        }
    }
}

/// Names of request headers.
enum HeaderName {
    /// In lower case, as Envoy sends them; nil for what is no token (RFC 9110 section 5.6.2).
    static func parse(_ text: String) -> String? {
        let isToken =
            !text.isEmpty
            && text.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
                    || (0x61...0x7A).contains(byte)
                    || "!#$%&'*+-.^_`|~".utf8.contains(byte)
            }
        return isToken ? text.lowercased() : nil
    }
}

extension Configuration.Agents {
    mutating func read(_ section: Section) {
        key = section.text(
            "key", key, expected: "`principal`, `extension:<name>` or `header:<name>`", Self.key)
        trustDomains = section.list(
            "trust_domains", trustDomains, expected: "a SPIFFE trust domain"
        ) {
            text in
            var text = text
            let isDomain = text.withUTF8 {
                SPIFFEID.isTrustDomain(.init(UnsafeRawBufferPointer($0)))
            }
            return isDomain ? text : nil
        }
        maximum = section.integer("maximum", maximum, in: 0...10_000_000)
        lookBack = section.duration(
            "look_back", lookBack, in: 3_600_000_000_000...87_600 * 3_600_000_000_000)
    }

    private static func key(_ text: String) -> AgentKey? {
        if text == "principal" { return .principal }
        guard let colon = text.firstIndex(of: ":") else { return nil }
        let name = String(text[text.index(after: colon)...])
        switch text[..<colon] {
        case "extension": return name.isEmpty ? nil : .contextExtension(name)
        case "header": return HeaderName.parse(name).map { .header($0) }
        default: return nil
        }
    }
}

extension Configuration.Log {
    mutating func read(_ section: Section) {
        isEnabled = section.flag("enabled", isEnabled)
        directory = section.text("directory", directory, expected: "the path of a folder") {
            $0.isEmpty ? nil : $0
        }
        while directory.count > 1 && directory.hasSuffix("/") { directory.removeLast() }
        journal = section.text("journal", directory + ".journal")
        key = section.text("key", directory + ".key")
        responders = section.text("responders", directory + ".responders")
        threats = section.text("threats", directory + ".threats")
        origin = section.text("origin", origin, expected: "a name without spaces and `+`") { text in
            let isName =
                !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F && $0 != 0x2B }
            return isName ? text : nil
        }
        isCreatedFirst = section.choice(
            "create", isCreatedFirst, [("first", true), ("never", false)])
        options.durability = section.choice(
            "durability", options.durability,
            LogConfiguration.Durability.allCases.map { ($0.rawValue, $0) })
        options.onFailure = section.choice(
            "on_failure", options.onFailure,
            LogConfiguration.OnFailure.allCases.map { ($0.rawValue, $0) })
        options.checkpointInterval = section.duration(
            "checkpoint_interval", options.checkpointInterval, in: 10_000_000...3_600_000_000_000)
        options.segmentBytes = Int(
            section.size("segment", Int64(options.segmentBytes), in: 1 << 20...1 << 30))
        options.journalBytes = Int(
            section.size("backlog", Int64(options.journalBytes), in: 16 << 20...1 << 40))
        checkpoints.read(section.section("checkpoints"))
        witnesses = section.list(
            "witnesses", [], expected: "`VERIFIER-KEY URL`", Configuration.WitnessAddress.init)
        if section.has("quorum") {
            quorum = section.integer("quorum", witnesses.count, in: 1...max(1, witnesses.count))
        }
        readContent(section)
        if journal == directory || journal.hasPrefix(directory + "/") {
            section.reject("journal", "expected a folder outside of the log's, got `\(journal)`")
        }
        if responders == directory || responders.hasPrefix(directory + "/") {
            section.reject(
                "responders", "expected a folder outside of the log's, got `\(responders)`")
        }
        if threats == directory || threats.hasPrefix(directory + "/") {
            section.reject("threats", "expected a folder outside of the log's, got `\(threats)`")
        }
        if key.hasPrefix(directory + "/") {
            section.reject("key", "expected a file outside of the log's folder, got `\(key)`")
        }
    }
}

extension Configuration.Log {
    private mutating func readContent(_ section: Section) {
        contentDirectory = section.text("content_directory", directory + ".content")
        content.kept = section.choice(
            "content", content.kept,
            ContentConfiguration.Kept.allCases.map { ($0.rawValue, $0) })
        content.age = section.duration(
            "content_age", content.age, in: 1_000_000_000...87_600 * 3_600_000_000_000)
        content.size = Int(
            section.size("content_size", Int64(content.size), in: 64 << 20...1 << 50))
        content.limit = Int(
            section.size("content_limit", Int64(content.limit), in: 1 << 10...64 << 20))
        let inside = contentDirectory == directory || contentDirectory.hasPrefix(directory + "/")
        if inside || contentDirectory == journal {
            section.reject(
                "content_directory",
                "expected a folder apart from log and journal, got `\(contentDirectory)`")
        }
    }
}

extension Configuration.Limits {
    mutating func read(_ section: Section) {
        message = section.size("message", message, in: 64 << 10...64 << 20)
        connections = section.integer("connections", connections, in: 1...1_000_000)
        deadline = section.duration("deadline", deadline, in: 1_000_000...60_000_000_000)
        drain = section.duration("drain", drain, in: 0...600_000_000_000)
        work = section.integer("work", work, in: 1000...1_000_000_000_000)
        answer = section.size("answer", answer, in: 1 << 10...64 << 20)
        memory = section.size("memory", memory, in: 1 << 20...4 << 30)
        remembered = section.size("remembered", remembered, in: 0...1 << 30)
    }
}

extension Configuration.Telemetry {
    mutating func read(_ section: Section) {
        level = section.choice("level", level, LogLevel.allCases.map { ($0.word, $0) })
        format = section.choice("format", format, LogFormat.allCases.map { ($0.rawValue, $0) })
    }
}
