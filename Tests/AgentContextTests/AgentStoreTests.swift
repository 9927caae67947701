// SPDX-License-Identifier: Apache-2.0
import Authorization
import RegoVM
import Testing

@testable import AgentContext

private let second: Int64 = 1_000_000_000
private let start: Int64 = 1_795_000_000 * second

extension AgentSnapshot {
    func isRestricted(_ name: Bytes) -> Bool { has(.restriction, name) }
    func isLabelled(_ name: Bytes) -> Bool { has(.label, name) }

    private func has(_ kind: Mark.Kind, _ name: Bytes) -> Bool {
        var isFound = false
        forEachMark(kind) { mark in isFound = isFound || mark.hasName(name) }
        return isFound
    }
}

/// Bytes that are never freed.
func bytes(_ text: String) -> Bytes {
    let memory = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: text.utf8.count)
    _ = memory.initialize(from: text.utf8)
    return Bytes(start: UnsafePointer(memory.baseAddress), count: memory.count)
}

func event(_ agent: String, _ time: Int64, _ change: (inout ContextEvent) -> Void = { _ in })
    -> ContextEvent
{
    var event = ContextEvent(agent: bytes(agent), time: time)
    event.action = .allow
    event.isAllowed = true
    event.operation = bytes("tools/call")
    event.effect = .execute
    event.trafficProtocol = .mcp
    change(&event)
    return event
}

@Suite struct AgentStoreTests {
    let snapshot = AgentSnapshot()
    let arena = Arena()

    private func context(
        _ store: AgentStore, _ agent: String, _ now: Int64, _ key: AgentSnapshot.Key
    ) -> String {
        _ = store.load(bytes(agent), now: now, into: snapshot)
        return snapshot.value(of: key, in: arena).description
    }

    @Test func unknownAgentHasAnEmptyContext() {
        let store = AgentStore(maximumAgents: 10)
        #expect(store.load(bytes("a"), now: start, into: snapshot) == .new)
        let context = snapshot.value(in: arena).description
        for part in [
            #""counts":{"10m":0,"1h":0,"1m":0}"#, #""denials":{"10m":0,"1h":0,"1m":0}"#,
            #""events":[]"#, #""known":false"#, #""labels":{}"#, #""restrictions":{}"#,
            #""signals":[]"#, #""items":[]"#,
        ] {
            #expect(context.contains(part))
        }
        #expect(store.load(.empty, now: start, into: snapshot) == .nobody)
        #expect(store.count == 1)
    }

