// SPDX-License-Identifier: Apache-2.0
import AgentContext
import Authorization
import Inspection
import RegoVM

/// What becomes of an allow that is not certain enough.
public struct DeferralSettings: Sendable {
    /// An allow whose policy is less confident than this (0 to 100) is deferred; 0 defers none.
    public var confidence = 0
    /// Seconds after which a client may come again.
    public var retrySeconds = 5
    /// Seconds from the first deferral of an action until it is denied for good.
    public var timeoutSeconds: Int64 = 300

    public init() {}
}

/// Refuses for now: the client may come again, until an action has been deferred for too long.
enum Deferral {
    /// Where nothing else is said: RFC 9110 section 15.6.4, with `retry-after`.
    private static let httpStatus = 503

    /// Whether an allow is not certain enough.
    static func isDoubtful(_ decision: Decision, _ settings: DeferralSettings) -> Bool {
        guard settings.confidence > 0, let confidence = decision.confidence else { return false }
        return confidence < settings.confidence
    }

    /// - Returns: why the request is denied for good; nil when it may come again.
    static func settle(
        _ subject: CheckSubject, _ agent: AgentSnapshot?, _ settings: DeferralSettings,
        _ now: Int64, _ decision: Decision
    ) -> Reason? {
        let facts = subject.facts
        var action = ContextEvent(agent: subject.identity.pointee.id, time: now)
        action.session = subject.identity.pointee.session
        action.trafficProtocol = facts.pointee.trafficProtocol
        action.operation = facts.pointee.operation
        action.tool = facts.pointee.tool
        action.resource = facts.pointee.resource
        action.destination = facts.pointee.destination.host
        if let first = agent?.deferredSince(action),
            now - first >= settings.timeoutSeconds * 1_000_000_000
        {
            return Reason(
                code: Bytes("deferral_timed_out"),
                message: Bytes("this was deferred for too long and is denied now"))
        }
        decision.retryAfter = settings.retrySeconds
        if decision.httpStatus == nil, !facts.pointee.isMessage {
            decision.httpStatus = httpStatus
        }
        if decision.reasons.isEmpty {
            decision.reasons.append(
                Reason(
                    code: Bytes("deferred"),
                    message: Bytes("this is not certain enough now; come again later")))
        }
        return nil
    }

    /// RFC 9110 section 10.2.3.
    static func header(_ seconds: Int, _ arena: Arena) -> Decision.Field {
        var text = ByteBuilder(arena, capacity: 24)
        text.append(Int64(seconds))
        return Decision.Field(
            name: Bytes("retry-after"),
            value: Bytes(start: text.bytes.baseAddress, count: text.count))
    }
}
