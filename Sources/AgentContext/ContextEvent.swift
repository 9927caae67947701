// SPDX-License-Identifier: Apache-2.0
import Authorization

/// What one decision record adds to the context of its agent.
///
/// The context is a fold over these events and nothing else: applying those of the log in their
/// order gives the same context as living through them. An event that isolates must carry the
/// restriction `isolate` itself.
public struct ContextEvent {
    /// The agent's key. Events without one are nobody's and change nothing.
    public var agent = Bytes.empty
    /// Empty when the request names none.
    public var session = Bytes.empty
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

    public init(agent: Bytes, time: Int64) {
        self.agent = agent
        self.time = time
    }
}
