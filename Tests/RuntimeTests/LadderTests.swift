// SPDX-License-Identifier: Apache-2.0
import AgentContext
import Testing

@testable import Server

private let agent = "spiffe://acme.example/agent/researcher"

@Suite struct LadderTests {
    @Test func aDeferredRequestMayComeAgain() throws {
        let runtime = try Runtime("decision := {\"action\": \"defer\"}")
        let refused = try runtime.check(.tool("read"))
        #expect(refused.says("deferred") && refused.text.contains("\"retry_after\":5"))
        #expect(refused.text.contains("retry-after"))
        #expect(try runtime.records()[0].contains(#""action":"defer","allowed":false"#))
        var plain = SampleCheck()
        plain.method = "GET"
        plain.path = "/x"
        // Envoy's HttpStatus with 503, as a varint.
        let bytes = try runtime.check(plain).bytes
        #expect(zip(bytes, bytes.dropFirst()).contains { $0 == (0xF7, 0x03) })
    }

    @Test func aDeferralTimesOutToADenial() throws {
        let runtime = try Runtime("decision := {\"action\": \"defer\"}") {
            $0.deferral.timeoutSeconds = 0
        }
        #expect(try runtime.check(.tool("read")).says("deferred"))
        #expect(try runtime.check(.tool("read")).says("deferral_timed_out"))
        #expect(try runtime.check(.tool("write")).says("deferred"))
        let restarted = try runtime.restarted { $0.deferral.timeoutSeconds = 0 }
        #expect(try restarted.check(.tool("read")).says("deferral_timed_out"))
    }

    @Test(arguments: [(40, false), (80, true)])
    func anAllowThatIsNotCertainEnoughIsDeferred(_ confidence: Int, _ isAllowed: Bool) throws {
        let runtime = try Runtime(
            "decision := {\"action\": \"allow\", \"confidence\": \(confidence)}"
        ) { $0.deferral.confidence = 60 }
        #expect(try runtime.check(.tool("read")).isAllowed == isAllowed)
    }

    /// Whatever the policy says, and for every session of the agent.
    @Test func isolationRefusesEverything() throws {
        let runtime = try Runtime(
            """
            decision := {"action": "isolate"} if {
                input.action.tool == "attack"
            } else := {"action": "allow"}
            """)
        #expect(try runtime.check(.tool("read", session: "s1")).isAllowed)
        #expect(try !runtime.check(.tool("attack", session: "s2")).isAllowed)
        for session in ["s1", "s2", nil] {
            #expect(try runtime.check(.tool("read", session: session)).says("agent_isolated"))
        }
        var get = SampleCheck()
        get.method = "GET"
        #expect(try runtime.check(get).says("agent_isolated"))
        #expect(try runtime.check(.tool("read", agent: "agent/other")).isAllowed)
    }

    @Test(arguments: [
        ("read_only", "agent_read_only"), ("no_tool:write", "agent_tool_disabled"),
        ("no_egress", "agent_no_egress"), ("isolate", "agent_isolated"),
    ])
    func restrictionsAreEnforcedBeforePolicy(_ name: String, _ code: String) throws {
        let runtime = try Runtime("decision := true")
        _ = try runtime.operations.restrict(
            agent, name, seconds: 60, Origin(operatorName: "unix:0"))
        var check = SampleCheck.tool("write")
        check.host = "partner.example"
        #expect(try runtime.check(check).says(code))
    }
}

@Suite struct ContextValueTests {
    private func runtime(_ path: String) throws -> Runtime {
        try Runtime(
            """
            decision := {"action": "allow"} if {
                input.action.tool != "ask"
            } else := {"action": "deny", "reasons": [json.marshal(\(path))]}
            """)
    }

    private func ask(_ runtime: Runtime, session: String? = nil) throws -> String {
        try runtime.check(.tool("ask", session: session)).text.replacing("\\", with: "")
    }

    @Test func sessionsAreTold() throws {
        let runtime = try runtime("input.context.session")
        let unknown = #"{"denials":0,"known":false,"requests":0}"#
        #expect(try ask(runtime, session: "s1").contains(unknown))
        for _ in 0..<3 { try runtime.check(.tool("read", session: "s1")) }
        let known = try ask(runtime, session: "s1")
        #expect(known.contains(#"{"denials":1,"first_seen":"#) && known.contains(#""requests":4}"#))
        #expect(try ask(runtime, session: "s2").contains(#""known":false"#))
        for index in 0..<4 { try runtime.check(.tool("read", session: "other\(index)")) }
        #expect(try ask(runtime, session: "s1").contains(#""known":false"#), "four are remembered")
    }

    @Test func eventsTellTheirSession() throws {
        let runtime = try runtime("[e.same_session | some e in input.context.events]")
        try runtime.check(.tool("read", session: "s1"))
        try runtime.check(.tool("read", session: "s2"))
        #expect(try ask(runtime, session: "s1").contains("[false,true]"))
    }

    @Test func destinationsAreNewOnce() throws {
        let runtime = try runtime("input.action.destination.first_seen")
        #expect(try ask(runtime).contains("true"))
        try runtime.check(.tool("read"))
        #expect(try ask(runtime).contains("false"))
    }

    @Test func theProfileTellsWhatIsUnusual() throws {
        let runtime = try runtime("input.context.profile")
        #expect(try ask(runtime).contains(#""settled":false"#))
        for _ in 0..<40 { try runtime.check(.tool("read")) }
        let told = try ask(runtime)
        #expect(told.contains(#""settled":true"#) && told.contains(#""tool":0"#))
        #expect(told.contains(#""destination":40"#) && told.contains(#""unusual":100"#))
        let usual = try Runtime(
            """
            decision := {"action": "allow"} if {
                not input.context.profile.settled
            } else := {"action": "allow"} if {
                input.context.profile.unusual < 10
            } else := {"action": "deny", "reasons": ["unusual"]}
            """)
        for _ in 0..<30 { try usual.check(.tool("read")) }
        #expect(try usual.check(.tool("read")).isAllowed)
        #expect(try usual.check(.tool("rare")).says("unusual"))
    }

    @Test func reputationFallsWithDenialsAndSignals() throws {
        let runtime = try runtime("input.context.reputation")
        #expect(try ask(runtime).contains(#""50""#))
        for _ in 0..<30 { try runtime.check(.tool("read")) }
        let good = try number(ask(runtime))
        for _ in 0..<5 { _ = try ask(runtime) }
        let worse = try number(ask(runtime))
        #expect(good > worse)
        _ = try runtime.operations.signal(
            AgentSignal(
                agent: agent, kind: "exfiltration", severity: 100, confidence: 100, seconds: 60,
                origin: Origin(operatorName: "token:dlp")))
        #expect(try number(ask(runtime)) < worse)
    }

    private func number(_ text: String) throws -> Int {
        let start = try #require(text.range(of: #""code":""#)?.upperBound)
        return Int(text[start...].prefix { $0.isNumber }) ?? -1
    }
}
