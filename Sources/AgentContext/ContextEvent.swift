// SPDX-License-Identifier: Apache-2.0
import Authorization

/// What one decision record adds to the context of its agent.
///
/// The context is a fold over these events and nothing else: applying those of the log in their
/// order gives the same context as living through them. An event that isolates must carry the
/// restriction `isolate` itself.
public struct ContextEvent {
    /// The agent's key. Events without one are nobody's and change nothing.
    public var agent = Bytes.empty { didSet { agentHash = nil } }
    /// Empty when the request names none.
    public var session = Bytes.empty { didSet { sessionHash = nil } }
    /// Those of `agent` and `session` where they are known; else they are made when needed.
    private(set) var agentHash: UInt64?
    private(set) var sessionHash: UInt64?
    /// Nanoseconds since 1970.
    public var time: Int64 = 0
    public var decision = DecisionID()
    public var action: Action = .deny
    public var isAllowed = false
    public var trafficProtocol: TrafficProtocol = .unknown
    public var effect: Effect = .unknown
    public var operation = Bytes.empty
    public var tool = Bytes.empty
    public var resource = Bytes.empty
    /// The destination's host.
    public var destination = Bytes.empty
    public var isInternal = false
    public var labels: [Label] = []
    public var restrictions: [Restriction] = []
    /// What led to the request, as far as it shows: the prompt and the documents that it gives to a
    /// model, or the resources that it reads. Oldest first.
    public var lineage: [LineageLink] = []

    public init(agent: Bytes, time: Int64) {
        self.agent = agent
        self.time = time
    }

    /// Takes over who asks, as the snapshot was loaded for them.
    public mutating func takeNames(of snapshot: AgentSnapshot) {
        let names = snapshot.names
        agent = names.agent
        session = names.session
        agentHash = names.agentHash
        sessionHash = names.sessionHash
    }
}

/// A prompt or a document, without its text.
public struct LineageLink: Equatable, Sendable {
    public var source: LineageSource
    /// The first eight bytes of its SHA-256, big-endian.
    public var digest: UInt64

    public init(_ source: LineageSource, digest: UInt64) {
        self.source = source
        self.digest = digest
    }
}
