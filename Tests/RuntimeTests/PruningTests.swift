// SPDX-License-Identifier: Apache-2.0
import AgentContext
import Authorization
import Platform
import RegoVM
import Testing
import TransparencyLog

@testable import DecisionLog
@testable import Server

/// What a pruned log keeps is what holds: the context from it is the context from the whole log.
@Suite struct PruningTests {
    private static let agents = (0..<5).map { "agent/\($0)" }
    private static let second: Int64 = 1_000_000_000

    /// A log of random marks, releases, signals and approvals, ten seconds apart.
    private struct History {
        private let writer = ControlRecordWriter()
        var entries: [[UInt8]] = []
        var now: Int64 = 1_800_000_000 * PruningTests.second

        mutating func add(_ random: inout SplitMix) {
            now += Int64.random(in: 1...20, using: &random) * PruningTests.second
            let id = DecisionID(
                milliseconds: UInt64(now / 1_000_000), random: (random.next(), random.next()))
            let agent = PruningTests.agents.randomElement(using: &random) ?? ""
            let name = ["isolate", "read_only", "a", "b"].randomElement(using: &random) ?? ""
            let seconds = Int64.random(in: 0..<1500, using: &random)
            switch Int.random(in: 0..<9, using: &random) {
            case 0: change(id, agent, .restrict(name: name, seconds: seconds))
            case 1: change(id, agent, .release(name: Bool.random(using: &random) ? name : nil))
            case 2, 3:
                change(
                    id, agent,
                    .signal(
                        ControlRecord.Signal(
                            session: Bool.random(using: &random) ? "s" : "", kind: name,
                            severity: Int.random(in: 0...100, using: &random), confidence: 50,
                            seconds: Int64.random(in: 0..<900, using: &random), detail: "")))
            default: decide(id, agent, name, seconds, &random)
            }
        }

        private mutating func change(
            _ id: DecisionID, _ agent: String, _ content: ControlRecord.Content
        ) {
            let record = ControlRecord(
                id: id, time: now, agent: agent, operatorName: "unix:0", reason: "",
                content: content)
            if let bytes = writer.encode(record) { entries.append(Array(bytes.buffer)) }
        }

        private mutating func decide(
            _ id: DecisionID, _ agent: String, _ name: String, _ seconds: Int64,
            _ random: inout SplitMix
        ) {
            var marks = ""
            if Bool.random(using: &random) {
                // Now and then more labels than an agent may have.
                let count = Int.random(in: 0..<12, using: &random) == 0 ? 20 : 1
                let list = (0..<count).map { #"{"name":"\#(name)\#($0)","seconds":\#(seconds)}"# }
                marks += #","labels":[\#(list.joined(separator: ","))]"#
            }
            if Bool.random(using: &random) {
                marks += #","restrictions":[{"name":"\#(name)","seconds":\#(seconds / 2)}]"#
            }
            entries.append(
                Array(
                    #"""
                    {"v":1,"kind":"decision","time":"\#(Self.time(now))","decision_id":"\#(id)",\#
                    "agent":{"id":"\#(agent)","provenance":"attested"},"policy":{},\#
                    "action":{"protocol":"mcp","effect":"read","certain":true},\#
                    "answer":{"action":"allow","allowed":true}\#(marks)}
                    """#.utf8))
        }

        private static func time(_ moment: Int64) -> String {
            var json = JSONBuffer(capacity: 64)
            json.time(moment)
            return String(decoding: json.bytes.buffer, as: UTF8.self).filter { $0 != "\"" }
        }
    }

    private func marks(_ entries: some Sequence<[UInt8]>, at now: Int64) throws -> [String] {
        let agents = AgentStore(maximumAgents: 100)
        let fold = ContextFold(agents)
        for entry in entries { try entry.withUnsafeBytes { _ = try fold.apply($0) } }
        agents.expire(at: now)
        let arena = Arena()
        defer { arena.destroy() }
        return Self.agents.map { agent in
            let snapshot = AgentSnapshot()
            snapshot.isForPeople = true
            var agent = agent
            let isKnown = agent.withUTF8 {
                agents.peek(Bytes(UnsafeRawBufferPointer($0)), now: now, into: snapshot)
            }
            guard isKnown else { return "" }
            let context = snapshot.value(in: arena)
            return [context["labels"], context["restrictions"], context["signals"]].map(Self.text)
                .joined(separator: " ")
        }
    }

    /// In the order of their names, or of their text.
    private static func text(_ marks: Value) -> String {
        guard marks.kind == .array else { return marks.description }
        return marks.elements.map(\.description).sorted().joined(separator: ";")
    }

    @Test(arguments: 1...40 as ClosedRange<UInt64>)
    func whatHoldsIsKept(_ seed: UInt64) throws {
        var random = SplitMix(state: seed)
        var history = History()
        for _ in 0..<400 { history.add(&random) }
        let plan = try plan(history, below: Int.random(in: 200...400, using: &random))
        let kept = plan.kept.entries.map(\.bytes)
        let whole = try marks(history.entries, at: history.now)
        let pruned = try marks(kept + history.entries[plan.end...], at: history.now)
        for (one, other) in zip(whole, pruned) {
            // An agent of which nothing is kept is not known.
            let isSame = one == other || other.isEmpty && !one.contains(":")
            #expect(isSame, "\(one) is now \(other)")
        }
        #expect(kept.count <= plan.end / 2)
    }

    private func plan(_ history: History, below end: Int) throws -> LastingRecords.Plan {
        let lasting = LastingRecords(below: end, now: history.now)
        for (index, entry) in history.entries.enumerated() {
            try entry.withUnsafeBytes { try lasting.add(index, $0) }
        }
        return lasting.plan
    }

    @Test func keepingTwiceIsKeepingOnce() throws {
        var random = SplitMix(state: 99)
        var history = History()
        for _ in 0..<300 { history.add(&random) }
        let once = try plan(history, below: 300)
        let again = LastingRecords(below: 300, now: history.now)
        for entry in once.kept.entries {
            try entry.bytes.withUnsafeBytes { try again.add(entry.index, $0) }
        }
        for index in once.end..<history.entries.count {
            try history.entries[index].withUnsafeBytes { try again.add(index, $0) }
        }
        let second = again.plan
        let indexes = Set(once.kept.entries.map(\.index))
        let later = second.kept.entries.filter { $0.index < once.end }
        #expect(indexes.isSuperset(of: later.map(\.index)))
        let first = try marks(history.entries, at: history.now)
        let kept = second.kept.entries.map(\.bytes)
        let pruned = try marks(kept + history.entries[second.end...], at: history.now)
        for (one, other) in zip(first, pruned) { #expect(one == other || other.isEmpty) }
    }

    @Test func aRecordThatCannotBeReadIsNotPruned() {
        let lasting = LastingRecords(below: 100, now: 0)
        for text in [#"{"v":1,"kind":"invention"}"#, #"{"v":1,"labels":["#] {
            #expect(throws: ContextRebuild.Failure.self) {
                try Array(text.utf8).withUnsafeBytes { try lasting.add(7, $0) }
            }
        }
    }
}
