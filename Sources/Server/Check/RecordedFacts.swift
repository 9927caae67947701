// SPDX-License-Identifier: Apache-2.0
import AgentContext
import Authorization
import DecisionLog
import Inspection
import PDP

extension RecordFacts {
    /// Takes over what was found out about a check.
    mutating func fill(_ point: DecisionPoint, _ subject: CheckSubject) {
        let identity = subject.identity
        agent = identity.pointee.id
        agentProvenance = identity.pointee.provenance
        session = identity.pointee.session
        let action = subject.facts
        trafficProtocol = action.pointee.trafficProtocol
        effect = action.pointee.effect
        operation = action.pointee.operation
        tool = action.pointee.tool
        resource = action.pointee.resource
        model = action.pointee.model
        destinationHost = action.pointee.destination.host
        destinationPort = action.pointee.destination.port
        isDestinationInternal = action.pointee.destination.isInternal
        isCertain = action.pointee.isCertain
        policyRevision = point.revision
        entrypoint = point.entrypoint
        threat = point.threatRecord
        rules = point.ruleRecord
        if action.pointee.mayShowLineage { prompt = subject.lineageRecord }
        principals = subject.principalsRecord
        threatRevision = point.threatRevision
    }
}

extension RecordFacts.Context {
    /// The context that a decision was made with.
    init(_ stamp: ContextStamp, _ decision: DecisionID) {
        self.init(
            events: stamp.events, before: stamp.digest,
            after: stamp.adding(decision.fingerprint).digest)
    }
}
