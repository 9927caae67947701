// SPDX-License-Identifier: Apache-2.0
import AgentContext
import Testing

@testable import Server

private let origin = Origin(operatorName: "token:ann", reason: "asked by phone")

@Suite struct ApprovalTests {
    private let policy = """
        decision := {"action": "require_approval"} if {
            input.action.tool == "read"
        } else := {"action": "allow"}
        """

    private func read(
        _ path: String, agent: String? = nil, session: String? = "s1", id: String = "1"
    ) -> SampleCheck {
        .tool("read", #"{"path":"\#(path)","limit":1.50}"#, agent: agent, session: session, id: id)
    }

    private func pending(_ runtime: Runtime) throws -> Approval {
        var filter = ApprovalFilter()
        filter.state = .pending
        return try #require(runtime.operations.approvals(filter).first)
    }

    @Test func anApprovalIsAskedForGrantedAndUsedOnce() throws {
        let runtime = try Runtime(policy)
        let refused = try runtime.check(read("payroll/x"))
        let approval = try pending(runtime)
        #expect(refused.says(approval.id) && refused.says("approval_required"))
        #expect(refused.text.contains("x-portcullis-approval-id"))
        #expect(
            approval.summary
                == "mcp tools/call `read` /mcp at tools.internal by POST tools.internal /mcp")
        #expect(
            approval.arguments
                == #"{"arguments":{"limit":1.5,"path":"payroll/x"},"name":"read"}"#)

        _ = try runtime.operations.grant(approval.id, origin)
        #expect(try !runtime.check(read("payroll/y")).isAllowed)
        #expect(try !runtime.check(read("payroll/x", session: "s2")).isAllowed)
        #expect(try !runtime.check(read("payroll/x", agent: "agent/b")).isAllowed)
        // The same arguments in another spelling, under another request id.
        let again = SampleCheck.tool(
            "read", #"{ "limit": 15e-1, "path": "payroll\/x" }"#, session: "s1", id: "\"z\"")
        #expect(try runtime.check(again).isAllowed)
        #expect(try !runtime.check(again).isAllowed)
        #expect(runtime.operations.approval(approval.id)?.state == .used)

        let records = try runtime.records()
        let ofApproval = records.filter { $0.contains(approval.id) }
        #expect(ofApproval.filter { $0.contains(#""kind":"approval""#) }.count == 3)
        #expect(ofApproval.contains { $0.contains("token:ann") && $0.contains("asked by phone") })
        #expect(
            ofApproval.contains {
                $0.contains(#""allowed":true"#)
                    && $0.contains(#""approval":{"id":"\#(approval.id)","state":"used"}"#)
            })
    }

    @Test func theSameRequestGetsTheSameApproval() throws {
        let runtime = try Runtime(policy)
        for id in 1...3 { try runtime.check(read("a", id: "\(id)")) }
        #expect(runtime.operations.approvals(ApprovalFilter()).count == 1)
        #expect(try runtime.records().filter { $0.contains(#""kind":"approval""#) }.count == 1)
    }

    @Test func approvalsSurviveARestart() throws {
        var runtime = try Runtime(policy)
        try runtime.check(read("a"))
        let before = try pending(runtime)
        runtime = try runtime.restarted()
        #expect(try pending(runtime) == before)
        _ = try runtime.operations.grant(before.id, origin)
        runtime = try runtime.restarted()
        let granted = try #require(runtime.operations.approval(before.id))
        #expect(granted.state == .granted && granted.decidedBy == origin)
        #expect(try runtime.check(read("a")).isAllowed)
        runtime = try runtime.restarted()
        #expect(runtime.operations.approval(before.id)?.state == .used)
        #expect(try !runtime.check(read("a")).isAllowed)
    }

    @Test func aDenialHolds() throws {
        let runtime = try Runtime(policy)
        try runtime.check(read("a"))
        let approval = try pending(runtime)
        _ = try runtime.operations.deny(approval.id, origin)
        #expect(try runtime.check(read("a")).says("approval_denied"))
        let refusal = #expect(throws: OperationFailure.self) {
            try runtime.operations.grant(approval.id, origin)
        }
        #expect(refusal?.code == .approvalDecided)
        let unknown = #expect(throws: OperationFailure.self) {
            try runtime.operations.grant("00000000-0000-7000-8000-000000000000", origin)
        }
        #expect(unknown?.code == .unknownApproval)
    }

    @Test func anotherPolicyNeedsAnotherApproval() throws {
        let runtime = try Runtime(policy)
        try runtime.check(read("a"))
        _ = try runtime.operations.grant(try pending(runtime).id, origin)
        runtime.policy.replace(by: try Runtime.compile(policy, revision: "r2"))
        #expect(try !runtime.check(read("a")).isAllowed)
        runtime.policy.replace(by: try Runtime.compile(policy, revision: "r1"))
        #expect(try runtime.check(read("a")).isAllowed)
    }

