// SPDX-License-Identifier: Apache-2.0
import AgentContext
import Authorization

// Approvals, as people see and decide them.
extension Operations {
    public func approvals(_ filter: ApprovalFilter) -> [Approval] {
        store.approvals.approvals(filter, now: control.now).map(texts.complete)
    }

    public func approval(_ id: String) -> Approval? {
        guard let id = DecisionID(id) else { return nil }
        return store.approvals.approval(id, now: control.now).map(texts.complete)
    }

    public func grant(_ approval: String, _ origin: Origin) throws(OperationFailure) -> Approval {
        try decide(approval, .granted, origin)
    }

    public func deny(_ approval: String, _ origin: Origin) throws(OperationFailure) -> Approval {
        try decide(approval, .denied, origin)
    }

    private func decide(
        _ id: String, _ kind: ApprovalStep.Kind, _ origin: Origin
    ) throws(OperationFailure) -> Approval {
        guard let approval = DecisionID(id) else { throw Self.unknown(id) }
        try control.commit(origin) { [store] now throws(OperationFailure) in
            guard let asked = store.approvals.approval(approval, now: now) else {
                throw Self.unknown(id)
            }
            guard asked.state == .pending else {
                throw OperationFailure(
                    .approvalDecided, "approval `\(id)` is \(asked.state.rawValue)")
            }
            return ApprovalStep(
                kind: kind, approval: approval, time: now, agent: asked.agent,
                session: asked.session, digest: asked.digest,
                policyRevision: asked.policyRevision, summary: "", arguments: "",
                requested: asked.requested, expires: asked.expires, decision: nil, origin: origin)
        }
        approvalDecided()
        guard let decided = store.approvals.approval(approval, now: control.now) else {
            throw Self.unknown(id)
        }
        return texts.complete(decided)
    }

    private static func unknown(_ approval: String) -> OperationFailure {
        OperationFailure(.unknownApproval, "approval `\(approval)` is not known")
    }
}
