// SPDX-License-Identifier: Apache-2.0
import Authorization
import Responders
import Yams

extension Configuration {
    /// An element of `responders`: somebody to call when a restriction starts, by a decision or an
    /// operator. Calls are made at least once, with `Idempotency-Key`, and need the log.
    ///
    /// `url` (after the host), `headers` and strings of `body` may hold `${agent}`,
    /// `${agent.name}` (the last part of its path), `${agent.trust_domain}`, `${restriction}`,
    /// `${seconds}`, `${record}` (the id of the record that started it), `${time}`, `${reason}`,
    /// `${operator}`, `${responder}`; headers and body `${secret:<name>}` too.
    struct ResponderEntry {
        /// `name`: for the log and metrics.
        var name = ""
        /// `on`: the restrictions that it answers to; `no_tool:` stands for all that begin so.
        /// Default: all.
        var restrictions: [String] = []
        /// `method`. Default `POST`.
        var method = "POST"
        /// `url`: `https://host/...`; the host is fixed.
        var url = ""
        /// `headers`: names and values.
        var headers: [(name: String, value: Template)] = []
        /// `body`: JSON, written as YAML. Default, for methods that have one: what is known of the
        /// restriction.
        var body: BodyTemplate?
        /// `secrets`: names, and files that only their owner may be able to read. They are read
        /// for each attempt, so a changed one counts at once.
        var secrets: [String: String] = [:]
        /// `authorities`: a PEM file with those to trust in the place of the system's.
        var authorities: String?
        /// `certificate` and `key`: PEM files, for mutual TLS.
        var certificate: String?
        var key: String?
        /// `timeout` of one attempt.
        var timeout = Responders.Limits.timeout
        /// `attempts`, 1 to 100, and the `pause` before the second one; each further pause is
        /// twice as long, up to five minutes.
        var attempts = Responders.Limits.defaultAttempts
        var pause = Responders.Limits.pause
        /// `accept`: statuses that count as done besides 200 to 299, such as 404 for what is gone.
        var accepted: [Int] = []
    }
}

extension Configuration.ResponderEntry {
    private static let methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]

    /// `responders`; errors are the sections'.
    static func list(_ root: Section, log: Configuration.Log) -> [Configuration.ResponderEntry] {
        let sections = root.sections("responders")
        let entries = sections.map { section in
            var entry = Configuration.ResponderEntry()
            entry.read(section)
            return entry
        }
        if !entries.isEmpty, !log.isEnabled {
            root.reject("responders", "expected `log.enabled`: they follow the log")
        }
        if Set(entries.map(\.name)).count < entries.count {
            root.reject("responders", "expected each name once")
        }
        if entries.count > Responders.Limits.responders {
            root.reject(
                "responders",
                "expected at most \(Responders.Limits.responders), got "
                    + "\(entries.count)")
        }
        return entries
    }

    private mutating func read(_ section: Section) {
        name = section.text("name", "")
        if name.isEmpty || !name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) {
            section.reject("name", "expected a name without spaces, got `\(name)`")
        }
        restrictions = section.list(
            "on", [], expected: "\(RestrictionName.list), or their beginnings up to `:`"
        ) { RestrictionName.isPattern($0) ? $0 : nil }
        method = section.choice("method", method, Self.methods.map { ($0, $0) })
        url = section.text("url", "")
        headers = section.texts("headers").compactMap { name, text in
            guard HeaderName.parse(name) != nil else {
                section.reject("headers", "expected a header name, got `\(name)`")
                return nil
            }
            return template(text, "headers", section).map { (name, $0) }
        }
        body = section.document("body").flatMap { document($0, section) }
        secrets = Dictionary(section.texts("secrets")) { first, _ in first }
        authorities = section.optionalText("authorities")
        certificate = section.optionalText("certificate")
        key = section.optionalText("key")
        timeout = section.duration("timeout", timeout, in: 10_000_000...300_000_000_000)
        pause = section.duration("pause", pause, in: 1_000_000...300_000_000_000)
        attempts = section.integer("attempts", attempts, in: Responders.Limits.attempts)
        accepted = section.list("accept", [], expected: "an HTTP status") { text in
            Int(text).flatMap { (100...599).contains($0) ? $0 : nil }
        }
        check(section)
    }

    private func check(_ section: Section) {
        if (certificate == nil) != (key == nil) {
            section.reject("certificate", "expected `certificate` and `key` together")
        }
        do {
            _ = try Responder(name: name, url: try Template(url))
        } catch let error as Template.Malformed {
            section.reject("url", "\(error.reason), got `\(url)`")
        } catch let error as Responder.Invalid {
            section.reject("url", "\(error.reason), got `\(url)`")
        } catch {
            section.reject("url", "\(error)")
        }
        let used = headers.flatMap(\.value.secrets) + (body?.secrets ?? [])
        for name in used where secrets[name] == nil {
            section.reject("secrets", "expected a file for `${secret:\(name)}`")
        }
    }

    private func template(_ text: String, _ name: String, _ section: Section) -> Template? {
        do throws(Template.Malformed) {
            return try Template(text)
        } catch {
            section.reject(name, "\(error.reason), got `\(text)`")
            return nil
        }
    }

    /// YAML's values as JSON's.
    private func document(_ node: Node, _ section: Section) -> BodyTemplate? {
        switch node {
        case .scalar(let scalar):
            switch node.tag.description {
            case Tag.Name.null.rawValue: return .word("null")
            case Tag.Name.bool.rawValue:
                return .word(Bool.construct(from: scalar) == true ? "true" : "false")
            case Tag.Name.int.rawValue:
                if let number = Int.construct(from: scalar) { return .word(String(number)) }
            case Tag.Name.float.rawValue:
                if let number = Double.construct(from: scalar), number.isFinite {
                    return .word("\(number)")
                }
            default: break
            }
            return template(scalar.string, "body", section).map { .text($0) }
        case .sequence(let sequence):
            return .array(sequence.compactMap { document($0, section) })
        case .mapping(let mapping):
            return .object(
                mapping.compactMap { key, value in
                    guard let name = key.scalar?.string,
                        let value = document(value, section)
                    else { return nil }
                    return (name, value)
                })
        case .alias:
            section.reject("body", "expected no alias")
            return nil
        }
    }
}
