// SPDX-License-Identifier: Apache-2.0
import Authorization

/// What operators and detectors do to agents, and what they ask about them.
///
/// Whatever changes something is in the log before the call returns, and counts from the next check
/// on. Calls may wait for the disk: they never come from an event loop.
public protocol AgentOperations: Sendable {
    /// Agents that are remembered, the most recently seen first.
    func agents(_ filter: AgentFilter) -> [AgentSummary]
    /// Everything that is known of one agent, as `input.context` would show it, in JSON; nil when
    /// the agent is not known.
    func agent(_ id: String) -> String?

    /// Takes something from an agent: see `Restriction.name`. `isolate` is one of them.
    func restrict(_ agent: String, _ restriction: String, seconds: Int64, _ origin: Origin)
        throws(OperationFailure) -> OperationReceipt
    /// Lifts one restriction, or all of them when `restriction` is nil.
    func release(_ agent: String, _ restriction: String?, _ origin: Origin)
        throws(OperationFailure) -> OperationReceipt

    /// What a detector says of an agent or of one of its sessions.
    func signal(_ signal: AgentSignal) throws(OperationFailure) -> OperationReceipt

    /// Approvals, the newest first.
    func approvals(_ filter: ApprovalFilter) -> [Approval]
    func approval(_ id: String) -> Approval?
    func grant(_ approval: String, _ origin: Origin) throws(OperationFailure) -> Approval
    func deny(_ approval: String, _ origin: Origin) throws(OperationFailure) -> Approval
}

/// Who did it, and why; both go into the log.
public struct Origin: Sendable, Equatable {
    /// The operator's name as the API authenticated it: `unix:<uid>`, `token:<name>`,
    /// `certificate:<subject>`.
    public var operatorName: String
    public var reason: String

    public init(operatorName: String, reason: String = "") {
        self.operatorName = operatorName
        self.reason = reason
    }
}

/// The record that holds what was done.
public struct OperationReceipt: Sendable, Equatable {
    /// UUID version 7.
    public var id: String
    public init(id: String) { self.id = id }
}

/// Why an operation was not done; nothing has changed then.
public struct OperationFailure: Error, Sendable, Equatable {
    public enum Code: String, Sendable {
        case unknownAgent = "unknown_agent"
        case unknownApproval = "unknown_approval"
        /// It was granted, denied, used before, or has expired.
        case approvalDecided = "approval_decided"
        case invalidArgument = "invalid_argument"
        /// No place is left for another agent or approval.
        case full
        case logUnavailable = "log_unavailable"
    }

    public var code: Code
    public var message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}

public struct AgentFilter: Sendable {
    /// Ids that contain this text.
    public var contains = ""
    public var isRestrictedOnly = false
    public var limit = 100
    public init() {}
}

public struct AgentSummary: Sendable, Equatable {
    public var id: String
    /// Nanoseconds since 1970.
    public var lastSeen: Int64
    public var requests: UInt64
    /// Names, with nanoseconds since 1970 when each ends.
    public var restrictions: [Mark]
    public var labels: [Mark]

    public struct Mark: Sendable, Equatable {
        public var name: String
        public var expires: Int64
        public init(name: String, expires: Int64) {
            self.name = name
            self.expires = expires
        }
    }

    public init(
        id: String, lastSeen: Int64, requests: UInt64, restrictions: [Mark], labels: [Mark]
    ) {
        self.id = id
        self.lastSeen = lastSeen
        self.requests = requests
        self.restrictions = restrictions
        self.labels = labels
    }
}

/// What a detector of any kind says: a prompt-injection classifier, a runtime monitor, DLP, a
/// threat feed.
public struct AgentSignal: Sendable, Equatable {
    public var agent: String
    /// Empty: all of the agent's sessions.
    public var session = ""
    /// `prompt_injection`, `data_exfiltration`, ...: lower-case words joined by `_`.
    public var kind: String
    /// 0 to 100.
    public var severity: Int
    /// 0 to 100.
    public var confidence: Int
    public var seconds: Int64
    /// The detector's own words, for people.
    public var detail = ""
    public var origin: Origin

    public init(
        agent: String, kind: String, severity: Int, confidence: Int, seconds: Int64, origin: Origin
    ) {
        self.agent = agent
        self.kind = kind
        self.severity = severity
        self.confidence = confidence
        self.seconds = seconds
        self.origin = origin
    }
}

public struct ApprovalFilter: Sendable {
    /// nil: all.
    public var state: Approval.State?
    /// Empty: every agent's.
    public var agent = ""
    public var limit = 100
    public init() {}
}

/// A person's say over one exact action of one agent.
public struct Approval: Sendable, Equatable {
    public enum State: String, Sendable, CaseIterable {
        case pending, granted, denied, used, expired
    }

    public var id: String
    public var state: State
    public var agent: String
    public var session: String
    /// SHA-256, in hexadecimal, over what was asked for: see `ApprovalRequest`.
    public var digest: String
    public var policyRevision: String
    /// The action for people: protocol, operation, tool, resource, destination.
    public var summary: String
    /// The arguments in canonical JSON (RFC 8785), cut when long; empty when they were erased.
    public var arguments: String
    /// Where the arguments are; nil when they are nowhere but in `arguments`.
    public var text: ApprovalText?
    /// Nanoseconds since 1970.
    public var requested: Int64
    public var expires: Int64
    /// nil while pending.
    public var decidedBy: Origin?

    public init(
        id: String, state: State, agent: String, session: String, digest: String,
        policyRevision: String, summary: String, arguments: String, requested: Int64,
        expires: Int64, decidedBy: Origin? = nil
    ) {
        self.id = id
        self.state = state
        self.agent = agent
        self.session = session
        self.digest = digest
        self.policyRevision = policyRevision
        self.summary = summary
        self.arguments = arguments
        self.requested = requested
        self.expires = expires
        self.decidedBy = decidedBy
    }
}
