// SPDX-License-Identifier: Apache-2.0
import AgentContext
import Authorization
import DecisionLog
import MemoryPlatform
import Platform
import RegoVM
import Testing

@testable import Server

/// A small generator with a seed, so that a failure can be repeated.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}

@Suite struct RebuildTests {
    /// The policy does what the tool's arguments say, so that a test can make any decision.
    private static let obedient = """
        decision := object.union({"action": "allow"}, input.action.arguments) if {
            is_object(input.action.arguments)
        } else := {"action": "deny"}
        """

    private static let texts = [
        "read", "payroll/x?year=2026#top", "é€😀", "\\u0001\\u0002", #"a \"quoted\" \\ text"#,
        String(repeating: "long", count: 400), String(repeating: "\\u0007", count: 200), "a&b=c",
    ]

    private func randomCheck(_ random: inout SplitMix) -> SampleCheck {
        let text = Self.texts.randomElement(using: &random) ?? ""
        let seconds = Int.random(in: 0..<400, using: &random)
        let names = ["read_only", "no_egress", "l1", "l2", text]
        let name = names.randomElement(using: &random) ?? ""
        let mark = #"[{"name":"\#(name)","seconds":\#(seconds)}]"#
        let arguments = [
            "{}", #"{"labels":\#(mark)}"#, #"{"restrictions":\#(mark)}"#, #"{"action":"deny"}"#,
            #"{"action":"isolate","restrictions":[{"name":"isolate","seconds":5}]}"#, "[1]",
        ]
        var check = SampleCheck.tool(
            text, arguments.randomElement(using: &random) ?? "{}",
            agent: "agent/\(Int.random(in: 0..<6, using: &random))",
            session: Bool.random(using: &random) ? "s\(Int.random(in: 0..<3, using: &random))" : nil
        )
        check.host =
            ["tools.internal", "partner.example", "Bad Host"].randomElement(
                using: &random) ?? ""
        if Int.random(in: 0..<5, using: &random) == 0 {
            check.method = "GET"
            check.body = ""
            check.path = "/files/a%20b?token=secret#x"
        }
        if Int.random(in: 0..<6, using: &random) == 0 {
            check.path = "/v1/chat/completions"
            check.body =
                #"{"messages":[{"role":"user","content":"\#(text)"},"#
                + #"{"role":"tool","tool_call_id":"\#(name)","content":"result of \#(seconds)"}]}"#
        }
        if Int.random(in: 0..<12, using: &random) == 0 { check.agent = "agent/\u{1}\"é\\" }
        return check
    }

    private func operate(_ runtime: Runtime, _ random: inout SplitMix) throws {
        let agent = "agent/\(Int.random(in: 0..<8, using: &random))"
        let origin = Origin(operatorName: "token:\"x\"", reason: "because\n")
        switch Int.random(in: 0..<3, using: &random) {
        case 0: _ = try runtime.operations.restrict(agent, "read_only", seconds: 300, origin)
        case 1: _ = try? runtime.operations.release(agent, nil, origin)
        default:
            var signal = AgentSignal(
                agent: agent, kind: "dlp", severity: Int.random(in: 0...100, using: &random),
                confidence: 50, seconds: 100, origin: origin)
            if Bool.random(using: &random) { signal.session = "s1" }
            _ = try runtime.operations.signal(signal)
        }
    }

    /// Whatever happens, the context after a restart is the one before it.
    @Test(arguments: 1...6 as ClosedRange<UInt64>)
    func theRebuiltContextIsTheLiveOne(_ seed: UInt64) throws {
        var random = SplitMix(state: seed)
        var runtime = try Runtime(Self.obedient)
        for _ in 0..<4 {
            for _ in 0..<120 {
                if Int.random(in: 0..<10, using: &random) == 0 {
                    try operate(runtime, &random)
                } else {
                    try runtime.check(randomCheck(&random))
                }
            }
            let now = SystemClock().wall()
            let agents = (0..<8).map { "agent/\($0)" } + ["agent/\u{1}\"é\\"]
            let live = agents.map { runtime.context($0, at: now) }
            runtime = try runtime.restarted()
            for (agent, context) in zip(agents, live) {
                #expect(runtime.context(agent, at: now) == context)
            }
        }
    }

    /// Loops that decide about the same agents at the same time, and commit when they please: the
    /// log has another order than the context had, and the rebuilt one has that of the context.
    @Test(arguments: 1...3 as ClosedRange<UInt64>)
    func theRebuiltContextIsThatOfAllLoops(_ seed: UInt64) throws {
        var runtime = try Runtime(Self.obedient)
        for round in 0..<3 {
            let running = runtime
            let threads = try (0..<3).map { number in
                let loop = running.makeLoop()
                return try SystemThread.start(name: "loop-\(number)") {
                    var random = SplitMix(state: seed * 100 + UInt64(round * 10 + number))
                    do {
                        for _ in 0..<150 {
                            try loop.answer(randomCheck(&random))
                            if Int.random(in: 0..<4, using: &random) == 0 { try loop.commit() }
                        }
                        try loop.commit()
                    } catch {
                        Issue.record("a check was not decided: \(error)")
                    }
                }
            }
            for thread in threads { thread.join() }
            let agents = (0..<6).map { "agent/\($0)" } + ["agent/\u{1}\"é\\"]
            // What no decision knew of comes in the log's order.
            for agent in agents { try runtime.check(.tool("last", "{}", agent: agent)) }
            let now = SystemClock().wall()
            let live = agents.map { runtime.context($0, at: now) }
            runtime = try runtime.restarted()
            for (agent, context) in zip(agents, live) {
                #expect(runtime.context(agent, at: now) == context)
            }
        }
    }

