// SPDX-License-Identifier: Apache-2.0
import AgentContext
import Authorization
import Inspection
import RegoVM
import ThreatIntelligence

/// Decides one check: restrictions first, then the policy, then what its answer does to the
/// request.
///
/// One instance belongs to one event loop. Everything that goes wrong ends in a denial with a
/// stable reason code.
public final class DecisionPoint {
    public struct Settings: Sendable {
        public var inspector: Inspector
        public var identifier = AgentIdentifier()
        public var scopeHeader = ScopeHeader()
        public var confidenceHeader = ConfidenceHeader()
        /// Doubts about a request's meaning with which it is denied without asking the policy.
        public var deniedDoubts: Doubts = .deniedByDefault
        /// Header that tells the client the decision id; empty for none.
        public var decisionHeader: StaticString = "x-portcullis-decision-id"
        /// Work units that one decision may spend.
        public var workUnits = RegoVM.Limits.workUnits
        /// Bytes of answers that are remembered, so that the policy is evaluated only for what is
        /// new to it; 0 for none.
        public var rememberedBytes = RegoVM.Limits.answerMemoryBytes
        /// Bytes of text, and 16 for each part, of what a policy answers.
        public var answerBytes = RegoVM.Limits.answerBytes
        public var approvals = ApprovalDesk.Settings()
        public var deferral = DeferralSettings()

        public init(inspector: Inspector) { self.inspector = inspector }
    }

    /// `portcullis.entrypoint` in a route's `context_extensions`.
    public static let entrypointExtension: StaticString = "portcullis.entrypoint"

    private let settings: Settings
    private let evaluation: Evaluation
    private let sections = CheckSections.all()
    private let input: CheckInput
    private var snapshot: PolicySnapshot
    /// That of `snapshot`: all loops share its reference count, so no check touches it.
    private var defaultEntrypoint: PolicySnapshot.Entrypoint
    private var readsAgent: Bool
    private var machine: Machine
    /// `machine`, not counted.
    private var evaluator: Unmanaged<Machine>
    /// Who asks, and what for.
    public let subject: CheckSubject
    /// nil when no context is kept: then nothing can be approved.
    public let approvals: ApprovalDesk?
    /// Keeps alive what `sections` ask without counting.
    private var heldAgent: AgentSnapshot?
    /// False when the policy answered in OPA-Envoy's form, which says itself what the client gets.
    private var explains = true
    /// What the policy answered last; `.undefined` when none was asked.
    private var answer = Value.undefined
    /// The entrypoint that decided last; empty when none was asked.
    public private(set) var entrypoint = Bytes.empty
    /// The rules that held in the package of the entrypoint that decided, as one JSON array; empty
    /// for none. Valid until the next check.
    public private(set) var ruleRecord = Bytes.empty
    private var ruleText = RuleText()
    /// The policy answered as it did before, and was not evaluated.
    public private(set) var isAnswerRemembered = false

    /// - Parameter agents: whose approvals and context count; nil when no context is kept.
    public init(
        _ snapshot: PolicySnapshot, settings: Settings, evaluation: Evaluation,
        agents: AgentStore? = nil
    ) {
        self.settings = settings
        approvals = agents.map { ApprovalDesk(settings.approvals, $0.approvals) }
        self.evaluation = evaluation
        self.snapshot = snapshot
        defaultEntrypoint = snapshot.defaultEntrypoint
        readsAgent = snapshot.readsAgent
        input = CheckInput(sections: [
            sections.agent, sections.action, sections.context, sections.prompt, sections.threat,
        ])
        subject = CheckSubject(settings, evaluation, input)
        machine = Self.machine(snapshot, settings, evaluation)
        evaluator = .passUnretained(machine)
        input.bind(snapshot.binding)
        sections.agent.use(subject)
        sections.action.use(subject)
        sections.context.use(subject)
        sections.prompt.use(subject)
    }

    private static func machine(
        _ snapshot: PolicySnapshot, _ settings: Settings, _ evaluation: Evaluation
    ) -> Machine {
        let machine = Machine(
            snapshot.policy, evaluation: evaluation, answerMemory: settings.rememberedBytes)
        machine.workLimit = settings.workUnits
        return machine
    }

