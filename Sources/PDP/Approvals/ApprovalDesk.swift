// SPDX-License-Identifier: Apache-2.0
import AgentContext
import Authorization
import Cryptography
import Inspection
import RegoVM

/// Where a decision goes that a person must approve: it asks for the approval, waits for it, or
/// uses it up. One instance belongs to one event loop.
public final class ApprovalDesk {
    public struct Settings: Sendable {
        /// Seconds from the request of an approval to its end, granted or not.
        public var lifetime: Int64 = 3600
        /// Where to ask for an approval, for the client; empty to say nothing.
        public var contact = ""

        public init() {}
    }

    /// Header that names the approval that a refused request waits for.
    static let header: StaticString = "x-portcullis-approval-id"

    private let settings: Settings
    private let store: ApprovalStore
    private let hasher = SHA256()
    private let random = RandomWords()
    /// Of the approval that the last decision asked for.
    private var summary: ApprovalSummary?
    /// For replay: the approval that the recorded decision waited for or used. Some of what its
    /// digest was made of is not kept, so it is found by its id. nil while serving.
    public var recorded: DecisionID?
    /// What the last decision did to an approval, for the log and the context; nil for nothing.
    public private(set) var step: ApprovalStep? { didSet { hasStep = step != nil } }
    /// Whether there is a `step`, which is large to look at.
    public private(set) var hasStep = false

    init(_ settings: Settings, _ store: ApprovalStore) {
        self.settings = settings
        self.store = store
    }

    func begin() { if hasStep { step = nil } }

    /// Settles a decision whose action is `require_approval`.
    ///
    /// - Returns: why the request is denied instead; nil when it is allowed or waits.
    func settle(
        _ subject: CheckSubject, _ context: AttributeContext, _ revision: Bytes,
        _ evaluation: Evaluation, _ decision: Decision
    ) -> Reason? {
        let identity = subject.identity.pointee
        do throws(ApprovalRequest.Impossible) {
            let request = try ApprovalRequest(
                subject.facts.pointee, identity, context,
                principals: subject.verifiedPrincipals, revision: revision,
                body: { subject.body }, hasher: hasher, arena: evaluation.arena)
            switch standing(request, identity, revision, evaluation.now) {
            case .granted(let approval): use(approval, evaluation.now, decision)
            case .pending(let approval): wait(approval.id, decision)
            case .denied:
                return Reason(
                    code: Bytes("approval_denied"), message: Bytes("the approval was denied"))
            case .unasked: return ask(request, identity, revision, evaluation.now, decision)
            }
            return nil
        } catch {
            return Reason(code: Bytes("approval_not_possible"), message: Bytes(error.message))
        }
    }

    private func standing(
        _ request: ApprovalRequest, _ identity: AgentIdentity, _ revision: Bytes, _ now: Int64
    ) -> ApprovalStore.Standing {
        guard let recorded else { return store.settle(request.digest, now: now) }
        return store.settle(
            recorded, agent: identity.id.string, policyRevision: revision.string, now: now)
    }

    /// Leaves out of the step, and of the approval as it is remembered, what is not to be recorded.
    public func mask(_ hidden: ApprovalSummary.Parts) {
        guard var step, !hidden.isEmpty else { return }
        if let summary, step.kind == .pending { step.summary = summary.text(without: hidden) }
        if hidden.contains(.session) { step.session = "" }
        self.step = step
        if step.kind == .pending {
            store.mask(step.approval, summary: step.summary, session: step.session)
        }
    }

    private func ask(
        _ request: ApprovalRequest, _ identity: AgentIdentity, _ revision: Bytes, _ now: Int64,
        _ decision: Decision
    ) -> Reason? {
        if let recorded {
            // Its step is a record of its own, which follows.
            wait(recorded, decision)
            return nil
        }
        guard let words = try? random.pair() else {
            return Reason(code: Bytes("approval_not_possible"), message: Bytes("no random id"))
        }
        let id = DecisionID(time: now, random: words)
        let step = ApprovalStep(
            kind: .pending, approval: id, time: now, agent: identity.id.string,
            session: identity.session.string, digest: request.digest,
            policyRevision: revision.string, summary: request.summary.text(),
            arguments: request.arguments, requested: now,
            expires: now + settings.lifetime * 1_000_000_000, decision: decision.id, origin: nil)
        guard store.request(step) else {
            return Reason(
                code: Bytes("too_many_approvals"), message: Bytes("too many approvals are open"))
        }
        self.step = step
        summary = request.summary
        wait(id, decision)
        return nil
    }

    /// The request goes through, this once, as the policy answered it.
    private func use(_ approval: Approval, _ now: Int64, _ decision: Decision) {
        guard let id = DecisionID(approval.id) else { return }
        decision.approval = ApprovalReference(id: id, isUsed: true)
        decision.isAllowed = true
        decision.action = .allow
        // These were for the client that is refused.
        decision.headers.removeAll(keepingCapacity: true)
        decision.httpStatus = nil
        decision.body = .empty
        step = ApprovalStep(
            kind: .used, approval: id, time: now, agent: approval.agent,
            session: approval.session, digest: approval.digest,
            policyRevision: approval.policyRevision, summary: "", arguments: "",
            requested: approval.requested, expires: approval.expires, decision: decision.id,
            origin: nil)
    }

    private func wait(_ approval: String, _ decision: Decision) {
        guard let id = DecisionID(approval) else { return }
        wait(id, decision)
    }

    private func wait(_ approval: DecisionID, _ decision: Decision) {
        decision.approval = ApprovalReference(id: approval, isUsed: false)
        if decision.reasons.isEmpty {
            decision.reasons.append(
                Reason(
                    code: Bytes("approval_required"),
                    message: Bytes("a person must approve this request")))
        }
    }

    /// What a refused client needs to know, as members of a JSON object, with a comma before.
    static func describe(
        _ reference: ApprovalReference, _ contact: String, to output: inout ByteBuilder
    ) {
        output.append(",\"approval\":{\"id\":\"")
        output.append(reference.id)
        output.append("\"")
        if !contact.isEmpty {
            output.append(",\"ask\":")
            var contact = contact
            contact.withUTF8 { JSONWriter.appendString($0, to: &output) }
        }
        output.append("}")
    }
}
