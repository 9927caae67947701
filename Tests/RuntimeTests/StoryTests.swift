// SPDX-License-Identifier: Apache-2.0
import AgentContext
import Testing

@testable import Server

private let researcher = "spiffe://acme.example/agent/researcher"

/// One day of one agent under the shipped policies, step by step, with everything in the log.
@Suite struct StoryTests {
    private let person = Origin(operatorName: "token:ann", reason: "the story")

    private func read(_ path: String, id: Int) -> SampleCheck {
        var check = SampleCheck.tool(
            "read_document", #"{"path":"\#(path)"}"#, agent: researcher, session: "s1",
            id: "\(id)")
        check.host = "gateway.acme.example"
        check.entrypoint = "routes/tools/decision"
        return check
    }

    private func post(_ host: String) -> SampleCheck {
        var check = SampleCheck()
        check.agent = researcher
        check.host = host
        check.path = "/upload"
        check.body = #"{"salaries":[1,2,3]}"#
        return check
    }

    @Test func payrollIsReadApprovedAndTheAgentIsolatedAndReleased() throws {
        var runtime = try Runtime(try Runtime.shippedPolicies())
        #expect(try runtime.check(read("payroll/2026.csv", id: 1)).isAllowed)

        _ = try runtime.operations.signal(
            AgentSignal(
                agent: researcher, kind: "prompt_injection", severity: 90, confidence: 80,
                seconds: 3600, origin: Origin(operatorName: "token:classifier")))
        #expect(try runtime.check(read("handbook/travel.md", id: 2)).isAllowed)
        #expect(try runtime.check(read("payroll/2026.csv", id: 3)).says("approval_required"))

        let approval = try #require(runtime.operations.approvals(ApprovalFilter()).first)
        #expect(approval.state == .pending && approval.agent == researcher)
        _ = try runtime.operations.grant(approval.id, person)
        #expect(try runtime.check(read("payroll/2025.csv", id: 4)).says("approval_required"))
        #expect(try runtime.check(read("payroll/2026.csv", id: 5)).isAllowed)
        #expect(try runtime.check(read("payroll/2026.csv", id: 6)).says("approval_required"))

        #expect(try runtime.check(post("partner.example")).says("suspected_exfiltration"))
        #expect(try runtime.check(read("handbook/travel.md", id: 7)).says("agent_isolated"))

        runtime = try runtime.restarted()
        #expect(try runtime.check(read("handbook/travel.md", id: 8)).says("agent_isolated"))
        #expect(runtime.operations.approval(approval.id)?.state == .used)

        _ = try runtime.operations.release(researcher, nil, person)
        #expect(try runtime.check(read("handbook/travel.md", id: 9)).isAllowed)
        try expectSteps(try runtime.records(), approval.id)
    }

    private func expectSteps(_ records: [String], _ approval: String) throws {
        let steps = [
            [#""allowed":true"#, "restricted_data"], [#""kind":"signal""#, "prompt_injection"],
            [#""allowed":true"#], [#""require_approval","allowed":false"#, approval],
            [#""kind":"approval""#, #""state":"pending""#, approval],
            [#""kind":"approval""#, #""state":"granted""#, approval, "token:ann"],
            [#""require_approval","allowed":false"#], [#""state":"pending""#],
            [#""allowed":true"#, approval], [#""state":"used""#, approval],
            [#""require_approval","allowed":false"#], [#""state":"pending""#],
            [#""isolate","allowed":false"#, #""restrictions":[{"name":"isolate""#],
            ["agent_isolated"], ["agent_isolated"], [#""operation":"release""#, "token:ann"],
            [#""allowed":true"#],
        ]
        #expect(records.count == steps.count)
        for (record, parts) in zip(records, steps) {
            for part in parts { #expect(record.contains(part), "\(record)") }
        }
    }
}
