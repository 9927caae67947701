// SPDX-License-Identifier: Apache-2.0
import Authorization

/// What operators, detectors and approvers did, as the log keeps it: the kinds `operation`,
/// `signal` and `approval` of `record.schema.json`. Not for the path of a check.
public struct ControlRecord {
    /// The record's own.
    public var id: DecisionID
    /// Nanoseconds since 1970.
    public var time: Int64
    public var agent: String
    /// Who did it, as the operators' API authenticated it; empty when nobody had to.
    public var operatorName: String
    public var reason: String
    public var content: Content

    public enum Content {
        case restrict(name: String, seconds: Int64)
        /// nil: all restrictions.
        case release(name: String?)
        case signal(Signal)
        case approval(Approval)
    }

    public struct Signal {
        /// Empty: about all sessions.
        public var session: String
        public var kind: String
        /// 0 to 100.
        public var severity: Int
        /// 0 to 100.
        public var confidence: Int
        public var seconds: Int64
        public var detail: String

        public init(
            session: String, kind: String, severity: Int, confidence: Int, seconds: Int64,
            detail: String
        ) {
            self.session = session
            self.kind = kind
            self.severity = severity
            self.confidence = confidence
            self.seconds = seconds
            self.detail = detail
        }
    }

    /// One step of an approval. Each step names all that identifies it, so that none depends on
    /// an earlier record.
    public struct Approval {
        public var id: String
        /// `pending`, `granted`, `denied` or `used`.
        public var state: String
        public var session: String
        /// 64 hexadecimal digits.
        public var digest: String
        public var policyRevision: String
        /// For people; only with `pending`.
        public var summary: String
        /// Where the arguments lie, for people; only with `pending`.
        public var content: ContentReference?
        /// Nanoseconds since 1970.
        public var requested: Int64
        public var expires: Int64
        /// The decision that asked for it, or that used it; empty for a person's step.
        public var decision: String

        public init(
            id: String, state: String, session: String, digest: String, policyRevision: String,
            summary: String, content: ContentReference? = nil, requested: Int64, expires: Int64,
            decision: String
        ) {
            self.id = id
            self.state = state
            self.session = session
            self.digest = digest
            self.policyRevision = policyRevision
            self.summary = summary
            self.content = content
            self.requested = requested
            self.expires = expires
            self.decision = decision
        }
    }

    public init(
        id: DecisionID, time: Int64, agent: String, operatorName: String, reason: String,
        content: Content
    ) {
        self.id = id
        self.time = time
        self.agent = agent
        self.operatorName = operatorName
        self.reason = reason
        self.content = content
    }
}

/// Encodes `ControlRecord`s. Belongs to one thread at a time.
public final class ControlRecordWriter {
    private var json = JSONBuffer(capacity: DecisionLogLimits.recordBytes)

    public init() {}

    /// - Returns: the record, valid until the next call; nil when something that identifies what
    ///   was done is too long, so that the record would not say it. Words for people are cut.
    public func encode(_ record: ControlRecord) -> Bytes? {
        json.reset()
        json.write(record)
        return json.isCut ? nil : json.bytes
    }
}

extension JSONBuffer {
    fileprivate mutating func write(_ record: ControlRecord) {
        beginObject()
        key("v")
        value(RecordWriter.version)
        key("kind")
        value(record.content.kind)
        key("time")
        time(record.time)
        key("id")
        value(record.id)
        beginObject("agent")
        text("id", record.agent, RecordLimits.identity)
        text("session", record.content.session, RecordLimits.name)
        endObject()
        write(record.content)
        forPeople("operator", record.operatorName, RecordLimits.name)
        forPeople("reason", record.reason, RecordLimits.message)
        endObject()
    }

    private mutating func write(_ content: ControlRecord.Content) {
        switch content {
        case .restrict(let name, let seconds):
            key("operation")
            value("restrict")
            beginObject("restriction")
            text("name", name, RecordLimits.name)
            key("seconds")
            value(Int(seconds))
            endObject()
        case .release(let name):
            key("operation")
            value("release")
            guard let name else { return }
            beginObject("restriction")
            text("name", name, RecordLimits.name)
            endObject()
        case .signal(let signal): write(signal)
        case .approval(let approval): write(approval)
        }
    }

    private mutating func write(_ signal: ControlRecord.Signal) {
        beginObject("signal")
        text("kind", signal.kind, RecordLimits.name)
        key("severity")
        value(signal.severity)
        key("confidence")
        value(signal.confidence)
        key("seconds")
        value(Int(signal.seconds))
        forPeople("detail", signal.detail, RecordLimits.message)
        endObject()
    }

    private mutating func write(_ approval: ControlRecord.Approval) {
        beginObject("approval")
        text("id", approval.id, RecordLimits.name)
        text("state", approval.state, RecordLimits.name)
        text("digest", approval.digest, RecordLimits.name)
        text("policy_revision", approval.policyRevision, RecordLimits.name)
        key("requested")
        time(approval.requested)
        key("expires")
        time(approval.expires)
        text("decision_id", approval.decision, RecordLimits.name)
        forPeople("summary", approval.summary, RecordLimits.message)
        if let content = approval.content { written(content) }
        endObject()
    }

    /// A string that may be cut; left out when it is empty.
    private mutating func forPeople(_ name: StaticString, _ text: String, _ limit: Int) {
        let wasCut = isCut
        self.text(name, text, limit)
        isCut = wasCut
    }
}

extension ControlRecord.Content {
    fileprivate var kind: StaticString {
        switch self {
        case .restrict, .release: "operation"
        case .signal: "signal"
        case .approval: "approval"
        }
    }

    fileprivate var session: String {
        switch self {
        case .restrict, .release: ""
        case .signal(let signal): signal.session
        case .approval(let approval): approval.session
        }
    }
}
