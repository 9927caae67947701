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
/// One instance belongs to one thread and reuses all of its memory from check to check.
package final class CheckHandler {
    private let shared: SharedState
    /// False on event loops, which must not be held up.
    private let canWait: Bool
    private let evaluation: Evaluation
    private let request = AttributeContext()
    private let agent: AgentSnapshot
    private let decision = Decision()
    private let point: DecisionPoint
    /// Those of `point`: a property of another module's class is counted each time it is read.
    private let subject: CheckSubject
    private let approvals: ApprovalDesk?
    private let agents: AgentStore?
    private var policies: Changes<PolicySnapshot>
    private var threats: Changes<ThreatIndex>?
    private let record: RecordWriter
    private let capture: CheckCapture
    private lazy var control = ControlRecordWriter()
    private let response = CheckResponseWriter()
    private let random = RandomWords()
    private let clock = SystemClock()
    private let memory: ContextMemory?
    private let meter: CheckMeter?
    /// The decision belongs into its agent's context.
    private var isRemembered = false
    /// When the check came; monotonic nanoseconds.
    private var arrival: UInt64 = 0
    /// From then to the record, or to the answer where there is none.
    private var duration: UInt64 = 0
    /// Where the arguments are that the decision asks a person about.
    private var approvalText: ApprovalText?
    /// A mask took something out of the record.
    private var isMasked = false
    /// A mask wanted to take out what the agents' context is rebuilt from.
    private var isMaskRefused = false

    package init(_ shared: SharedState, canWait: Bool = false) {
        self.shared = shared
        self.canWait = canWait
        evaluation = Evaluation(arena: Arena(limit: shared.memory))
        evaluation.network = shared.network
        record = RecordWriter()
        capture = CheckCapture(arena: evaluation.arena)
        memory = shared.agents.map {
            ContextMemory($0, unreadable: shared.recordUnreadable)
        }
        meter = shared.metrics?.makeMeter()
        var policies = Changes(shared.policy)
        point = DecisionPoint(
            policies.take(), settings: shared.settings, evaluation: evaluation,
            agents: shared.agents)
        subject = point.subject
        approvals = point.approvals
        agents = shared.agents
        self.policies = policies
        threats = shared.threats.map { Changes($0) }
        agent = AgentSnapshot(shared.agents)
    }

    /// Decides one check. The path of a check is this function, from top to bottom.
    ///
    /// - Parameters:
    ///   - arrival: when the check came; monotonic nanoseconds, as `deadline`, which is `.max` when
    ///     the caller sets none.
    /// - Returns: the encoded CheckResponse, valid until the next call. It must not be sent before
    ///   what `log` was given is committed. nil, and nothing is logged, when the check's policy may
    ///   wait and this handler must not.
    package func answer(
        _ message: UnsafeRawBufferPointer, arrival: UInt64, deadline: UInt64, log: LogWriter?
    ) -> Bytes? {
        if let policy = policies.next() { point.use(policy) }
        if let index = threats?.next() { point.use(index) }
        let now = clock.wall()
        self.arrival = arrival
        begin(now, deadline == .max ? arrival + shared.deadline : deadline)
        do {
            try CheckRequestReader.read(message, into: request)
            if !canWait && point.mayWait(request) { return nil }
            decide(now)
        } catch {
            let code = evaluation.string(error.code.rawValue).bytes
            refuse(Bytes(start: code.baseAddress, count: code.count))
        }
        return recorded(now, log)
    }

    /// Denies a check with `code`, without asking a policy.
    ///
    /// - Returns: as `answer`.
    func refusal(
        _ message: UnsafeRawBufferPointer, _ code: StaticString, arrival: UInt64, log: LogWriter?
    ) -> Bytes {
        let now = clock.wall()
        self.arrival = arrival
        begin(now, .max)
        if (try? CheckRequestReader.read(message, into: request)) != nil { point.begin(request) }
        refuse(Bytes(code))
        return recorded(now, log)
    }

    /// Ends evaluations when it is cancelled.
    var cancellation: Cancellation? {
        get { evaluation.cancellation }
        set { evaluation.cancellation = newValue }
    }

    /// Encodes the decision when it is in the log's batch, else a denial.
    private func recorded(_ now: Int64, _ log: LogWriter?) -> Bytes {
        var bytes: Bytes?
        // Not bound, here and in `append`: that would count a reference.
        if log != nil {
            // The record says what Envoy is told, so the rules of encoding apply before it.
            MutationRules.settle(decision)
            bytes = append(now, to: log)
            if bytes == nil {
                refuse(Bytes("log_refused"))
                isRemembered = false
            }
        }
        if isRemembered {
            memory?.remember(
                agent, subject, decision, now, bytes, isCut: record.isCut || isMasked,
                isVerbatim: record.isVerbatim)
            if approvals?.hasStep == true, let step = approvals?.step {
                agents?.apply(step)
                if let text = approvalText {
                    agents?.approvals.keep(text, of: step.approval)
                }
            }
        }
        let answer = response.encode(decision)
        // A record has it already: clocks are dear.
        if bytes == nil { duration = elapsed() }
        meter?.count(
            decision, point.entrypoint, isAnswerRemembered: point.isAnswerRemembered,
            nanoseconds: duration)
        return answer
    }

    /// The answer to checks whose decisions could not be recorded.
    func unrecorded() -> Bytes {
        memory?.distrust()
        begin(clock.wall(), .max)
        refuse(Bytes("log_unavailable"))
        return response.encode(decision)
    }

    /// The log has taken everything that was decided.
    func committed() { memory?.settle() }

    /// The approval that the last decision waits for.
    var openApproval: DecisionID? {
        guard let approval = decision.approval, !approval.isUsed else { return nil }
        return approval.id
    }

    private func begin(_ now: Int64, _ deadline: UInt64) {
        decision.reset()
        isRemembered = false
        isMasked = false
        isMaskRefused = false
        if approvalText != nil { approvalText = nil }
        // Without entropy ids repeat, which the log shows; decisions stay what they are.
        decision.id = DecisionID(time: now, random: (try? random.pair()) ?? (0, 0))
        // Replay has the id, and so the same random numbers.
        evaluation.begin(now: now, deadline: deadline, seed: decision.id.seed)
    }

    private func decide(_ now: Int64) {
        point.begin(request)
        guard agents != nil else { return point.decide(request, nil, into: decision) }
        let identity = subject.identity
        let lookup = agents?.load(
            identity.pointee.id, session: identity.pointee.session, now: now, into: agent)
        guard lookup != .full else { return refuse(Bytes("context_full")) }
        point.decide(request, agent, into: decision)
        isRemembered = lookup != .nobody
    }

    /// - Returns: the record, valid until the next one; nil when the log does not take it.
    private func append(_ now: Int64, to log: LogWriter?) -> Bytes? {
        let mark = log?.content?.mark
        do throws(LogError) {
            // Not a variable: that would be copied where it is passed on.
            let facts = try recordFacts(now, log?.content)
            let bytes = record.encode(request, decision, facts, time: now)
            // What the decision did to an approval is a record of its own, in the same commit.
            let step =
                approvals?.hasStep == true ? try encodeStep(log?.content, facts) : nil
            try log?.append(bytes)
            if let step { try log?.append(step) }
            return bytes
        } catch {
            if let mark { log?.content?.goBack(to: mark) }
            return nil
        }
    }

    private func recordFacts(
        _ now: Int64, _ content: ContentWriter?
    ) throws(LogError) -> RecordFacts {
        var facts = RecordFacts()
        if isRemembered { facts.context = .init(agent.stamp, decision.id) }
        if request.isPresent { try fill(&facts, now, content) }
        if isMaskRefused { refuseMask() }
        isMasked = !facts.mask.parts.isEmpty
        duration = elapsed()
        facts.duration = duration
        return facts
    }

    /// Nanoseconds since the check came.
    private func elapsed() -> UInt64 {
        let now = UInt64(clock.monotonic())
        return now > arrival ? now - arrival : 0
    }

    private func fill(
        _ facts: inout RecordFacts, _ now: Int64, _ content: ContentWriter?
    ) throws(LogError) {
        facts.fill(point, subject)
        facts.take(
            request.attributes.pointee.headers, scopes: shared.settings.scopeHeader.name,
            parent: Bytes(shared.settings.decisionHeader))
        facts.certificate = subject.certificate
        if point.hasMask, !mask(&facts) { return }
        if let content {
            try capture.keep(request, subject.facts, decision.id, now, in: content, &facts)
        }
    }

    /// Applies the policy's mask.
    ///
    /// - Returns: false when it failed. Then nothing of the check is kept, and nothing of the
    ///   record that might have been masked.
    private func mask(_ facts: inout RecordFacts) -> Bool {
        let masking = CheckMasking(
            scopeHeader: shared.settings.scopeHeader.name, arena: evaluation.arena)
        do throws(LogMask.Failure) {
            let operations = try point.maskOperations(decision.id)
            isMaskRefused = operations.contains { UnmaskablePart.find($0.pointer) != nil }
            guard !isMaskRefused else { throw LogMask.Failure() }
            let isApplied = masking.apply(operations, request, &capture.mask, &facts.mask) {
                subject.body
            }
            guard isApplied else { throw LogMask.Failure() }
        } catch {
            facts.mask = RecordMask()
            facts.mask.parts = .all
            facts.content = .maskFailed
        }
        isMasked = !facts.mask.parts.isEmpty
        if case .maskFailed = facts.content { return false }
        return true
    }

    /// Denies what cannot be recorded as its policy wants. What was put on the agent stays on it.
    private func refuseMask() {
        let marks = (decision.labels, decision.restrictions)
        refuse(Bytes(UnmaskablePart.code))
        (decision.labels, decision.restrictions) = marks
        MutationRules.settle(decision)
    }

    private func encodeStep(
        _ content: ContentWriter?, _ facts: RecordFacts
    ) throws(LogError) -> Bytes? {
        approvals?.mask(ApprovalSummary.Parts(facts.mask.parts))
        guard var step = approvals?.step else { return nil }
        if let content {
            approvalText = try capture.keep(step, facts, in: content)
            step.text = approvalText
        }
        var id = step.approval
        if step.kind != .pending {
            id = DecisionID(time: step.time, random: (try? random.pair()) ?? (0, 0))
        }
        guard let bytes = control.encode(ControlRecord(step, id: id)) else {
            throw LogError(.recordTooLong, "the agent's names are too long for an approval")
        }
        return bytes
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
