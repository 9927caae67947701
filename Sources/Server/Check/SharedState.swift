// SPDX-License-Identifier: Apache-2.0
import AgentContext
import DecisionLog
import PDP
import RegoVM
import Synchronization

/// What all loops share: immutable parts, the policy that is current, the agents' context, the log.
public final class SharedState: Sendable {
    public let settings: DecisionPoint.Settings
    /// nil when no context is kept.
    public let agents: AgentStore?
    public let policy: CurrentPolicy
    /// nil when there are no threat lists.
    public let threats: CurrentThreats?
    /// nil when decisions are not recorded, which only a benchmark wants.
    public let log: LocalLog?
    /// What policies may reach of the network; nil for nothing.
    let network: Network?
    /// nil when nothing is counted.
    let metrics: CheckMetrics?
    /// Bytes of values that one decision may hold.
    let memory: Int
    /// Nanoseconds for a check whose caller sets no deadline.
    let deadline: UInt64
    /// Nanoseconds that a check waits for a person's approval; 0 to answer at once.
    let hold: UInt64

    public init(
        settings: DecisionPoint.Settings, agents: AgentStore?, policy: CurrentPolicy,
        threats: CurrentThreats? = nil, log: LocalLog?, network: Network? = nil, memory: Int,
        deadline: UInt64, hold: UInt64 = 0, metrics: CheckMetrics? = nil
    ) {
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

/// The policy that decides now. Loops look at its number once a turn and take the lock only when it
/// has changed.
public final class CurrentPolicy: Sendable {
    private let number = Atomic<Int>(0)
    private let snapshot: Mutex<PolicySnapshot>

    public init(_ snapshot: PolicySnapshot) { self.snapshot = Mutex(snapshot) }

    /// Decides with `snapshot` from now on; checks under way finish with the one they began with.
    public func replace(by snapshot: PolicySnapshot) {
        self.snapshot.withLock { $0 = snapshot }
        number.add(1, ordering: .releasing)
    }

    public var current: PolicySnapshot { snapshot.withLock { $0 } }

    /// The current policy when it is not number `seen`, which is then updated.
    func change(since seen: inout Int) -> PolicySnapshot? {
        let now = number.load(ordering: .acquiring)
        guard now != seen else { return nil }
        seen = now
        return current
    }
}
