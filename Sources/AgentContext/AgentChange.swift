// SPDX-License-Identifier: Apache-2.0
import Authorization

/// What somebody else than a check does to an agent's context: an operator or a detector.
///
/// Like a `ContextEvent` it is a part of the fold: one record of the log, applied live and at the
/// rebuild in the same way.
public struct AgentChange {
    public enum Content {
        /// A restriction holds from now on.
        case restrict(Restriction)
        /// Lifts the restriction of this name; all of them when it is empty.
        case release(Bytes)
        case signal(Signal)
    }

    /// What a detector says.
    public struct Signal {
        public var kind: Bytes
        /// Empty: about all sessions of the agent.
        public var session: Bytes
        /// 0 to 100.
        public var severity: UInt8
        /// 0 to 100.
        public var confidence: UInt8
        public var seconds: Int64

        public init(
            kind: Bytes, session: Bytes, severity: UInt8, confidence: UInt8, seconds: Int64
        ) {
            self.kind = kind
            self.session = session
            self.severity = severity
            self.confidence = confidence
            self.seconds = seconds
        }
    }

    public var agent: Bytes
    /// Nanoseconds since 1970.
    public var time: Int64
    /// The id of its record.
    public var id: DecisionID
    public var content: Content

    public init(agent: Bytes, time: Int64, id: DecisionID, content: Content) {
        self.agent = agent
        self.time = time
        self.id = id
        self.content = content
    }
}

extension AgentState {
    mutating func apply(_ change: AgentChange) {
        stamp.add(change.id.fingerprint)
        marks.expire(at: change.time)
        switch change.content {
        case .restrict(let restriction):
            marks.add(
                .restriction, restriction.name, seconds: restriction.seconds, at: change.time,
                cause: change.id)
        case .release(let name): marks.release(name)
        case .signal(let signal): add(signal, change)
        }
    }

    private mutating func add(_ signal: AgentChange.Signal, _ change: AgentChange) {
        guard signal.seconds > 0 else { return }
        let seconds = min(signal.seconds, Limits.markSeconds)
        let length = min(signal.kind.count, Limits.signalKindBytes)
        var mark = Mark(
            .signal, signal.kind[0..<length], since: change.time,
            expires: change.time + seconds * 1_000_000_000, cause: change.id)
        mark.severity = min(signal.severity, 100)
        mark.confidence = min(signal.confidence, 100)
        mark.session = Self.sessionHash(signal.session)
        marks.add(signal: mark)
    }

    /// 0 for no session.
    static func sessionHash(_ session: Bytes) -> UInt64 {
        session.isEmpty ? 0 : max(1, hash(session))
    }
}