    @Test func eventsAreNewestFirst() {
        let store = AgentStore()
        store.apply(event("a", start) { $0.tool = bytes("read") })
        store.apply(
            event("a", start + second) {
                $0.tool = bytes("post")
                $0.action = .deny
                $0.isAllowed = false
                $0.destination = bytes("partner.example")
            })
        #expect(
            context(store, "a", start + 2 * second, .events) == """
                [{"action":"deny","allowed":false,"destination":"partner.example",\
                "effect":"execute","internal":false,"operation":"tools/call",\
                "protocol":"mcp","time":1795000001,"tool":"post"},\
                {"action":"allow","allowed":true,"effect":"execute","internal":false,\
                "operation":"tools/call","protocol":"mcp","time":1795000000,"tool":"read"}]
                """)
        #expect(context(store, "a", start + 2 * second, .denials) == #"{"10m":1,"1h":1,"1m":1}"#)
        #expect(snapshot.hasSeen(tool: bytes("read")))
        #expect(!snapshot.hasSeen(tool: bytes("post")), "a refused call makes nothing familiar")
    }

    @Test func countsForgetWhatIsOver() {
        let store = AgentStore()
        for index in 0..<10 { store.apply(event("a", start + Int64(index) * second)) }
        let last = start + 9 * second
        #expect(context(store, "a", last, .counts) == #"{"10m":10,"1h":10,"1m":10}"#)
        #expect(context(store, "a", last + 80 * second, .counts) == #"{"10m":10,"1h":10,"1m":0}"#)
        #expect(context(store, "a", last + 700 * second, .counts) == #"{"10m":0,"1h":10,"1m":0}"#)
        #expect(context(store, "a", last + 4000 * second, .counts) == #"{"10m":0,"1h":0,"1m":0}"#)
    }

    @Test func labelsExpire() {
        let store = AgentStore()
        store.apply(
            event("a", start) {
                $0.labels = [Label(name: bytes("tainted"), seconds: 60)]
                $0.decision = DecisionID(milliseconds: 1, random: (2, 3))
            })
        #expect(
            context(store, "a", start + 59 * second, .labels) == """
                {"tainted":{"cause":"00000000-0001-7002-8000-000000000003","expires":1795000060,\
                "since":1795000000}}
                """)
        #expect(snapshot.isLabelled(bytes("tainted")))
        #expect(context(store, "a", start + 60 * second, .labels) == "{}")
    }

    @Test func aMarkOnlyGrowsLonger() {
        let store = AgentStore()
        for (offset, seconds) in [(0, 100), (10, 20), (20, 300), (30, -5)] as [(Int64, Int64)] {
            store.apply(
                event("a", start + offset * second) {
                    $0.labels = [Label(name: bytes("l"), seconds: seconds)]
                })
        }
        #expect(
            context(store, "a", start, .labels).contains(
                #""expires":1795000320,"since":1795000000"#))
    }

    @Test func whatHasNoRoomIsolates() {
        let store = AgentStore()
        store.apply(
            event("a", start) { event in
                event.labels = (0...Limits.labels).map { Label(name: bytes("l\($0)"), seconds: 60) }
            })
        _ = store.load(bytes("a"), now: start, into: snapshot)
        #expect(snapshot.isRestricted(bytes("isolate")))
        store.apply(
            event("b", start) {
                let name = "no_tool:" + String(repeating: "x", count: 200)
                $0.restrictions = [Restriction(name: bytes(name), seconds: 60)]
            })
        _ = store.load(bytes("b"), now: start + 59 * second, into: snapshot)
        #expect(snapshot.isRestricted(bytes("isolate")))
        _ = store.load(bytes("b"), now: start + 61 * second, into: snapshot)
        #expect(!snapshot.isRestricted(bytes("isolate")))
    }

    /// One event whose clock was ahead releases nobody.
    @Test func aClockThatWasAheadEndsNothing() {
        let store = AgentStore()
        store.apply(
            event("a", start) {
                $0.restrictions = [Restriction(name: bytes("isolate"), seconds: 3600)]
                $0.labels = [Label(name: bytes("l"), seconds: 3600)]
            })
        store.apply(event("a", start + 7200 * second))
        _ = store.load(bytes("a"), now: start + 7200 * second, into: snapshot)
        #expect(!snapshot.isRestricted(bytes("isolate")))
        store.apply(event("a", start + 60 * second))
        store.expire(at: start + 7200 * second)
        _ = store.load(bytes("a"), now: start + 60 * second, into: snapshot)
        #expect(snapshot.isRestricted(bytes("isolate")) && snapshot.isLabelled(bytes("l")))
    }

    @Test func whatEndedMakesPlace() {
        let store = AgentStore()
        for round in 0..<4 {
            let time = start + Int64(round) * 100 * second
            store.apply(
                event("a", time) { event in
                    event.labels = (0..<Limits.labels).map {
                        Label(name: bytes("l\(round)-\($0)"), seconds: 60)
                    }
                })
            _ = store.load(bytes("a"), now: time, into: snapshot)
            #expect(!snapshot.isRestricted(bytes("isolate")))
            #expect(snapshot.isLabelled(bytes("l\(round)-0")))
        }
    }

    /// A mark that ended and comes again begins again.
    @Test func aMarkThatEndedBeginsAgain() {
        let store = AgentStore()
        for offset in [0, 100] as [Int64] {
            store.apply(
                event("a", start + offset * second) {
                    $0.labels = [Label(name: bytes("l"), seconds: 60)]
                })
        }
        #expect(
            context(store, "a", start + 100 * second, .labels).contains(
                #""expires":1795000160,"since":1795000100"#))
    }

    @Test func theLeastRecentlyUsedGoesFirst() {
        let store = AgentStore(maximumAgents: 3)
        for agent in ["a", "b", "c", "a", "d"] { store.apply(event(agent, start)) }
        #expect(store.count == 3)
        #expect(store.load(bytes("a"), now: start, into: snapshot) == .known)
        #expect(store.load(bytes("b"), now: start, into: snapshot) == .new)
    }

    @Test func restrictedAgentsStay() {
        let store = AgentStore(maximumAgents: 4)
        for agent in ["r1", "r2"] {
            store.apply(
                event(agent, start) {
                    $0.restrictions = [Restriction(name: bytes("read_only"), seconds: 600)]
                })
        }
        for index in 0..<1000 { store.apply(event("x\(index)", start + second)) }
        #expect(store.count == 4)
        for agent in ["r1", "r2"] {
            #expect(store.load(bytes(agent), now: start + second, into: snapshot) == .known)
            #expect(snapshot.isRestricted(bytes("read_only")))
        }
    }

    @Test func fullOfRestrictedAgentsTakesNoMore() {
        let store = AgentStore(maximumAgents: 3)
        for agent in ["a", "b", "c"] {
            store.apply(
                event(agent, start) {
                    $0.restrictions = [Restriction(name: bytes("isolate"), seconds: 600)]
                })
        }
        #expect(store.load(bytes("d"), now: start, into: snapshot) == .full)
        #expect(!store.apply(event("d", start)))
        #expect(store.load(bytes("d"), now: start + 601 * second, into: snapshot) == .new)
        #expect(store.count == 3)
    }

    @Test func longTextsAreCutAtACharacter() {
        let store = AgentStore()
        let long = String(repeating: "é", count: 200)
        for _ in 0..<3 {
            store.apply(
                event("a", start) { event in
                    event.operation = bytes(long)
                    event.tool = bytes("x" + long)
                    event.resource = bytes(long)
                    event.destination = bytes(long)
                })
        }
        _ = store.load(bytes("a"), now: start, into: snapshot)
        let events = snapshot.value(of: .events, in: arena)
        #expect(events.count == 1)
        #expect(events.elements[0]["cut"].isTrue)
        #expect(events.elements[0]["operation"].asString == String(repeating: "é", count: 116))
        #expect(events.elements[0]["tool"].asString == "x" + String(repeating: "é", count: 115))
    }

    @Test func eventsAreBounded() {
        let store = AgentStore()
        for index in 0..<100 {
            store.apply(event("a", start + Int64(index)) { $0.tool = bytes("t\(index)") })
        }
        _ = store.load(bytes("a"), now: start, into: snapshot)
        let events = snapshot.value(of: .events, in: arena)
        #expect(events.count > 20 && events.count <= Limits.events)
        for index in 0..<events.count {
            #expect(events.elements[index]["tool"].asString == "t\(99 - index)")
        }
    }

    @Test func anAgentNeedsLittleMemory() {
        #expect(MemoryLayout<AgentState>.stride <= 1856)
        #expect(MemoryLayout<Mark>.stride <= 192)
    }

    /// At most 2 KB for each of 100,000 agents, and a search that does not grow with them.
    @Test func manyAgentsNeedLittleMemoryAndFewSteps() {
        let store = AgentStore(maximumAgents: 100_000)
        for index in 0..<100_000 {
            let name = "spiffe://acme.example/ns/agents/sa/worker-\(1_000_000 + index)"
            store.apply(
                event(name, start) { event in
                    event.session = bytes("s")
                    event.tool = bytes("read")
                    // One in a hundred carries a label.
                    if index % 100 == 0 { event.labels = [Label(name: bytes("l"), seconds: 60)] }
                })
        }
        #expect(store.count == 100_000)
        #expect(store.memoryBytes / store.count <= 2048)
        let probes = store.shards.reduce(0) { sum, shard in sum + shard.withLock { $0.probes } }
        #expect(Double(probes) / Double(store.count) < 3)
    }
}
