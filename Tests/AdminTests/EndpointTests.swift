// SPDX-License-Identifier: Apache-2.0
import AgentContext
import Foundation
import Testing

@testable import Admin

private let agent = "spiffe%3A%2F%2Facme.example%2Fagents%2Fa%20b"

@Suite struct EndpointTests {
    let harness: Harness

    init() throws { harness = try Harness() }

    @Test func socketIsForItsOwnerAlone() throws {
        let mode = try FileManager.default.attributesOfItem(atPath: harness.path)[.posixPermissions]
        #expect(mode as? Int == 0o600)
    }

    @Test func listsAgents() {
        let answer = harness.send("GET", "/v1/agents?contains=a+b&limit=5")
        #expect(answer.status == 200)
        #expect(answer.headers["content-type"] == "application/json")
        let agents = answer.json["agents"] as? [[String: Any]]
        #expect(agents?.count == 1)
        #expect(agents?[0]["id"] as? String == "spiffe://acme.example/agents/a b")
        #expect(agents?[0]["last_seen"] as? String == "2023-11-14T22:13:20.123Z")
    }

    @Test func restrictsAndReleases() {
        let restricted = harness.send(
            "POST", "/v1/agents/\(agent)/restrictions",
            #"{"name":"no_tool:a/b","seconds":60,"reason":"why"}"#)
        #expect(restricted.status == 201)
        #expect(restricted.json["record"] as? String == "record-1")
        let id = "spiffe://acme.example/agents/a b"
        #expect(harness.operations.state.withLock { $0.restrictions[id] } == ["no_tool:a/b": 60])
        let origin = Origin(operatorName: "unix:\(geteuid())", reason: "why")
        #expect(harness.operations.state.withLock { $0.origins } == [origin])

        let listed = harness.send("GET", "/v1/agents?restricted=true")
        #expect((listed.json["agents"] as? [Any])?.count == 1)
        let released = harness.send(
            "DELETE", "/v1/agents/\(agent)/restrictions/no_tool%3Aa%2Fb?reason=fine+now")
        #expect(released.status == 200)
        #expect(harness.operations.state.withLock { $0.restrictions[id] } == [:])
        #expect(harness.operations.state.withLock { $0.origins.last?.reason } == "fine now")
        let unknown = harness.send("DELETE", "/v1/agents/nobody/restrictions")
        #expect((unknown.status, unknown.code) == (404, "unknown_agent"))
    }

    @Test func showsAnAgent() {
        let answer = harness.send("GET", "/v1/agents/\(agent)")
        #expect(answer.status == 200)
        #expect((answer.json["context"] as? [String: Any])?["known"] as? Bool == true)
        #expect(harness.send("GET", "/v1/agents/nobody").code == "unknown_agent")
    }

    @Test func takesSignals() {
        let body =
            #"{"agent":"a","kind":"prompt_injection","severity":90,"confidence":80,"seconds":60}"#
        #expect(harness.send("POST", "/v1/signals", body).status == 201)
        let signal = harness.operations.state.withLock { $0.signals.first }
        #expect(signal?.kind == "prompt_injection" && signal?.severity == 90)
    }

    @Test func tellsAllFaultsOfABody() {
        let answer = harness.send(
            "POST", "/v1/signals",
            #"{"agent":"","kind":"Bad Kind","severity":101,"confidence":"x","seconds":1.5,"b/c":1}"#
        )
        #expect(answer.status == 400)
        #expect(answer.headers["content-type"] == "application/problem+json")
        #expect(answer.json["type"] as? String == "urn:portcullis:problem:invalid_body")
        let errors = answer.json["errors"] as? [[String: String]] ?? []
        #expect(
            errors.compactMap { $0["pointer"] }
                == ["/agent", "/kind", "/severity", "/confidence", "/seconds", "/b~1c"])
    }

    @Test func decidesApprovals() {
        #expect((harness.send("GET", "/v1/approvals").json["approvals"] as? [Any])?.count == 2)
        let granted = harness.send(
            "POST", "/v1/approvals/one/grant", #"{"reason":"checked"}"#)
        #expect(granted.json["state"] as? String == "granted")
        #expect(granted.json["decided_by"] as? String == "unix:\(geteuid())")
        let again = harness.send("POST", "/v1/approvals/one/deny")
        #expect((again.status, again.code) == (409, "approval_decided"))
        let denied = harness.send("POST", "/v1/approvals/two/deny")
        #expect(denied.json["state"] as? String == "denied")
        let pending = harness.send("GET", "/v1/approvals?state=pending")
        #expect((pending.json["approvals"] as? [Any])?.isEmpty == true)
        #expect(harness.send("GET", "/v1/approvals?state=maybe").code == "invalid_parameter")
        #expect(harness.send("GET", "/v1/approvals/three").code == "unknown_approval")
    }

    @Test func saysWhenTheLogTakesNothing() {
        harness.operations.state.withLock { $0.failure = OperationFailure(.logUnavailable, "full") }
        let answer = harness.send(
            "POST", "/v1/agents/a/restrictions", #"{"name":"isolate","seconds":60}"#)
        #expect((answer.status, answer.code) == (503, "log_unavailable"))
        #expect(answer.headers["retry-after"] == "1")
    }

    @Test func reloadsThePolicy() {
        #expect(harness.send("GET", "/v1/policy").json["revision"] as? String == "r1")
        #expect(harness.send("POST", "/v1/policy/reload").json["revision"] as? String == "r2")
        harness.policy.failure.withLock { $0 = "a.rego:1:1: nonsense" }
        let answer = harness.send("POST", "/v1/policy/reload")
        #expect((answer.status, answer.code) == (422, "invalid_policy"))
        #expect(answer.json["detail"] as? String == "a.rego:1:1: nonsense")
    }

    @Test func tellsHealth() throws {
        #expect(harness.send("GET", "/v1/health").json["ready"] as? Bool == true)
        let sick = try Harness(fault: "disk full").send("GET", "/v1/health")
        #expect(sick.status == 503)
        #expect(sick.json["live"] as? Bool == true && sick.json["ready"] as? Bool == false)
    }

    @Test func tellsMetrics() {
        let counter = harness.registry.counter("tests_total", "Tests.")
        harness.registry.makeCells().add(counter, 2)
        let answer = harness.send("GET", "/metrics")
        #expect(answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
        #expect(answer.body.contains("tests_total 2\n"))
    }
}
