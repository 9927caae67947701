// SPDX-License-Identifier: Apache-2.0

/// Bounds of the agents' context, each with its unit.
public enum Limits {
    /// Agents that are remembered unless configured otherwise.
    public static let agents = 100_000
    /// Bytes of recent events of one agent.
    public static let eventBytes = 960
    /// Recent events of one agent.
    public static let events = 32
    /// Bytes of one text of an event; longer ones are cut. Four of them fit `eventBytes`.
    public static let eventTextBytes = 232
    /// Destinations, and as many tools, that are known as seen before.
    public static let seen = 16
    /// Sessions of one agent.
    public static let sessions = 4
    /// Prompts, and documents, of one agent's lineage.
    public static let lineagePrompts = 3
    public static let lineageDocuments = 5
    /// Deferred actions of one agent.
    public static let deferrals = 4
    /// Seconds after which a deferred action is a new one.
    public static let deferralSeconds: UInt32 = 86_400
    /// Allowed requests after which it can be told what an agent usually does.
    public static let profileRequests = 20
    /// Labels of one agent. One more isolates it: a taint that has no room must not be forgotten.
    public static let labels = 16
    /// Restrictions of one agent. One more isolates it.
    public static let restrictions = 16
    /// Signals of one agent. For one more the weakest goes.
    public static let signals = 16
    /// Bytes of a label's or restriction's name. A longer one isolates.
    public static let markNameBytes = 140
    /// Approvals that are remembered, open ones and closed ones.
    public static let approvals = 8192
    /// Of one agent.
    public static let approvalsOfAgent = 32
    /// Of one agent that are pending, or granted and not used.
    public static let openApprovalsOfAgent = 16
    /// Bytes of the kind of a signal.
    public static let signalKindBytes = 64
    /// Seconds that a label, restriction or signal may last (ten years).
    public static let markSeconds: Int64 = 315_360_000
    /// Seconds that a mark is kept after its end unless its place is needed (a day): an event whose
    /// clock was ahead ends nothing for good.
    public static let endedMarkSeconds: Int64 = 86_400
    /// Shards at most; each has its own lock.
    static let shards = 16
    /// Agents that are looked at in search of one whose restrictions are over.
    static let evictionScan = 8
}
