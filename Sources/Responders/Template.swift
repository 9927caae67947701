// SPDX-License-Identifier: Apache-2.0

/// Text with places for what is known when a call is made: `${agent}`, `${secret:vault}`.
public struct Template: Sendable, Equatable {
    enum Part: Sendable, Equatable {
        case literal(String)
        case value(Placeholder)
    }

    let parts: [Part]

    public struct Malformed: Error, Equatable {
        public let reason: String
    }

    /// `$${` stands for `${`.
    public init(_ text: String) throws(Malformed) {
        var parts: [Part] = []
        var literal = ""
        var rest = text[...]
        while let dollar = rest.firstIndex(of: "$") {
            literal += rest[..<dollar]
            rest = rest[dollar...]
            if rest.hasPrefix("$${") {
                literal += "${"
                rest = rest.dropFirst(3)
            } else if rest.hasPrefix("${") {
                guard let end = rest.firstIndex(of: "}") else {
                    throw Malformed(reason: "expected `}` after `${`")
                }
                let name = String(rest.dropFirst(2)[..<end])
                guard let value = Placeholder(name) else {
                    throw Malformed(reason: "unknown placeholder `${\(name)}`")
                }
                if !literal.isEmpty { parts.append(.literal(literal)) }
                literal = ""
                parts.append(.value(value))
                rest = rest[rest.index(after: end)...]
            } else {
                literal += "$"
                rest = rest.dropFirst()
            }
        }
        literal += rest
        if !literal.isEmpty { parts.append(.literal(literal)) }
        self.parts = parts
    }

    /// What the text begins with, up to the first placeholder.
    var prefix: String {
        if case .literal(let text)? = parts.first { text } else { "" }
    }

    public var secrets: [String] {
        parts.compactMap { if case .value(.secret(let name)) = $0 { name } else { nil } }
    }

    /// - Parameter encode: is applied to each value, not to the text around them.
    func text(
        _ values: Values, encode: (String) throws(CallFault) -> String = { text in text }
    ) throws(CallFault) -> String {
        var result = ""
        for part in parts {
            switch part {
            case .literal(let text): result += text
            case .value(let placeholder): result += try encode(try values[placeholder])
            }
        }
        return result
    }
}

/// What can stand in a template.
enum Placeholder: Sendable, Equatable {
    /// The agent's id.
    case agent
    /// The last part of the id's path: `research` of `spiffe://acme.example/agents/research`.
    case agentName
    /// `acme.example` of that.
    case agentTrustDomain
    case restriction
    case seconds
    /// The record that started the restriction.
    case record
    /// Of that record.
    case time
    case reason
    case operatorName
    case responder
    /// A file's content.
    case secret(String)

    init?(_ name: String) {
        switch name {
        case "agent": self = .agent
        case "agent.name": self = .agentName
        case "agent.trust_domain": self = .agentTrustDomain
        case "restriction": self = .restriction
        case "seconds": self = .seconds
        case "record": self = .record
        case "time": self = .time
        case "reason": self = .reason
        case "operator": self = .operatorName
        case "responder": self = .responder
        default:
            guard name.hasPrefix("secret:"), name.utf8.count > 7 else { return nil }
            self = .secret(String(name.dropFirst(7)))
        }
    }
}

/// What the places of a template are filled with.
struct Values {
    let incident: Incident
    let responder: String
    let secrets: [String: String]

    subscript(placeholder: Placeholder) -> String {
        get throws(CallFault) {
            switch placeholder {
            case .agent: return incident.agent
            case .agentName:
                return incident.agent.split(separator: "/").last.map(String.init) ?? ""
            case .agentTrustDomain:
                guard incident.agent.hasPrefix("spiffe://") else { return "" }
                return incident.agent.dropFirst(9).split(separator: "/").first.map(String.init)
                    ?? ""
            case .restriction: return incident.restriction
            case .seconds: return String(incident.seconds)
            case .record: return incident.record
            case .time: return incident.time
            case .reason: return incident.reason
            case .operatorName: return incident.operatorName
            case .responder: return responder
            case .secret(let name):
                guard let secret = secrets[name] else {
                    throw CallFault("secret `\(name)` is not configured")
                }
                return secret
            }
        }
    }
}

/// Why an attempt failed; never holds a secret.
struct CallFault: Error, Equatable {
    let text: String
    /// Another attempt would fail the same way.
    var isFinal = false

    init(_ text: String, isFinal: Bool = false) {
        self.text = text
        self.isFinal = isFinal
    }
}
