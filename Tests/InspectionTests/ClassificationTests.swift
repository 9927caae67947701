// SPDX-License-Identifier: Apache-2.0
import Authorization
import RegoVM
import Testing

@testable import Inspection

@Suite struct ClassificationTests {
    @Test(arguments: [
        ("a2a", "a2a message/send delegate"),
        ("get", "http get read"),
        ("llm-anthropic-body", "llm messages read"),
        ("llm-openai-metadata", "llm chat read !body_missing"),
        ("mcp-metadata-nobody", "http post write !body_missing"),
        ("mcp-metadata", "mcp tools/call execute"),
        ("mcp-sse-get", "mcp get read"),
        ("mcp-tools-call", "mcp tools/call execute"),
        ("mcp-truncated", "http post write !truncated"),
        ("mtls-k8s-delete", "kubernetes delete write"),
        ("mtls-k8s-list", "kubernetes watch secret"),
        ("mtls-mcp", "mcp tools/call execute"),
        ("mtls-spiffe-get", "http get read"),
    ])
    func fixture(_ name: String, _ summary: String) throws {
        #expect(try SampleRequest(fixture: name).facts.summary == summary)
    }

    @Test(arguments: [
        ("GET", "/v1/secret/data/a", "vault read secret", "secret/data/a"),
        ("LIST", "/v1/secret/metadata", "vault list read", "secret/metadata"),
        ("GET", "/v1/secret/metadata?list=true", "vault list read", "secret/metadata"),
        ("PUT", "/v1/secret/data/a", "vault write write", "secret/data/a"),
        ("DELETE", "/v1/secret/data/a", "vault delete write", "secret/data/a"),
    ])
    func vault(_ method: String, _ path: String, _ summary: String, _ resource: String) {
        let facts = SampleRequest(method, path, headers: [("x-vault-token", "t")]).facts
        #expect(facts.summary == summary)
        #expect(facts.resource.string == resource)
    }

    @Test(arguments: [
        ("GET", "/api/v1/namespaces/prod/pods", "kubernetes list read"),
        ("GET", "/api/v1/namespaces/prod/pods/p", "kubernetes get read"),
        ("GET", "/api/v1/namespaces/prod", "kubernetes get read"),
        ("GET", "/api/v1/namespaces/prod/secrets/s", "kubernetes get secret"),
        ("POST", "/api/v1/namespaces/prod/pods/p/exec?command=sh", "kubernetes exec execute"),
        ("POST", "/api/v1/namespaces/prod/serviceaccounts/s/token", "kubernetes create secret"),
        (
            "DELETE", "/apis/apps/v1/namespaces/prod/deployments",
            "kubernetes deletecollection write"
        ),
        ("PATCH", "/apis/apps/v1/namespaces/prod/deployments/d", "kubernetes patch write"),
        ("GET", "/api/v1/items", "http get read"),
    ])
    func kubernetes(_ method: String, _ path: String, _ summary: String) {
        #expect(SampleRequest(method, path, headers: []).facts.summary == summary)
    }