    /// Decides with another policy from now on.
    public func use(_ snapshot: PolicySnapshot) {
        guard snapshot !== self.snapshot else { return }
        self.snapshot = snapshot
        defaultEntrypoint = snapshot.defaultEntrypoint
        readsAgent = snapshot.readsAgent
        machine = Self.machine(snapshot, settings, evaluation)
        evaluator = .passUnretained(machine)
        ruleText.forget()
        input.bind(snapshot.binding)
    }

    /// Looks up in these threat lists from the next check on.
    public func use(_ threats: ThreatIndex) {
        if let lookup = sections.threat.lookup {
            lookup.use(threats)
        } else {
            sections.threat.lookup = ThreatLookup(threats, evaluation, subject)
        }
    }

    /// Looks up nowhere from the next check on.
    public func useNoThreats() { sections.threat.lookup = nil }

    /// The revision of the threat lists; empty when there are none.
    public var threatRevision: Bytes { sections.threat.lookup?.scan.revision ?? .empty }

    /// What the record says of threats that the policy was told of: JSON, empty when it was told
    /// of none. Valid until the next check.
    public var threatRecord: Bytes {
        guard let text = sections.threat.record(in: evaluation.arena) else { return .empty }
        return Bytes(start: text.baseAddress, count: text.count)
    }

    /// The revision of the policy that decides.
    public var revision: Bytes { snapshot.revision }

    /// True when the policy says what is kept out of the log.
    public var hasMask: Bool { snapshot.mask != nil }

    /// Asks the policy what of the last decision is kept out of the log.
    ///
    /// - Parameter id: of the decision.
    public func maskOperations(_ id: DecisionID) throws(LogMask.Failure) -> [LogMask.Operation] {
        guard let mask = snapshot.mask else { return [] }
        guard !snapshot.maskMayWait else { throw LogMask.Failure() }
        let arena = evaluation.arena
        let event = CollectionBuilder.object(in: arena, capacity: 5)
        event.update(.string("decision_id"), arena.string(id.description))
        let path = entrypoint.buffer
        event.update(.string("path"), .string(path.baseAddress, path.count))
        event.update(.string("input"), input.whole(in: arena))
        if answer.isDefined { event.update(.string("result"), answer) }
        machine.begin(TreeInput(event.finish()))
        let masked: Value
        do throws(EvaluationError) {
            masked = try machine.evaluate(mask)
        } catch {
            throw LogMask.Failure()
        }
        return try LogMask.read(masked)
    }

    /// Whether the last decision asked for something that is missing from a check that was kept.
    public func reads(_ masked: MaskedInput) -> Bool {
        guard masked.isAny else { return false }
        var isRead = false
        input.forEachRead { node in isRead = isRead || masked.covers(node) }
        return isRead
    }

    /// Turns to another check. `context` and its message stay as they are until the next one.
    public func begin(_ context: AttributeContext) {
        input.begin(context)
        subject.begin(context)
        sections.threat.lookup?.begin(context)
        entrypoint = .empty
        ruleRecord = .empty
        isAnswerRemembered = false
        answer = .undefined
        explains = true
        approvals?.begin()
    }

    /// True when what decides this check may wait for a network, so that it belongs on a worker.
    public func mayWait(_ context: AttributeContext) -> Bool {
        guard snapshot.mayWait else { return false }
        guard let name = context.contextExtension(Bytes(Self.entrypointExtension)) else {
            return snapshot.defaultEntrypoint.mayWait
        }
        return snapshot.entrypoint(named: name)?.mayWait ?? false
    }

    /// Fills `decision`, whose id is set already. `begin` comes first.
    ///
    /// - Parameter agent: what the agent did before; nil when no context is kept.
    public func decide(
        _ context: AttributeContext, _ agent: AgentSnapshot?, into decision: Decision
    ) {
        if heldAgent !== agent {
            heldAgent = agent
            sections.context.use(agent)
            sections.action.use(agent)
        }
        if let refusal = refusalBeforePolicy(agent) {
            deny(decision, refusal, .deny)
        } else {
            evaluate(context, decision)
            if decision.action == .allow, Deferral.isDoubtful(decision, settings.deferral) {
                decision.isAllowed = false
                decision.action = .postpone
            }
            if decision.action != .allow { climb(context, agent, decision) }
            if decision.isAllowed, !decision.restrictions.isEmpty,
                let refusal = Restrictions.refusal(subject.facts.pointee, decision.restrictions)
            {
                deny(decision, refusal, decision.action)
            }
        }
        finish(context, agent, decision)
    }

