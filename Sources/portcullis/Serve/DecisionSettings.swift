// SPDX-License-Identifier: Apache-2.0
import Inspection
import PDP

extension DecisionPoint.Settings {
    /// What the configuration says of decisions: the same for `serve` and `replay`.
    init(_ configuration: Configuration) throws {
        self.init(
            inspector: Inspector(
                internalDestinations: try InternalDestinations(configuration.internalDestinations)))
        identifier = AgentIdentifier(
            key: configuration.agents.key, trustDomains: configuration.agents.trustDomains)
        scopeHeader = ScopeHeader(
            name: configuration.scopes.header, separator: configuration.scopes.separator)
        confidenceHeader = ConfidenceHeader(name: configuration.confidenceHeader)
        deniedDoubts = configuration.deniedDoubts
        approvals = configuration.approvals.settings
        deferral = configuration.deferral.settings
        workUnits = Int64(configuration.limits.work)
        answerBytes = Int(configuration.limits.answer)
        rememberedBytes = Int(configuration.limits.remembered)
    }
}
