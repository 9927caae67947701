// SPDX-License-Identifier: Apache-2.0
import AgentContext
import Testing

@testable import Server

private let agent = "spiffe://acme.example/agent/researcher"
private let origin = Origin(operatorName: "unix:0", reason: "a drill")

@Suite struct OperationTests {
    private let allow = "decision := {\"action\": \"allow\"}"

    private func signal(
        _ kind: String, _ severity: Int, session: String = "", agent: String = agent
    ) -> AgentSignal {
        var signal = AgentSignal(
            agent: agent, kind: kind, severity: severity, confidence: 90, seconds: 600,
            origin: origin)
        signal.session = session
        return signal
    }

    @Test func restrictionsCountFromTheNextCheckAndSurviveACrash() throws {
        var runtime = try Runtime(allow)
        #expect(try runtime.check(.tool("read")).isAllowed)
        let receipt = try runtime.operations.restrict(agent, "isolate", seconds: 600, origin)
        #expect(try runtime.check(.tool("read")).says("agent_isolated"))
        #expect(try runtime.records().contains { $0.contains("\"id\":\"\(receipt.id)\"") })
        runtime = try runtime.restarted()
        #expect(try runtime.check(.tool("read")).says("agent_isolated"))
        _ = try runtime.operations.release(agent, nil, origin)
        #expect(try runtime.check(.tool("read")).isAllowed)
        runtime = try runtime.restarted()
        #expect(try runtime.check(.tool("read")).isAllowed)
    }

    @Test func oneRestrictionIsLiftedByName() throws {
        let runtime = try Runtime(allow)
        _ = try runtime.operations.restrict(agent, "no_tool:a", seconds: 600, origin)
        _ = try runtime.operations.restrict(agent, "no_tool:b", seconds: 600, origin)
        _ = try runtime.operations.release(agent, "no_tool:a", origin)
        #expect(try runtime.check(.tool("a")).isAllowed)
        #expect(try runtime.check(.tool("b")).says("agent_tool_disabled"))
        #expect(
            runtime.operations.agents(AgentFilter()).map(\.restrictions).map { $0.map(\.name) }
                == [["no_tool:b"]])
    }

    @Test func anAgentCanBeRestrictedBeforeItIsSeen() throws {
        let runtime = try Runtime(allow).restarted()
        _ = try runtime.operations.restrict(agent, "isolate", seconds: 600, origin)
        #expect(try runtime.check(.tool("read")).says("agent_isolated"))
        #expect(throws: OperationFailure.self) {
            try runtime.operations.release("spiffe://acme.example/unknown", nil, origin)
        }
    }

    @Test func signalsReachPoliciesBySession() throws {
        let runtime = try Runtime(
            """
            decision := {"action": "deny"} if {
                some signal in input.context.signals
                signal.kind == "prompt_injection"
                signal.severity >= 70
            } else := {"action": "allow"}
            """)
        _ = try runtime.operations.signal(signal("prompt_injection", 80, session: "s1"))
        #expect(try !runtime.check(.tool("read", session: "s1")).isAllowed)
        #expect(try runtime.check(.tool("read", session: "s2")).isAllowed)
        #expect(try runtime.check(.tool("read")).isAllowed)
        _ = try runtime.operations.signal(signal("prompt_injection", 75))
        let restarted = try runtime.restarted()
        #expect(try !restarted.check(.tool("read", session: "s2")).isAllowed)
        // A later statement of the same kind about the same session replaces the first.
        _ = try restarted.operations.signal(signal("prompt_injection", 10))
        #expect(try restarted.check(.tool("read", session: "s2")).isAllowed)
        #expect(try !restarted.check(.tool("read", session: "s1")).isAllowed)
    }

    @Test func theWeakestSignalGoesFirst() throws {
        let runtime = try Runtime(allow)
        for index in 0..<(Limits.signals + 4) {
            _ = try runtime.operations.signal(signal("kind_\(index)", index))
        }
        let context = try #require(runtime.context(agent))
        #expect(!context.contains("kind_3\""))
        #expect(context.contains("kind_4\"") && context.contains("kind_19\""))
    }

    @Test(
        arguments: [
            ("isolated", 60), ("no_tool:", 60), ("isolate", 0), ("isolate", Limits.markSeconds + 1),
            ("no_tool:" + String(repeating: "x", count: 200), 60),
        ] as [(String, Int64)])
    func whatCannotBeEnforcedIsRefused(_ name: String, _ seconds: Int64) throws {
        let runtime = try Runtime(allow)
        let refusal = #expect(throws: OperationFailure.self) {
            try runtime.operations.restrict(agent, name, seconds: seconds, origin)
        }
        #expect(refusal?.code == .invalidArgument)
        #expect(try runtime.records().isEmpty)
    }

    @Test func aLogThatTakesNothingChangesNothing() throws {
        let runtime = try Runtime(allow)
        try runtime.check(.tool("read"))
        try runtime.log.close()
        let refusal = #expect(throws: OperationFailure.self) {
            try runtime.operations.restrict(agent, "isolate", seconds: 60, origin)
        }
        #expect(refusal?.code == .logUnavailable)
        #expect(runtime.operations.agents(AgentFilter()).allSatisfy { $0.restrictions.isEmpty })
    }

    @Test func agentsAreListedAndFiltered() throws {
        let runtime = try Runtime(allow)
        for name in ["a", "b", "c"] { try runtime.check(.tool("t", agent: "agent/" + name)) }
        _ = try runtime.operations.restrict("agent/b", "read_only", seconds: 60, origin)
        #expect(
            runtime.operations.agents(AgentFilter()).map(\.id) == ["agent/c", "agent/b", "agent/a"])
        var filter = AgentFilter()
        filter.isRestrictedOnly = true
        #expect(runtime.operations.agents(filter).map(\.id) == ["agent/b"])
        filter = AgentFilter()
        filter.contains = "/c"
        #expect(runtime.operations.agents(filter).map(\.requests) == [1])
        #expect(runtime.context("agent/x") == nil)
    }
}
