// SPDX-License-Identifier: Apache-2.0

/// The rung of the ladder that a decision stands on, mildest first.
public enum Action: UInt8, Sendable, CaseIterable {
    case allow
    /// An allow that is not certain enough: refused, and the client may come again.
    case postpone
    case requireApproval
    case restrict
    case deny
    case isolate

    /// The word in policies, records and metrics.
    public var word: StaticString {
        switch self {
        case .allow: "allow"
        case .postpone: "defer"
        case .requireApproval: "require_approval"
        case .restrict: "restrict"
        case .deny: "deny"
        case .isolate: "isolate"
        }
    }
}

/// Why a decision came out as it did: a stable code, and words for a person.
public struct Reason {
    public var code: Bytes
    public var message: Bytes
    @inlinable
    public init(code: Bytes, message: Bytes = .empty) {
        self.code = code
        self.message = message
    }
}

/// What is taken from an agent from now on, for a time.
public struct Restriction {
    /// `read_only`, `no_egress`, `no_tool:<name>`, `no_delegation`, `strip_scopes:<...>` or
    /// `isolate`.
    public var name: Bytes
    public var seconds: Int64
    @inlinable
    public init(name: Bytes, seconds: Int64) {
        self.name = name
        self.seconds = seconds
    }
}

/// A taint put on an agent's context, for a time.
public struct Label {
    public var name: Bytes
    public var seconds: Int64
    @inlinable
    public init(name: Bytes, seconds: Int64) {
        self.name = name
        self.seconds = seconds
    }
}

/// What one input gave to the risk.
public struct RiskSignal {
    /// `identity`, `destination`, ...
    public var name: Bytes
    /// -100.00 to 100.00, in hundredths.
    public var hundredths: Int
    @inlinable
    public init(name: Bytes, hundredths: Int) {
        self.name = name
        self.hundredths = hundredths
    }
}

/// The approval that a decision waits for, or that it used up.
public struct ApprovalReference: Sendable {
    public var id: DecisionID
    public var isUsed: Bool
    @inlinable
    public init(id: DecisionID, isUsed: Bool) {
        self.id = id
        self.isUsed = isUsed
    }
}

/// The answer to one Check, with everything that Envoy and the agent's context must do about it.
///
/// One instance belongs to one event loop and is filled again for each Check; its slices point
/// into the request message, the loop's arena or the policy. `isAllowed` starts false: whatever
/// goes wrong half-way is a denial.
///
/// The content lies behind a pointer that never changes, for the reason given at
/// `AttributeContext`.
@dynamicMemberLookup
public final class Decision {
    public let content: UnsafeMutablePointer<Content>

    public init() {
        content = .allocate(capacity: 1)
        content.initialize(to: Content())
    }

    deinit {
        content.deinitialize(count: 1)
        content.deallocate()
    }

    /// `decision.isAllowed` stands for `decision.content.pointee.isAllowed`.
    @inlinable
    public subscript<Value>(dynamicMember path: WritableKeyPath<Content, Value>) -> Value {
        @inline(__always) get { content.pointee[keyPath: path] }
        @inline(__always) _modify { yield &content.pointee[keyPath: path] }
    }

    /// Back to an unexplained denial; keeps the capacity of all tables.
    public func reset() { content.pointee.reset() }

    public struct Field {
        public var name: Bytes
        public var value: Bytes
        @inlinable
        public init(name: Bytes, value: Bytes) {
            self.name = name
            self.value = value
        }
    }

    public struct Content {
        public var id = DecisionID()
        public var action: Action = .deny
        public var isAllowed = false
        /// `MutationRules` were applied, and nothing changed since.
        public var isSettled = false
        /// Our own failure (not a policy's denial): encoded as `error_response`.
        public var isError = false
        /// 200..599; nil means 403 on denial.
        public var httpStatus: Int?
        /// On allow they go upstream, on denial to the client. Values of a repeated name are joined
        /// with "," on allow (Envoy keeps only the last) and sent one by one on denial.
        public var headers: [Field] = []
        public var responseHeadersToAdd: [Field] = []
        public var requestHeadersToRemove: [Bytes] = []
        /// Not yet percent-encoded.
        public var queryParametersToSet: [Field] = []
        public var queryParametersToRemove: [Bytes] = []
        public var body = Bytes.empty
        /// An encoded `google.protobuf.Struct`, empty when the policy gave none.
        public var dynamicMetadata = Bytes.empty
        public var reasons: [Reason] = []
        /// 0 to 100.
        public var risk: Int?
        /// How much each input gave to the risk.
        public var signals: [RiskSignal] = []
        /// How sure the policy is of its answer, 0 to 100; nil when it does not say.
        public var confidence: Int?
        public var strippedScopes: [Bytes] = []
        public var restrictions: [Restriction] = []
        public var labels: [Label] = []
        public var approval: ApprovalReference?
        /// Seconds after which a deferred request may come again; nil when it is not deferred.
        public var retryAfter: Int?

        public init() {}
    }
}

extension Decision.Content {
    /// Back to an unexplained denial; keeps the capacity of all tables.
    public mutating func reset() {
        id = DecisionID()
        action = .deny
        isAllowed = false
        isError = false
        isSettled = false
        httpStatus = nil
        headers.empty()
        responseHeadersToAdd.empty()
        requestHeadersToRemove.empty()
        queryParametersToSet.empty()
        queryParametersToRemove.empty()
        body = .empty
        dynamicMetadata = .empty
        reasons.empty()
        risk = nil
        signals.empty()
        confidence = nil
        strippedScopes.empty()
        restrictions.empty()
        labels.empty()
        approval = nil
        retryAfter = nil
    }
}

extension Array {
    /// Forgets all elements and keeps the memory; costs next to nothing when there are none or one,
    /// where `removeAll` would move a rest that is not there.
    @inline(__always)
    mutating func empty() {
        while !isEmpty { removeLast() }
    }
}
