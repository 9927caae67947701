// SPDX-License-Identifier: Apache-2.0

/// What an entry of a threat list is compared with.
public enum ThreatKind: UInt8, Sendable, CaseIterable {
    /// A host name, with all names below it.
    case domain
    /// One IPv4 or IPv6 address.
    case address
    /// A range of addresses (CIDR).
    case range
    /// A SHA-256 hash of a body, an argument or a document.
    case hash
    /// Literal text, in any case of ASCII letters, in prompts, documents, arguments and URLs.
    case text

    /// The word in lists, policies and records.
    public var word: StaticString {
        switch self {
        case .domain: "domain"
        case .address: "address"
        case .range: "range"
        case .hash: "hash"
        case .text: "text"
        }
    }
}

/// One line of a threat list.
public struct ThreatEntry: Sendable, Equatable {
    public var kind: ThreatKind
    /// Domains in lower case without dots at their ends, hashes as lower-case hexadecimal digits,
    /// all others as the list has them.
    public var value: [UInt8]
    /// 0 to 100.
    public var severity: UInt8
    /// The list's own name of the entry; empty when it gives none.
    public var id: [UInt8] = []
    /// `phishing`, `prompt_injection`, ...; empty when the list gives none.
    public var category: [UInt8] = []

    public init(kind: ThreatKind, value: [UInt8], severity: UInt8) {
        self.kind = kind
        self.value = value
        self.severity = severity
    }
}

/// The entries of one file.
public struct ThreatList: Sendable {
    /// What policies and records call it.
    public var name: String
    public var entries: [ThreatEntry]

    public init(name: String, entries: [ThreatEntry]) {
        self.name = name
        self.entries = entries
    }
}

/// The part of a request in which something was found.
public enum ThreatPart: UInt8, Sendable, CaseIterable {
    case destination
    case url
    case arguments
    case prompt
    case documents
    case body

    /// The word in policies and records.
    public var word: StaticString {
        switch self {
        case .destination: "destination"
        case .url: "url"
        case .arguments: "arguments"
        case .prompt: "prompt"
        case .documents: "documents"
        case .body: "body"
        }
    }
}
