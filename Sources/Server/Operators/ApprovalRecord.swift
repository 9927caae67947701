// SPDX-License-Identifier: Apache-2.0
import AgentContext
import Authorization
import DecisionLog

extension ControlRecord {
    /// The record of an approval's step.
    ///
    /// - Parameter id: the record's own.
    init(_ step: ApprovalStep, id: DecisionID) {
        self.init(
            id: id, time: step.time, agent: step.agent,
            operatorName: step.origin?.operatorName ?? "", reason: step.origin?.reason ?? "",
            content: .approval(
                ControlRecord.Approval(
                    id: step.approval.description, state: step.kind.rawValue,
                    session: step.session, digest: step.digest,
                    policyRevision: step.policyRevision, summary: step.summary,
                    content: step.text.flatMap { ContentReference($0) },
                    requested: step.requested, expires: step.expires,
                    decision: step.decision?.description ?? "")))
    }
}

extension ContextRecord {
    /// A record of kind `approval`.
    static func approval(_ record: RecordFields) throws(Unreadable) -> ApprovalStep {
        let agent = try record.object("agent")
        let approval = try record.object("approval")
        guard let kind = ApprovalStep.Kind(rawValue: try approval.text("state").string) else {
            throw Unreadable(reason: "unknown state \(approval["state"].description)")
        }
        var origin: Origin?
        if record["operator"].isDefined {
            origin = Origin(
                operatorName: try record.text("operator").string,
                reason: try record.optionalText("reason").string)
        }
        var step = ApprovalStep(
            kind: kind, approval: try approval.id("id"), time: try record.time("time"),
            agent: try agent.text("id").string, session: try agent.optionalText("session").string,
            digest: try approval.text("digest").string,
            policyRevision: try approval.optionalText("policy_revision").string,
            summary: try approval.optionalText("summary").string,
            arguments: try approval.optionalText("arguments").string,
            requested: try approval.time("requested"), expires: try approval.time("expires"),
            decision: approval["decision_id"].isDefined ? try approval.id("decision_id") : nil,
            origin: origin)
        if approval["content"].isDefined {
            step.text = ApprovalText(try approval.object("content").contentReference())
        }
        return step
    }
}
