// SPDX-License-Identifier: Apache-2.0
import Authorization
import RegoVM
import Testing

@testable import AgentContext

private let second: Int64 = 1_000_000_000

/// A small generator with a seed, so that a failure can be repeated.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}

@Suite struct AgentStorePropertyTests {
    private func randomEvents(_ seed: UInt64, agents: Int, count: Int) -> [ContextEvent] {
        var random = SplitMix(state: seed)
        var time: Int64 = 1_795_000_000 * second
        let names = ["read_only", "no_egress", "isolate", "l1", "l2"].map(bytes)
        return (0..<count).map { _ in
            time += Int64.random(in: 0..<20, using: &random) * second
            return event("agent\(Int.random(in: 0..<agents, using: &random))", time) { event in
                event.isAllowed = Bool.random(using: &random)
                event.tool = bytes(
                    String(repeating: "t", count: Int.random(in: 0..<300, using: &random)))
                event.destination = bytes("host\(Int.random(in: 0..<40, using: &random))")
                let seconds = Int64.random(in: -10..<500, using: &random)
                let name = names.randomElement(using: &random)!
                switch Int.random(in: 0..<6, using: &random) {
                case 0: event.labels = [Label(name: name, seconds: seconds)]
                case 1: event.restrictions = [Restriction(name: name, seconds: seconds)]
                default: break
                }
            }
        }
    }

    /// The context is a fold: the same events give the same context, whoever applies them when.
    @Test(arguments: [1, 2, 3] as [UInt64]) func replayGivesTheSameContext(_ seed: UInt64) {
        let events = randomEvents(seed, agents: 20, count: 2000)
        let live = AgentStore(maximumAgents: 100)
        let snapshot = AgentSnapshot()
        for event in events {
            _ = live.load(event.agent, now: event.time, into: snapshot)
            live.apply(event)
        }
        let replayed = AgentStore(maximumAgents: 100)
        for event in events { replayed.apply(event) }
        let other = AgentSnapshot()
        let arena = Arena()
        let now = events[events.count - 1].time
        for index in 0..<20 {
            _ = live.load(bytes("agent\(index)"), now: now, into: snapshot)
            _ = replayed.load(bytes("agent\(index)"), now: now, into: other)
            #expect(snapshot.value(in: arena).description == other.value(in: arena).description)
        }
    }

    /// Restrictions and the hour's count agree with a model that keeps everything.
    @Test(arguments: [4, 5, 6] as [UInt64]) func agreesWithAModel(_ seed: UInt64) {
        let store = AgentStore(maximumAgents: 1000)
        var restrictions: [String: [String: Int64]] = [:]
        var times: [String: [Int64]] = [:]
        let snapshot = AgentSnapshot()
        for event in randomEvents(seed, agents: 5, count: 1500) {
            store.apply(event)
            let agent = event.agent.string
            times[agent, default: []].append(event.time)
            for restriction in event.restrictions where restriction.seconds > 0 {
                let name = restriction.name.string
                let before = restrictions[agent]?[name] ?? 0
                restrictions[agent, default: [:]][name] = max(
                    before, event.time + restriction.seconds * second)
            }
            let later = event.time + 3 * second
            _ = store.load(event.agent, now: later, into: snapshot)
            for name in ["read_only", "no_egress", "isolate", "l1", "l2"] {
                #expect(
                    snapshot.isRestricted(bytes(name))
                        == ((restrictions[agent]?[name] ?? 0) > later))
            }
            let arena = Arena()
            defer { arena.destroy() }
            let counted = snapshot.value(of: .counts, in: arena)["1h"].asInteger ?? -1
            let least = times[agent, default: []].filter { $0 > later - 3600 * second }.count
            let most = times[agent, default: []].filter { $0 > later - 3901 * second }.count
            #expect(counted >= Int64(least) && counted <= Int64(most))
        }
    }

    /// Agents come and go by the thousand: the number stays bounded, each one is found again.
    @Test func manyAgentsStayBounded() {
        let store = AgentStore(maximumAgents: 2000)
        let snapshot = AgentSnapshot()
        for index in 0..<10_000 {
            let name = bytes("spiffe://acme.example/agent/\(index)")
            store.apply(event(name.string, Int64(index) * second))
            #expect(store.load(name, now: Int64(index) * second, into: snapshot) == .known)
            #expect(store.count <= 2000)
        }
        #expect(store.count == 2000)
    }

    @Test func twoThreadsShareTheStore() async {
        let store = AgentStore(maximumAgents: 300)
        let perTask = 20_000
        await withTaskGroup(of: Void.self) { group in
            for seed in 0..<2 {
                group.addTask {
                    var random = SplitMix(state: UInt64(seed))
                    let snapshot = AgentSnapshot()
                    let names = (0..<500).map { bytes("agent\($0)") }
                    for step in 0..<perTask {
                        let name = names[Int.random(in: 0..<500, using: &random)]
                        let now = Int64(step) * second / 100
                        _ = store.load(name, now: now, into: snapshot)
                        var event = ContextEvent(agent: name, time: now)
                        if step % 50 == 0 { event.labels = [Label(name: bytes("l"), seconds: 5)] }
                        if step % 400 == 0 {
                            event.restrictions = [Restriction(name: bytes("isolate"), seconds: 5)]
                        }
                        store.apply(event)
                    }
                }
            }
        }
        #expect(store.count <= 300)
    }
}
