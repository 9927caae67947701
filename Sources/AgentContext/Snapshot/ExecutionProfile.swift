// SPDX-License-Identifier: Apache-2.0
import Authorization
import Glibc
import RegoVM

/// `input.context.profile`: what the agent usually does, and how unusual a call is beside that.
extension AgentSnapshot {
    /// What is compared with the past.
    public struct Call {
        public var tool: Bytes
        public var destination: Bytes
        public var effect: Effect

        public init(tool: Bytes, destination: Bytes, effect: Effect) {
            self.tool = tool
            self.destination = destination
            self.effect = effect
        }
    }

    /// `{"requests", "settled", "tool", "destination", "effect", "unusual"}`
    ///
    /// `tool`, `destination` and `effect` say how often the agent was allowed the one of this call
    /// (rare ones are forgotten: 0); the first two are left out when the call has none. `unusual`
    /// is 0 for what the agent does most and 100 for what it never did, whichever of the three is
    /// the most unusual: 100 times 1 - log(1 + times) / log(1 + times of the most frequent). It is
    /// left out until the profile is `settled`, after 20 allowed requests.
    public func profile(of call: Call, in arena: Arena) -> Value {
        let builder = CollectionBuilder.object(in: arena, capacity: 6)
        let state = content.pointee.state
        let allowed = isKnown ? state.total - min(state.total, state.denied) : 0
        let isSettled = allowed >= UInt64(Limits.profileRequests)
        builder.insert(.string("requests"), .integer(Int(clamping: allowed)))
        builder.insert(.string("settled"), .boolean(isSettled))
        var unusual = 0
        func add(_ key: StaticString, _ count: Int, _ largest: Int) {
            builder.insert(.string(key), .integer(count))
            unusual = max(unusual, Self.unusual(count, largest))
        }
        if !call.tool.isEmpty {
            let count = isKnown ? state.tools.count(of: AgentState.hash(call.tool)) : 0
            add("tool", count, state.tools.largest)
        }
        if !call.destination.isEmpty {
            let hash = AgentState.hash(call.destination)
            let count = isKnown ? state.destinations.count(of: hash) : 0
            add("destination", count, state.destinations.largest)
        }
        let effect = Int(call.effect.rawValue)
        add("effect", isKnown ? state.effects.count(of: effect) : 0, state.effects.largest)
        if isSettled { builder.insert(.string("unusual"), .integer(unusual)) }
        return builder.finish()
    }

    private static func unusual(_ count: Int, _ largest: Int) -> Int {
        guard count > 0, largest > 0 else { return 100 }
        let share = log(1 + Double(count)) / log(1 + Double(largest))
        return min(100, max(0, Int((100 * (1 - share)).rounded())))
    }
}
