// SPDX-License-Identifier: Apache-2.0
import AgentContext
import Authorization
import DecisionLog
import Inspection
import PDP

extension RecordFacts {
    /// Takes over what was found out about a check.
    mutating func fill(_ point: DecisionPoint) {
        let identity = point.subject.identity.pointee
        let action = point.subject.facts.pointee
        agent = identity.id
        agentProvenance = identity.provenance
        session = identity.session
        trafficProtocol = action.trafficProtocol
        effect = action.effect
        operation = action.operation
        tool = action.tool
        resource = action.resource
        model = action.model
        destinationHost = action.destination.host
        destinationPort = action.destination.port
        isDestinationInternal = action.destination.isInternal
        isCertain = action.isCertain
        policyRevision = point.revision
        entrypoint = point.entrypoint
        threat = point.threatRecord
        threatRevision = point.threatRevision
    }
}

extension RecordFacts.Context {
    /// The context that a decision was made with.
    init(_ stamp: ContextStamp, _ decision: DecisionID) {
        self.init(
            events: stamp.events, before: stamp.digest,
            after: stamp.digest &+ decision.fingerprint)
    }
}
