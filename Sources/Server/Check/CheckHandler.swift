// SPDX-License-Identifier: Apache-2.0
import AgentContext
import Authorization
import Cryptography
import DecisionLog
import ExtAuthz
import Inspection
import PDP
import Platform
import RegoVM
import ThreatIntelligence

/// Answers checks: the one place where protocol meets decision.
///
/// One instance belongs to one event loop and reuses all of its memory from check to check.
package final class CheckHandler {
    private let shared: SharedState
    private let evaluation: Evaluation
    private let request = AttributeContext()
    private let agent = AgentSnapshot()
    private let decision = Decision()
    private let point: DecisionPoint
    private let record: RecordWriter
    private let response = CheckResponseWriter()
    private let random = RandomWords()
    private let clock = SystemClock()
    private var event = ContextEvent(agent: .empty, time: 0)

    package init(_ shared: SharedState) {
        self.shared = shared
        evaluation = Evaluation(arena: Arena(limit: shared.memory))
        record = RecordWriter()
        point = DecisionPoint(
            shared.policy.current, settings: shared.settings, evaluation: evaluation)
    }

    func use(_ policy: PolicySnapshot) { point.use(policy) }

    package func use(_ threats: ThreatIndex) { point.use(threats) }

    /// Decides one check. The path of a check is this function, from top to bottom.
    ///
    /// - Returns: the encoded CheckResponse, valid until the next call. It must not be sent before
    ///   what `log` was given is committed.
    package func answer(
        _ message: UnsafeRawBufferPointer, now monotonic: UInt64, deadline: UInt64, log: LogWriter?
    ) -> Bytes {
        let now = clock.wall()
        begin(now, deadline == .max ? monotonic + shared.deadline : deadline)
        do {
            try CheckRequestReader.read(message, into: request)
            decide(now)
        } catch {
            let code = evaluation.string(error.code.rawValue).bytes
            refuse(Bytes(start: code.baseAddress, count: code.count))
        }
        if let log {
            // The record says what Envoy is told, so the rules of encoding apply before it.
            MutationRules.settle(decision)
            if !append(now, to: log) { refuse(Bytes("log_refused")) }
        }
        return response.encode(decision)
    }

    /// The answer to a check whose decision could not be recorded.
    func unrecorded() -> Bytes {
        begin(clock.wall(), .max)
        refuse(Bytes("log_unavailable"))
        return response.encode(decision)
    }

    private func begin(_ now: Int64, _ deadline: UInt64) {
        decision.reset()
        guard let high = try? random.next(), let low = try? random.next() else {
            // Without entropy ids repeat, which the log shows; decisions stay what they are.
            decision.id = DecisionID(milliseconds: UInt64(now / 1_000_000), random: (0, 0))
            evaluation.begin(now: now, deadline: deadline, seed: 0)
            return
        }
        decision.id = DecisionID(milliseconds: UInt64(now / 1_000_000), random: (high, low))
        evaluation.begin(now: now, deadline: deadline, seed: high)
    }

    private func decide(_ now: Int64) {
        point.begin(request)
        guard let agents = shared.agents else { return point.decide(request, nil, into: decision) }
        let identity = point.subject.identity
        guard agents.load(identity.pointee.id, now: now, into: agent) != .full else {
            return refuse(Bytes("context_full"))
        }
        point.decide(request, agent, into: decision)
        remember(point.subject.facts, identity, now, in: agents)
    }

    /// Adds the decision to the agent's context.
    private func remember(
        _ action: UnsafePointer<ActionFacts>, _ identity: UnsafePointer<AgentIdentity>,
        _ now: Int64,
        in agents: AgentStore
    ) {
        event.agent = identity.pointee.id
        event.time = now
        event.decision = decision.id
        event.action = decision.action
        event.isAllowed = decision.isAllowed
        event.trafficProtocol = action.pointee.trafficProtocol
        event.effect = action.pointee.effect
        event.operation = action.pointee.operation
        event.tool = action.pointee.tool
        event.resource = action.pointee.resource
        event.destination = action.pointee.destination.host
        event.isInternal = action.pointee.destination.isInternal
        event.labels = decision.labels
        event.restrictions = decision.restrictions
        agents.apply(event)
        // The decision's tables must be its own again before it is filled anew.
        event.labels = []
        event.restrictions = []
    }

    private func append(_ now: Int64, to log: LogWriter) -> Bool {
        var facts = RecordFacts()
        if request.isPresent {
            facts.fill(point)
            if let scopes = request.header(shared.settings.scopeHeader.name) {
                facts.scopes = scopes
            }
        }
        let bytes = record.encode(request, decision, facts, time: now)
        do throws(LogError) {
            try log.append(UnsafeRawBufferPointer(bytes.buffer))
            return true
        } catch {
            return false
        }
    }

    /// Our own failure: an error to Envoy, never an allowance.
    private func refuse(_ code: Bytes) {
        let id = decision.id
        decision.reset()
        decision.id = id
        decision.isError = true
        decision.reasons.append(Reason(code: code))
    }
}