    /// The rungs between allowing and denying.
    private func climb(
        _ context: AttributeContext, _ agent: AgentSnapshot?, _ decision: Decision
    ) {
        switch decision.action {
        case .requireApproval:
            let refusal: Reason?
            if let approvals {
                refusal = approvals.settle(
                    subject, context, snapshot.revision, evaluation, decision)
            } else {
                refusal = Reason(
                    code: Bytes("approval_not_possible"), message: Bytes("no context is kept"))
            }
            if let refusal { deny(decision, refusal, .deny) }
        case .postpone:
            if let refusal = Deferral.settle(
                subject, agent, settings.deferral, evaluation.now, decision)
            {
                deny(decision, refusal, .deny)
            }
        case .allow, .restrict, .deny, .isolate: break
        }
    }

    /// What no policy can allow.
    private func refusalBeforePolicy(_ agent: AgentSnapshot?) -> Reason? {
        // Asked before it is bound, which counts a reference.
        if agent?.hasRestrictions == true, let agent,
            let refusal = Restrictions.refusal(subject.facts.pointee, agent)
        {
            return refusal
        }
        if !settings.deniedDoubts.isEmpty,
            !subject.facts.pointee.doubts.isDisjoint(with: settings.deniedDoubts)
        {
            return Reason(
                code: Bytes("uncertain_request"),
                message: Bytes("the request can be read in several ways"))
        }
        if readsAgent, subject.scopes.isOverfull {
            // Scopes that no policy sees could not be stripped.
            return Reason(
                code: Bytes("too_many_scopes"),
                message: Bytes("the request carries too many scopes"))
        }
        return nil
    }

    // MARK: The policy

    private func evaluate(_ context: AttributeContext, _ decision: Decision) {
        var chosen = defaultEntrypoint
        if let name = context.contextExtension(Bytes(Self.entrypointExtension)) {
            guard let named = snapshot.entrypoint(named: name) else {
                return fail(
                    decision, "entrypoint_not_allowed",
                    "the route names an entrypoint that is not allowed")
            }
            chosen = named
        }
        entrypoint = chosen.name
        evaluator._withUnsafeGuaranteedRef { machine in
            evaluate(chosen, machine, decision)
        }
    }

    private func evaluate(
        _ entrypoint: PolicySnapshot.Entrypoint, _ machine: Machine, _ decision: Decision
    ) {
        machine.begin(input)
        do throws(EvaluationError) {
            if let known = try machine.remembered(entrypoint.target) {
                answer = known.answer
                ruleRecord = Bytes(start: known.note.bytes.baseAddress, count: known.note.count)
                isAnswerRemembered = true
            } else {
                answer = try machine.evaluate(entrypoint.target)
                ruleRecord = ruleText.read(entrypoint.rules, machine)
            }
            if let failure = input.failure { return refuse(decision, failure) }
            if !isAnswerRemembered {
                machine.remember(answer, note: .string(ruleRecord.start, ruleRecord.count))
            }
            read(answer, decision)
        } catch {
            ruleRecord = ruleText.read(entrypoint.rules, machine)
            if let failure = input.failure { return refuse(decision, failure) }
            fail(decision, error.code.reason, "the policy could not be evaluated")
        }
    }

    private func read(_ answer: Value, _ decision: Decision) {
        guard answer.isDefined else {
            return deny(
                decision,
                Reason(
                    code: Bytes("undefined_decision"),
                    message: Bytes("the policy has no decision")),
                .deny)
        }
        guard !answer.exceeds(bytes: settings.answerBytes) else {
            return fail(decision, "eval_limit_error", "the policy's answer is too large")
        }
        do throws(AnswerReader.InvalidAnswer) {
            explains = try AnswerReader(
                answer: answer, decision: decision.content, arena: evaluation.arena
            ).read()
        } catch {
            let words = evaluation.string("the policy's decision has no usable `\(error.key)`")
            deny(
                decision, Reason(code: Bytes("invalid_decision"), message: Bytes(words)), .deny)
            decision.isError = true
        }
    }

