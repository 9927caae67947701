// SPDX-License-Identifier: Apache-2.0
import Foundation
import RegoVM
import Testing

@testable import Responders

let incident = Incident(
    record: "0193b5a0-0000-7000-8000-000000000001", time: "2026-11-22T13:00:00.000000000Z",
    agent: "spiffe://acme.example/agents/re\"search", restriction: "isolate", seconds: 60,
    operatorName: "unix:0", reason: "seen\n")

@Suite struct TemplateTests {
    private func text(_ template: String) throws -> String {
        try Template(template).text(Values(incident: incident, responder: "r", secrets: [:]))
    }

    @Test func placesAreFilled() throws {
        #expect(try text("${agent}") == incident.agent)
        #expect(try text("a-${agent.name}-b") == "a-re\"search-b")
        #expect(
            try text("${agent.trust_domain}/${restriction}/${seconds}") == "acme.example/isolate/60"
        )
        #expect(try text("$${agent} costs 5$ $") == "${agent} costs 5$ $")
        #expect(try text("") == "")
    }

    @Test(arguments: ["${agent", "${}", "${agnet}", "${secret:}", "x ${a.b}"])
    func unknownPlacesAreRefused(_ template: String) {
        #expect(throws: Template.Malformed.self) { try Template(template) }
    }

    @Test(arguments: [
        "https://${agent}/", "${agent}", "ftp://h/${agent}", "https://h${agent}/", "https:///x",
        "https://h/?t=${secret:x}", "/path", "https://h?${agent}",
    ])
    func agentsDoNotSayWhomToCall(_ url: String) throws {
        let template = try Template(url)
        #expect(throws: Responder.Invalid.self) { try Responder(name: "r", url: template) }
    }

    @Test func valuesCannotLeaveTheirPlaceInAURL() throws {
        let responder = try Responder(
            name: "r", url: try Template("https://h/v1/${agent.name}?a=${agent}"))
        var odd = incident
        odd.agent = "../x/a?b=c&d#e%2f é"
        #expect(
            try responder.request(odd).url
                == "https://h/v1/a%3Fb%3Dc%26d%23e%252f%20%C3%A9"
                + "?a=..%2Fx%2Fa%3Fb%3Dc%26d%23e%252f%20%C3%A9")
        for name in ["", "..", ".", "a/..", "/"] {
            odd.agent = name
            #expect(throws: CallFault.self, "\(name)") { try responder.request(odd) }
        }
    }

    @Test func valuesCannotLeaveTheirPlaceInABody() throws {
        var responder = try Responder(name: "r", url: try Template("https://h"))
        let request = try responder.request(incident)
        let body = try JSONSerialization.jsonObject(with: Data(request.body)) as? [String: Any]
        #expect(body?["agent"] as? String == incident.agent)
        #expect(body?["reason"] as? String == "seen\n")
        #expect(body?["seconds"] as? Int == 60)
        #expect(request.headers.contains(HTTPField("Idempotency-Key", incident.record)))

        responder.body = .object([
            ("x", .array([.word("true"), .text(try Template("${agent} \u{1}"))]))
        ])
        #expect(
            String(decoding: try responder.request(incident).body, as: UTF8.self)
                == #"{"x":[true,"spiffe://acme.example/agents/re\"search \u0001"]}"#)
    }

    @Test func valuesCannotLeaveTheirPlaceInAHeader() throws {
        var responder = try Responder(name: "r", url: try Template("https://h"))
        responder.headers = [("X-Reason", try Template("${reason}"))]
        #expect(
            throws: CallFault("header `X-Reason` would hold a control character", isFinal: true)
        ) {
            try responder.request(incident)
        }
    }

    @Test func secretsAreReadForEachAttempt() throws {
        let path = "/tmp/portcullis-secret-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        var responder = try Responder(name: "r", url: try Template("https://h"))
        responder.headers = [("Authorization", try Template("Bearer ${secret:t}"))]
        responder.secrets = ["t": path]
        #expect(throws: CallFault("secret `t`: `\(path)` is not there")) {
            try responder.request(incident)
        }
        for secret in ["one", "two"] {
            FileManager.default.createFile(
                atPath: path, contents: Data("\(secret)\n".utf8),
                attributes: [.posixPermissions: 0o600])
            #expect(
                try responder.request(incident).headers.first
                    == HTTPField("Authorization", "Bearer \(secret)"))
        }
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
        let open = #expect(throws: CallFault.self) { try responder.request(incident) }
        #expect(open?.text.contains("its mode must be 0600") == true)
    }

    @Test func restrictionsAreChosenByName() throws {
        var responder = try Responder(name: "r", url: try Template("https://h"))
        #expect(responder.responds(to: "isolate"))
        responder.restrictions = ["isolate", "no_tool:"]
        #expect(responder.responds(to: "no_tool:pay"))
        #expect(!responder.responds(to: "no_egress") && !responder.responds(to: "isolated"))
    }
}
