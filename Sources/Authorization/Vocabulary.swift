// SPDX-License-Identifier: Apache-2.0

/// What kind of traffic a request is.
public enum TrafficProtocol: UInt8, Sendable, CaseIterable {
    case unknown
    case http
    case mcp
    case a2a
    case llm
    case vault
    case kubernetes
    case sql

    /// The word in policies, records and metrics.
    public var word: StaticString {
        switch self {
        case .unknown: "unknown"
        case .http: "http"
        case .mcp: "mcp"
        case .a2a: "a2a"
        case .llm: "llm"
        case .vault: "vault"
        case .kubernetes: "kubernetes"
        case .sql: "sql"
        }
    }
}

/// What a request does to the world if it goes through.
public enum Effect: UInt8, Sendable, CaseIterable {
    case unknown
    case read
    case write
    /// Runs something whose own effects are not visible in the request: a tool, a command.
    case execute
    /// Makes another agent act.
    case delegate
    /// Reads credentials.
    case secret
    /// Carries data to a destination outside.
    case egress

    /// The word in policies, records and metrics.
    public var word: StaticString {
        switch self {
        case .unknown: "unknown"
        case .read: "read"
        case .write: "write"
        case .execute: "execute"
        case .delegate: "delegate"
        case .secret: "secret"
        case .egress: "egress"
        }
    }
}

/// Who vouches for a fact.
public enum Provenance: UInt8, Sendable {
    /// Nobody said it.
    case absent
    /// The client said it; anybody could have.
    case claimed
    /// Envoy established it: a verified certificate, its own configuration, one of its filters.
    case attested

    /// The word in policies and records.
    public var word: StaticString {
        switch self {
        case .absent: "absent"
        case .claimed: "claimed"
        case .attested: "attested"
        }
    }
}