    @Test func aRecordThatCannotBeReadStopsTheStart() throws {
        for record in [
            "no JSON", "{}", #"{"v":2}"#, #"{"v":1,"kind":"invention"}"#,
            #"{"v":1,"kind":"operation","time":"2026-11-22T00:00:00.000000000Z"}"#,
        ] {
            let runtime = try Runtime(Self.obedient)
            try runtime.check(.tool("read"))
            try record.utf8.withContiguousStorageIfAvailable {
                try runtime.writer.append(UnsafeRawBufferPointer($0))
            }
            try runtime.writer.commit()
            let failure = #expect(throws: ContextRebuild.Failure.self) {
                try runtime.restarted()
            }
            #expect(failure?.entry == 1)
        }
    }

    /// A start with room for fewer agents than are restricted releases nobody: it ends.
    @Test func aSmallerContextStopsTheStart() throws {
        let runtime = try Runtime(Self.obedient)
        let origin = Origin(operatorName: "unix:0")
        for agent in ["a", "b", "c"] {
            try runtime.check(.tool("x", agent: agent))
            _ = try runtime.operations.restrict(agent, "isolate", seconds: 3600, origin)
        }
        try runtime.log.publish()
        let failure = #expect(throws: ContextRebuild.Failure.self) {
            try ContextRebuild.run(
                StorageTiles(runtime.storage), size: 6, into: AgentStore(maximumAgents: 2))
        }
        #expect(failure?.code == .full && failure?.hint.contains("agents.maximum") == true)
        let later = ManualClock(wall: SystemClock().wall() + 3601 * 1_000_000_000)
        let agents = AgentStore(maximumAgents: 2)
        let report = try ContextRebuild.run(
            StorageTiles(runtime.storage), size: 6, into: agents, clock: later)
        #expect(report.folded == 6 && agents.count == 2)
    }

    @Test func otherKindsOfRecordsArePassedOver() throws {
        let runtime = try Runtime(Self.obedient)
        for kind in ["responder", "loss", "erasure"] {
            try #"{"v":1,"kind":"\#(kind)"}"#.utf8.withContiguousStorageIfAvailable {
                try runtime.writer.append(UnsafeRawBufferPointer($0))
            }
        }
        try runtime.writer.commit()
        #expect(try runtime.restarted().agents.count == 0)
    }

    /// A look back forgets what is old, but never what holds.
    @Test func oldMarksHoldBeyondTheLookBack() throws {
        let runtime = try Runtime(Self.obedient)
        try runtime.check(.tool("a", agent: "plain"))
        try runtime.check(
            .tool("a", #"{"labels":[{"name":"l","seconds":999999}]}"#, agent: "labelled"))
        _ = try runtime.operations.restrict(
            "restricted", "isolate", seconds: 999_999, Origin(operatorName: "unix:0"))
        try runtime.log.publish()
        let agents = AgentStore(maximumAgents: 10)
        let later = ManualClock(wall: SystemClock().wall() + 60_000_000_000)
        let report = try ContextRebuild.run(
            StorageTiles(runtime.storage), size: 3, into: agents, lookBack: 30_000_000_000,
            clock: later)
        #expect(report.entries == 3 && report.folded == 2)
        #expect(agents.count == 2)
    }

    /// What was refused because it could not be recorded makes nothing familiar.
    @Test func aFailedCommitLeavesNothingFamiliar() throws {
        let runtime = try Runtime("decision := {\"action\": \"allow\"}")
        try runtime.check(.tool("known"))
        let check = SampleCheck.tool("known")
        _ = check.bytes.withUnsafeBytes {
            runtime.handler.answer($0, arrival: 0, deadline: .max, log: runtime.writer)
        }
        runtime.writer.discard()
        #expect(!Answer(runtime.handler.unrecorded()).isAllowed)
        let snapshot = AgentSnapshot()
        let name: StaticString = "spiffe://acme.example/agent/researcher"
        #expect(runtime.agents.peek(Bytes(name), now: 0, into: snapshot))
        #expect(!snapshot.hasSeen(tool: Bytes("known")))
    }

    @Test(
        arguments: [
            ("1970-01-01T00:00:00.000000001Z", 1),
            ("2027-01-15T08:00:00.000000001Z", 1_800_000_000_000_000_001),
            ("2000-02-29T12:00:00.500000000Z", 951_825_600_500_000_000),
            ("2026-13-01T00:00:00.000000000Z", nil),
            ("2026-01-01T00:00:00Z", nil), ("2026-01-01 00:00:00.000000000Z", nil),
            ("2026-01-01T00:00:00.00000000xZ", nil),
        ] as [(String, Int64?)])
    func timesAreRead(_ text: String, _ expected: Int64?) {
        var text = text
        #expect(
            text.withUTF8 { RecordTimestamp.parse(Bytes(UnsafeRawBufferPointer($0))) } == expected)
    }
}