    @Test(arguments: [
        ("/v1/chat/completions", #"{"model":"gpt-5","messages":[]}"#, "chat", "gpt-5"),
        ("/v1/responses", #"{"model":"gpt-5","input":"x"}"#, "responses", "gpt-5"),
        ("/v1beta/models/gemini-3:generateContent", #"{"contents":[]}"#, "generate", "gemini-3"),
    ])
    func languageModels(_ path: String, _ body: String, _ operation: String, _ model: String) {
        let facts = SampleRequest("POST", path, host: "api.model.example", body: body).facts
        #expect(facts.summary == "llm \(operation) egress")
        #expect(facts.model.string == model)
    }

    @Test(arguments: [
        ("/a/b", "/a/b", false), ("/a/", "/a/", false), ("/", "/", false), ("", "", false),
        ("/a%20b", "/a b", false), ("/a//b", "/a/b", true), ("/a/./b", "/a/b", true),
        ("/a/../b", "/b", true), ("/../../x", "/x", true), ("/a/..", "/", true),
        ("/a/%2e%2e/b", "/b", true), ("/a%2fb", "/a/b", true), ("/a%5cb", "/a/b", true),
        ("/a\\b", "/a/b", true), ("/a;x=1/b", "/a;x=1/b", true), ("/a/..;/b", "/b", true),
        ("/a%00b", "/a\u{0}b", true), ("/a%252e", "/a%2e", true), ("/a%zz", "/a%zz", true),
        ("/.well-known/x", "/.well-known/x", false), ("/a.b", "/a.b", false), ("/a%", "/a%", true),
    ])
    func paths(_ target: String, _ text: String, _ isAmbiguous: Bool) {
        let arena = Arena()
        let path = RequestPath(target: SampleRequest.bytes(target + "?q=1"), arena: arena)
        #expect(path.text.string == text)
        #expect(path.isAmbiguous == isAmbiguous)
        #expect(path.query.string == "q=1")
    }

    @Test(arguments: [
        ("Tools.ACME.example:8443", "tools.acme.example", 8443, true),
        ("acme.example.", "acme.example", 0, true),
        ("notacme.example", "notacme.example", 0, false),
        ("127.0.0.1:80", "127.0.0.1", 80, true), ("128.0.0.1", "128.0.0.1", 0, false),
        ("[::ffff:127.0.0.1]:80", "", 0, false), ("[2001:db8::1]:80", "2001:db8::1", 80, false),
        ("user@acme.example", "", 0, false), ("acme.example:99999", "", 0, false),
        ("a b", "", 0, false),
        ("[::1", "", 0, false),
    ])
    func destinations(_ authority: String, _ host: String, _ port: UInt16, _ isInternal: Bool) {
        let facts = SampleRequest("GET", "/", host: authority, headers: []).facts
        #expect(facts.destination.host.string == host)
        #expect(facts.destination.port == port)
        #expect(facts.destination.isInternal == isInternal)
        #expect(facts.doubts.contains(.malformedHost) == host.isEmpty)
        #expect(facts.effect == (isInternal ? .read : .egress))
    }

    @Test func addressesAndRanges() throws {
        let destinations = try InternalDestinations(["10.0.0.0/8", "fd00::/8", "::1", "192.0.2.7"])
        let expectations = [
            ("10.255.0.1", true), ("11.0.0.1", false), ("fd12::1", true), ("fe80::1", false),
            ("::1", true),
            ("::2", false), ("192.0.2.7", true), ("192.0.2.8", false), ("010.0.0.1", false),
            ("10.1", false),
            ("1:2:3:4:5:6:7:8:9", false), ("fd00::1::2", false), ("", false),
        ]
        for (host, expected) in expectations {
            #expect(destinations.contains(SampleRequest.bytes(host)) == expected, "\(host)")
        }
        for entry in ["10.0.0.1/8", "10.0.0.0/33", "a..b", "", "a b", "fd00::/129"] {
            #expect(throws: InternalDestinations.InvalidEntry(entry: entry)) {
                try InternalDestinations([entry])
            }
        }
    }

    @Test func networkFilterHasNoRequest() {
        let arena = Arena()
        let facts = SampleRequest.inspector.inspect(AttributeContext(), arena: arena)
        #expect(facts.summary == "unknown  unknown !no_request")
    }

    @Test func actionAsInput() {
        let request = SampleRequest(
            host: "tools.acme.example:1",
            body: #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t"}}"#)
        #expect(
            request.facts.value(in: request.arena).description == """
                {"certain":true,"destination":{"host":"tools.acme.example","internal":true,\
                "port":1},"doubts":[],"effect":"execute","operation":"tools/call","protocol":"mcp",\
                "resource":"/mcp","tool":"t"}
                """)
    }
}
