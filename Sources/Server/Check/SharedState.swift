// SPDX-License-Identifier: Apache-2.0
import AgentContext
import DecisionLog
import PDP
import RegoVM
import ThreatIntelligence

/// What all loops share: immutable parts, the policy that is current, the agents' context, the log.
public final class SharedState: Sendable {
    public let settings: DecisionPoint.Settings
    /// nil when no context is kept.
    public let agents: AgentStore?
    public let policy: Current<PolicySnapshot>
    /// nil when there are no threat lists.
    public let threats: Current<ThreatIndex>?
    /// nil when decisions are not recorded, which only a benchmark wants.
    public let log: LocalLog?
    /// What policies may reach of the network; nil for nothing.
    let network: Network?
    /// nil when nothing is counted.
    let metrics: CheckMetrics?
    /// Told when a check's own record cannot be read back, and why: our own fault. nil tells
    /// nobody.
    let recordUnreadable: (@Sendable (String) -> Void)?
    /// Bytes of values that one decision may hold.
    let memory: Int
    /// Nanoseconds for a check whose caller sets no deadline.
    let deadline: UInt64
    /// Nanoseconds that a check waits for a person's approval; 0 to answer at once.
    let hold: UInt64

    public init(
        settings: DecisionPoint.Settings, agents: AgentStore?, policy: Current<PolicySnapshot>,
        threats: Current<ThreatIndex>? = nil, log: LocalLog?, network: Network? = nil, memory: Int,
        deadline: UInt64, hold: UInt64 = 0, metrics: CheckMetrics? = nil,
        recordUnreadable: (@Sendable (String) -> Void)? = nil
    ) {
        self.recordUnreadable = recordUnreadable
        self.hold = hold
        self.network = network
        self.metrics = metrics
        self.memory = memory
        self.deadline = deadline
        self.settings = settings
        self.agents = agents
        self.policy = policy
        self.threats = threats
        self.log = log
    }
}
