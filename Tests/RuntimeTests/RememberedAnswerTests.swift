// SPDX-License-Identifier: Apache-2.0
import AgentContext
import Server
import Telemetry
import Testing

/// Decisions that were remembered are those that the policy would make again.
@Suite struct RememberedAnswerTests {
    private let agents = ["researcher", "treasurer", "stranger"].map {
        "spiffe://acme.example/agent/\($0)"
    }
    private let calls = [
        ("search_documents", #"{"query":"q"}"#), ("read_document", #"{"path":"payroll/a"}"#),
        ("read_document", #"{"path":"handbook/a"}"#), ("read_document", #"{"path":7}"#),
        ("post_message", #"{"host":"partner.example"}"#), ("post_message", "{}"),
        ("delete_document", #"{"path":"a"}"#), ("no_tool", "{}"),
    ]

    private func randomCheck(_ random: inout SplitMix) -> SampleCheck {
        let (tool, arguments) = calls.randomElement(using: &random) ?? ("", "")
        var check = SampleCheck.tool(
            tool, arguments, agent: agents.randomElement(using: &random), session: "s1",
            id: "\(Int.random(in: 0..<1000, using: &random))")
        check.host = "gateway.acme.example"
        if Bool.random(using: &random) { check.entrypoint = "routes/tools/decision" }
        if Int.random(in: 0..<4, using: &random) == 0 {
            check.headers.append(("x-agent-scopes", "documents.read payments.write"))
        }
        if Int.random(in: 0..<8, using: &random) == 0 { check.body.removeLast() }
        return check
    }

    /// What does not differ from one decision to the next that is like it: the rules that held, and
    /// the whole answer without ids, salted hashes and the hash of a body that names the decision.
    private func outcome(_ record: String) -> String {
        func part(_ start: String, _ end: String) -> Substring {
            guard let from = record.range(of: start), let to = record.range(of: end) else {
                return ""
            }
            return from.lowerBound < to.lowerBound ? record[from.lowerBound..<to.lowerBound] : ""
        }
        let whole =
            String(part(#""policy":"#, #","context":"#))
            + part(#""answer":"#, #","duration_ns":"#)
        return whole.replacing(#/"(id|xxh64|arguments_sha256)":"[0-9a-f-]+"/#, with: "")
    }

    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func changeNoDecision(_ seed: UInt64) throws {
        var random = SplitMix(state: seed)
        let registry = MetricRegistry()
        let remembering = try Runtime(
            try Runtime.shippedPolicies(), metrics: CheckMetrics(registry)
        ) { $0.decisionHeader = "" }
        let evaluating = try Runtime(try Runtime.shippedPolicies()) {
            $0.decisionHeader = ""
            $0.rememberedBytes = 0
        }
        let checks = 300
        for number in 0..<checks {
            let check = randomCheck(&random)
            let left = try remembering.check(check)
            let right = try evaluating.check(check)
            #expect(left.isAllowed == right.isAllowed, "\(check)")
            // What the context says of an agent changes what the policy answers.
            guard number % 60 == 30 else { continue }
            for runtime in [remembering, evaluating] {
                _ = try runtime.operations.signal(
                    AgentSignal(
                        agent: agents[0], kind: "prompt_injection", severity: 10 + number / 60,
                        confidence: 80, seconds: 3600, origin: Origin(operatorName: "token:x")))
            }
        }
        let outcomes = try remembering.records().map(outcome)
        let expected = try evaluating.records().map(outcome)
        #expect(outcomes.count == expected.count)
        for (left, right) in zip(outcomes, expected) { try #require(left == right) }
        #expect(outcomes.contains { $0.contains("refusals") && $0.contains("tool_not_allowed") })
        let text = String(decoding: registry.exposition(), as: UTF8.self)
        let found = text.split(separator: "\n").first {
            $0.hasPrefix("portcullis_answers_remembered_total ")
        }
        let count = try #require(found?.split(separator: " ").last.flatMap { Int($0) })
        #expect(count > checks / 4, "many calls were there before")
    }
}
