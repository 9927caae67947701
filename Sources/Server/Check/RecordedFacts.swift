// SPDX-License-Identifier: Apache-2.0
import Authorization
import DecisionLog
import Inspection
import PDP

extension RecordFacts {
    /// Takes over what was found out about a check.
    mutating func fill(_ action: ActionFacts, _ identity: AgentIdentity, _ point: DecisionPoint) {
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
    }
}
