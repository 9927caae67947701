// SPDX-License-Identifier: Apache-2.0
import Authorization

/// One step in the life of an approval, as a record of its own holds it. The approvals are a fold
/// over these steps. Each names all that identifies the approval, so that none depends on another
/// one that may be lost.
public struct ApprovalStep: Sendable {
    public enum Kind: String, Sendable, CaseIterable {
        case pending, granted, denied, used
    }

    public var kind: Kind
    public var approval: DecisionID
    /// Nanoseconds since 1970.
    public var time: Int64
    public var agent: String
    public var session: String
    /// SHA-256 in hexadecimal.
    public var digest: String
    public var policyRevision: String
    /// For people; only with `pending`.
    public var summary: String
    public var arguments: String
    /// Where the arguments are instead; nil for nowhere.
    public var text: ApprovalText?
    /// Nanoseconds since 1970.
    public var requested: Int64
    public var expires: Int64
    /// The decision that asked for it or used it; nil for a person's step.
    public var decision: DecisionID?
    /// The person; nil for a decision's step.
    public var origin: Origin?

    public init(
        kind: Kind, approval: DecisionID, time: Int64, agent: String, session: String,
        digest: String, policyRevision: String, summary: String, arguments: String,
        requested: Int64, expires: Int64, decision: DecisionID?, origin: Origin?
    ) {
        self.kind = kind
        self.approval = approval
        self.time = time
        self.agent = agent
        self.session = session
        self.digest = digest
        self.policyRevision = policyRevision
        self.summary = summary
        self.arguments = arguments
        self.requested = requested
        self.expires = expires
        self.decision = decision
        self.origin = origin
    }
}

/// Where the arguments of an approval lie beside the log, until they are erased.
public struct ApprovalText: Sendable, Equatable {
    public var segment: Int
    public var offset: Int
    public var bytes: Int
    /// Over the entry's salt and the text, as 64 hexadecimal digits.
    public var sha256: String

    public init(segment: Int, offset: Int, bytes: Int, sha256: String) {
        self.segment = segment
        self.offset = offset
        self.bytes = bytes
        self.sha256 = sha256
    }
}