    @Test func approvalsExpire() throws {
        let runtime = try Runtime(policy) { $0.approvals.lifetime = 0 }
        try runtime.check(read("a"))
        let approval = try #require(runtime.operations.approvals(ApprovalFilter()).first)
        #expect(approval.state == .expired)
        #expect(throws: OperationFailure.self) {
            try runtime.operations.grant(approval.id, origin)
        }
        try runtime.check(read("a"))
        #expect(runtime.operations.approvals(ApprovalFilter()).count == 2)
    }

    @Test(arguments: [
        #"{"n":9007199254740993}"#, #"{"n":1.0000000000000000001}"#, #"{"n":1e999}"#,
        #"{"n":123456789012345678901234567890}"#,
    ])
    func whatHasNoCanonicalFormCannotBeApproved(_ arguments: String) throws {
        let runtime = try Runtime(policy)
        #expect(try runtime.check(.tool("read", arguments)).says("approval_not_possible"))
    }

    @Test func whatIsUncertainCannotBeApproved() throws {
        let runtime = try Runtime(policy) { $0.deniedDoubts = [] }
        let twice = SampleCheck.tool("read", #"{"a":1,"a":2}"#)
        #expect(try runtime.check(twice).says("approval_not_possible"))
        var partial = SampleCheck.tool("read")
        partial.headers.append(("x-envoy-auth-partial-body", "true"))
        #expect(try runtime.check(partial).says("approval_not_possible"))
        #expect(runtime.operations.approvals(ApprovalFilter()).isEmpty)
    }

    @Test func plainRequestsAreBoundToTheirBytes() throws {
        let runtime = try Runtime("decision := {\"action\": \"require_approval\"}")
        var post = SampleCheck()
        post.path = "/transfer?to=x"
        post.body = "amount=5"
        post.headers = [("content-type", "application/x-www-form-urlencoded")]
        #expect(try !runtime.check(post).isAllowed)
        _ = try runtime.operations.grant(try pending(runtime).id, origin)
        for (path, body) in [("/transfer?to=y", "amount=5"), ("/transfer?to=x", "amount=50")] {
            var other = post
            other.path = path
            other.body = body
            #expect(try !runtime.check(other).isAllowed)
        }
        #expect(try runtime.check(post).isAllowed)
    }

    /// Grants what `check` asks for, and tries others with it.
    private func expectBound(
        _ check: SampleCheck, to others: [SampleCheck], shows words: [String]
    ) throws {
        let runtime = try Runtime("decision := {\"action\": \"require_approval\"}")
        #expect(try !runtime.check(check).isAllowed)
        let approval = try pending(runtime)
        for word in words { #expect(approval.summary.contains(word), "\(approval.summary)") }
        _ = try runtime.operations.grant(approval.id, origin)
        for other in others { #expect(try !runtime.check(other).isAllowed) }
        #expect(try runtime.check(check).isAllowed)
    }

    @Test func whomTheClientImpersonatesIsPartOfTheAction() throws {
        var delete = SampleCheck()
        delete.method = "DELETE"
        delete.path = "/api/v1/namespaces/prod/pods/web?dryRun=None"
        delete.headers = [("impersonate-user", "dev-readonly")]
        var admin = delete
        admin.headers = [("impersonate-user", "admin"), ("impersonate-group", "system:masters")]
        var more = delete
        more.headers.append(("impersonate-group", "system:masters"))
        var nobody = delete
        nobody.headers = []
        try expectBound(
            delete, to: [admin, more, nobody],
            shows: [
                "impersonate-user `dev-readonly`",
                "by DELETE tools.internal /api/v1/namespaces/prod/pods/web?dryRun=*",
            ])
    }

    @Test func whereAMessageGoesIsPartOfTheAction() throws {
        var read = SampleCheck()
        read.path = "/mcp/staging?key=k1"
        read.body =
            #"{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"file:///x"}}"#
        var path = read
        path.path = "/mcp/production?key=k1"
        var query = read
        query.path = "/mcp/staging?key=k2"
        var host = read
        host.host = "other.internal"
        try expectBound(
            read, to: [path, query, host], shows: ["by POST tools.internal /mcp/staging?key=*"])
    }

    @Test func aPasswordInAnAddressIsNotRecorded() throws {
        let runtime = try Runtime("decision := {\"action\": \"require_approval\"}")
        var read = SampleCheck()
        read.body =
            #"{"jsonrpc":"2.0","id":1,"method":"resources/read","params":"#
            + #"{"uri":"postgres://app:hunter2@db.internal/customers"}}"#
        try runtime.check(read)
        let records = try runtime.records()
        #expect(records.count == 2)
        for record in records {
            #expect(!record.contains("hunter2") && !record.contains("app:"))
            #expect(record.contains("postgres://*@db.internal/customers"))
        }
        let agent = "spiffe://acme.example/agent/researcher"
        let live = runtime.context(agent, at: 0)
        #expect(!live.contains("hunter2"))
        #expect(try runtime.restarted().context(agent, at: 0) == live)
    }

    @Test func whatIsMaskedIsNotInTheApproval() throws {
        let runtime = try Runtime(
            try Runtime.compile(
                policy,
                mask: ["action/tool", "parsed_path", "action/destination", "agent/session"]))
        try runtime.check(read("payroll/x", session: "session-1"))
        #expect(try pending(runtime).summary == "mcp tools/call by POST")
        _ = try runtime.operations.grant(try pending(runtime).id, origin)
        #expect(try runtime.check(read("payroll/x", session: "session-1")).isAllowed)
        let approvals = try runtime.records().filter { $0.contains(#""kind":"approval""#) }
        #expect(approvals.count == 3)
        for record in approvals {
            for word in ["session-1", "/mcp", "tools.internal", "`read`"] {
                #expect(!record.contains(word))
            }
        }
    }

    /// Also where the query, which is masked in what is kept, is part of what is approved.
    @Test func aReplayFindsTheApprovals() throws {
        let policy = "decision := {\"action\": \"require_approval\"}"
        let runtime = try Runtime(policy)
        var get = SampleCheck()
        get.method = "GET"
        get.headers = [("impersonate-user", "dev"), ("authorization", "Bearer x")]
        for number in 0..<12 {
            get.path = "/transfer?to=\(number)"
            #expect(try !runtime.check(get).isAllowed)
            #expect(try !runtime.check(get).isAllowed)
            guard number % 2 == 0 else { continue }
            _ = try runtime.operations.grant(try pending(runtime).id, origin)
            #expect(try runtime.check(get).isAllowed)
        }
        try runtime.log.publish()
        let report = try runtime.replay(policy)
        #expect(report.decisions == 30 && report.equal == 30)
    }

    @Test func openApprovalsOfOneAgentAreBounded() throws {
        let runtime = try Runtime(policy)
        for index in 0..<Limits.openApprovalsOfAgent { try runtime.check(read("\(index)")) }
        #expect(try runtime.check(read("one more")).says("too_many_approvals"))
        #expect(try runtime.check(read("0")).says("approval_required"))
    }

    @Test func secretsAreNotShown() throws {
        let runtime = try Runtime(policy)
        try runtime.check(.tool("read", #"{"api_key":"hunter2","a":[{"Password":"x1y2"}]}"#))
        let shown = try pending(runtime).arguments
        #expect(!shown.contains("hunter2") && !shown.contains("x1y2"))
        #expect(try !runtime.records().contains { $0.contains("hunter2") || $0.contains("x1y2") })
    }

    @Test func policiesSeeApprovals() throws {
        let runtime = try Runtime(
            """
            decision := {"action": "deny", "reasons": ["nagging"]} if {
                input.context.approvals.denied > 0
            } else := {"action": "require_approval"}
            """)
        try runtime.check(read("a"))
        let context = try #require(runtime.context("spiffe://acme.example/agent/researcher"))
        #expect(context.contains(#""state":"pending""#) && context.contains(#""requested":1"#))
        _ = try runtime.operations.deny(try pending(runtime).id, origin)
        #expect(try runtime.check(read("b")).says("nagging"))
    }

    @Test func anAgentWithAnOpenApprovalIsNotForgotten() throws {
        let runtime = try Runtime(policy, maximumAgents: 4)
        try runtime.check(read("a", agent: "waiting"))
        for index in 0..<200 { try runtime.check(.tool("other", agent: "agent/\(index)")) }
        #expect(runtime.context("waiting") != nil)
        #expect(runtime.agents.count == 4)
    }

    @Test func twoThreadsUseAnApprovalOnce() async throws {
        let agents = AgentStore(maximumAgents: 10)
        for round in 0..<300 {
            var step = ApprovalStep(
                kind: .pending, approval: try ControlLog.makeID(1_000_000_000), time: 0,
                agent: "a", session: "", digest: "d", policyRevision: "r", summary: "",
                arguments: "", requested: 0, expires: 10, decision: nil, origin: nil)
            #expect(agents.approvals.request(step), "round \(round)")
            step.kind = .granted
            agents.apply(step)
            let uses = await withTaskGroup(of: Int.self) { group in
                for _ in 0..<2 {
                    group.addTask {
                        if case .granted = agents.approvals.settle("d", now: 1) { return 1 }
                        return 0
                    }
                }
                return await group.reduce(0, +)
            }
            #expect(uses == 1)
        }
    }
}