    /// The request asks for something that cannot be read: the client's fault.
    private func refuse(_ decision: Decision, _ failure: InputFailure) {
        deny(
            decision, Reason(code: Bytes(failure.code.text), message: Bytes(failure.code.message)),
            .deny)
        decision.httpStatus = InputFailure.httpStatus
    }

    /// Our own failure, or the configuration's: an error, which is never an allowance.
    private func fail(_ decision: Decision, _ code: StaticString, _ message: StaticString) {
        deny(decision, Reason(code: Bytes(code), message: Bytes(message)), .deny)
        decision.isError = true
    }

    /// Forgets everything an answer said so far, and denies.
    private func deny(_ decision: Decision, _ reason: Reason, _ action: Action) {
        let id = decision.id
        let restrictions = decision.restrictions
        let labels = decision.labels
        let risk = decision.risk
        let signals = decision.signals
        decision.reset()
        decision.id = id
        decision.risk = risk
        decision.signals = signals
        decision.action = action == .allow ? .deny : action
        decision.restrictions = restrictions
        decision.labels = labels
        decision.reasons.append(reason)
    }

    // MARK: What the answer does

    private func finish(_ context: AttributeContext, _ agent: AgentSnapshot?, _ decision: Decision)
    {
        if decision.isAllowed {
            stripScopes(context, agent, decision)
        } else if decision.body.isEmpty && !decision.isError && explains {
            DenialBody.write(
                for: subject.facts.pointee, decision, contact: settings.approvals.contact,
                in: evaluation.arena)
        }
        if let seconds = decision.retryAfter {
            decision.headers.append(Deferral.header(seconds, evaluation.arena))
        }
        if let approval = decision.approval, !approval.isUsed {
            decision.headers.append(field(ApprovalDesk.header, approval.id))
        }
        guard settings.decisionHeader.utf8CodeUnitCount > 0 else { return }
        let field = field(settings.decisionHeader, decision.id)
        if decision.isAllowed {
            decision.responseHeadersToAdd.append(field)
        } else {
            decision.headers.append(field)
        }
    }

    private func field(_ name: StaticString, _ id: DecisionID) -> Decision.Field {
        let text = evaluation.arena.allocate(UInt8.self, count: DecisionID.textLength)
        id.write(to: text)
        return Decision.Field(
            name: Bytes(name), value: Bytes(start: text, count: DecisionID.textLength))
    }

    /// Rewrites the scope header without the scopes that the answer, or a restriction, strips.
    private func stripScopes(
        _ context: AttributeContext, _ agent: AgentSnapshot?, _ decision: Decision
    ) {
        let arena = evaluation.arena
        if agent?.hasRestrictions == true, let agent {
            Restrictions.strippedScopes(agent) { scope in
                let copy = arena.allocate(UInt8.self, count: scope.count)
                for index in 0..<scope.count { copy[index] = scope[index] }
                decision.strippedScopes.append(Bytes(start: copy, count: scope.count))
            }
        }
        guard !decision.strippedScopes.isEmpty else { return }
        let header = settings.scopeHeader
        var room = 0
        for field in context.headers where field.name == header.name {
            room += field.value.count + 1
        }
        guard room > 0 else { return }
        let buffer = UnsafeMutableBufferPointer(
            start: arena.allocate(UInt8.self, count: room), count: room)
        switch header.strip(decision.strippedScopes, from: context, into: buffer) {
        case .unchanged: break
        case .rewritten(let value):
            decision.headers.removeAll { $0.name.equalsIgnoringCase(header.name) }
            decision.headers.append(.init(name: header.name, value: value))
        case .removed:
            decision.headers.removeAll { $0.name.equalsIgnoringCase(header.name) }
            decision.requestHeadersToRemove.append(header.name)
        }
    }
}

extension EvaluationError.Code {
    /// The reason code of a decision that failed so.
    var reason: StaticString {
        switch self {
        case .conflict: "eval_conflict_error"
        case .type: "eval_type_error"
        case .builtin: "eval_builtin_error"
        case .limit: "eval_limit_error"
        case .cancelled: "eval_cancel_error"
        case .merge: "eval_with_merge_error"
        }
    }
}
