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
        ("mcp-metadata-nobody", "mcp tools/call execute !body_missing"),
        ("mcp-metadata", "mcp tools/call execute"),
        ("mcp-sse-get", "mcp get read"),
        ("mcp-tools-call", "mcp tools/call execute"),
        ("mcp-truncated", "http post unknown !truncated"),
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
        ("GET", "/v1/secret/metadata/a", "vault read read", "secret/metadata/a"),
        ("POST", "/v1/secret/data/a", "vault write write", "secret/data/a"),
        ("PATCH", "/v1/secret/data/a", "vault patch write", "secret/data/a"),
        ("GET", "/v1/database/creds/app", "vault read secret", "database/creds/app"),
        ("POST", "/v1/transit/decrypt/k", "vault write secret", "transit/decrypt/k"),
        ("POST", "/v1/auth/userpass/login/x", "vault write secret", "auth/userpass/login/x"),
        ("GET", "/v1/sys/health", "vault read read", "sys/health"),
        ("GET", "/v1/sys/raw/core", "vault read secret", "sys/raw/core"),
        ("PURGE", "/v1/secret/data/a", "vault PURGE unknown", "secret/data/a"),
        ("PUT", "/v1/secret/data/a", "vault write write", "secret/data/a"),
        ("DELETE", "/v1/secret/data/a", "vault delete write", "secret/data/a"),
        ("GET", "/v1/kv/a?list=T", "vault list read", "kv/a"),
        ("GET", "/v1/kv/a?%6cist=tru%65", "vault list read", "kv/a"),
        ("GET", "/v1/kv/a?list=false&list=true", "vault read secret", "kv/a"),
        ("GET", "/v1/kv/a?list=true&list=true", "vault read secret", "kv/a"),
        ("GET", "/v1/kv/a?%6cist=0&list=true", "vault read secret", "kv/a"),
        ("GET", "/v1/kv/a?list=TrUe", "vault read secret", "kv/a"),
        ("GET", "/v1/kv/a?list", "vault read secret", "kv/a"),
        ("HEAD", "/v1/kv/a?list=true", "vault read secret", "kv/a"),
        ("GET", "/v1/kv/metadata/a?list=1;2", "vault read secret", "kv/metadata/a"),
        ("POST", "/v1/ns/transit/decrypt/k", "vault write secret", "ns/transit/decrypt/k"),
        ("POST", "/v1/ns/auth/token/create", "vault write secret", "ns/auth/token/create"),
        ("PUT", "/v1/a/auth/approle/login", "vault write secret", "a/auth/approle/login"),
        ("PUT", "/v1/pki/issuer/i/issue/r", "vault write secret", "pki/issuer/i/issue/r"),
        (
            "PUT", "/v1/pki/root/generate/exported", "vault write secret",
            "pki/root/generate/exported"
        ),
        ("PUT", "/v1/sys/init", "vault write secret", "sys/init"),
        ("PUT", "/v1/gcp/roleset/data/key", "vault write secret", "gcp/roleset/data/key"),
        ("PUT", "/v1/ldap/library/l/check-out", "vault write secret", "ldap/library/l/check-out"),
        ("PUT", "/v1/transform/decode/r", "vault write secret", "transform/decode/r"),
        ("PUT", "/v1/engine/new-verb/x", "vault write secret", "engine/new-verb/x"),
        ("PUT", "/v1/auth/data/login", "vault write secret", "auth/data/login"),
        ("PUT", "/v1/auth/approle/role/r", "vault write write", "auth/approle/role/r"),
        ("PUT", "/v1/auth/approle/role/r/x", "vault write secret", "auth/approle/role/r/x"),
        ("PUT", "/v1/secret/data/app/token", "vault write write", "secret/data/app/token"),
        ("PUT", "/v1/ns/kv/data/a", "vault write write", "ns/kv/data/a"),
        ("POST", "/v1/secret/metadata/a", "vault write write", "secret/metadata/a"),
        ("POST", "/v1/database/config/d", "vault write write", "database/config/d"),
        ("POST", "/v1/database/roles/r", "vault write write", "database/roles/r"),
        ("POST", "/v1/sys/policies/acl/p", "vault write write", "sys/policies/acl/p"),
        ("POST", "/v1/transit/encrypt/k", "vault write write", "transit/encrypt/k"),
    ])
    func vault(_ method: String, _ path: String, _ summary: String, _ resource: String) {
        let facts = SampleRequest(method, path, headers: [("x-vault-token", "t")]).facts
        #expect(facts.summary == summary)
        #expect(facts.resource.string == resource)
    }

    @Test(arguments: ["team-a", "/team-a/"])
    func vaultNamespaceIsPartOfThePath(_ namespace: String) {
        let request = SampleRequest(
            "PUT", "/v1/secret/data/a",
            headers: [
                ("x-vault-namespace", namespace), ("content-type", "application/json"),
            ], body: #"{"data":{"k":"v"}}"#)
        #expect(request.facts.resource.string == "team-a/secret/data/a")
        #expect(request.facts.arguments.description == #"{"data":{"k":"v"}}"#)
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
        ("GET", "/api/v1/watch/namespaces/prod/secrets", "kubernetes watch secret"),
        ("GET", "/api/v1/namespaces/prod/pods/p/log", "kubernetes get read"),
        ("GET", "/api/v1/namespaces/prod/pods/p/exec?command=id", "kubernetes exec execute"),
        ("GET", "/api/v1/namespaces/prod/pods/p/attach", "kubernetes attach execute"),
        (
            "PATCH", "/api/v1/namespaces/prod/pods/p/ephemeralcontainers",
            "kubernetes ephemeralcontainers execute"
        ),
        ("PUT", "/api/v1/namespaces/prod/finalize", "kubernetes update write"),
        ("GET", "/apis/apps/v1/deployments?watch=true", "kubernetes watch read"),
        ("PATCH", "/api/v1/namespaces/d/secrets/s?dryRun=All", "kubernetes patch secret"),
        ("PUT", "/api/v1/namespaces/d/secrets/s", "kubernetes update secret"),
        ("POST", "/api/v1/namespaces/d/secrets", "kubernetes create secret"),
        ("DELETE", "/api/v1/namespaces/d/secrets/s", "kubernetes delete secret"),
        (
            "GET",
            "/apis/subresources.kubevirt.io/v1/namespaces/d/virtualmachineinstances/m/console",
            "kubernetes console execute"
        ),
        (
            "GET", "/apis/subresources.kubevirt.io/v1/namespaces/d/virtualmachineinstances/m/vnc",
            "kubernetes vnc execute"
        ),
    ])
    func kubernetes(_ method: String, _ path: String, _ summary: String) {
        #expect(SampleRequest(method, path, headers: []).facts.summary == summary)
    }

    @Test(arguments: [
        ("/api", "read"), ("/apis/apps/v1", "read"), ("/version", "read"), ("/", "read"),
        ("/openapi/v3/apis/apps/v1", "read"), ("/readyz/ping", "read"),
        ("/k8s/clusters/local/api/v1/namespaces/d/secrets/s", "unknown"),
        ("/api/v1/things", "unknown"), ("/logs/x", "unknown"),
    ])
    func kubernetesByItsRoute(_ path: String, _ effect: String) {
        let request = SampleRequest("GET", path, headers: [])
        request.context.contextExtensions.append(
            .init(
                key: SampleRequest.bytes("portcullis.protocol"),
                value: SampleRequest.bytes("kubernetes")))
        #expect(request.facts.summary == "kubernetes get \(effect)")
    }

    @Test(arguments: ["application/yaml", "application/vnd.kubernetes.protobuf"])
    func kubernetesBodyThatIsNotRead(_ type: String) {
        let path = "/api/v1/namespaces/d/pods"
        let request = SampleRequest(
            "POST", path, headers: [("content-type", type)], body: "kind: Pod\n")
        #expect(request.facts.summary == "kubernetes create write !malformed_body")
        #expect(request.facts.arguments.isUndefined)
        let read = SampleRequest("POST", path, body: #"{"kind":"Pod"}"#)
        #expect(read.facts.summary == "kubernetes create write")
        #expect(read.facts.arguments["kind"].equals("Pod"))
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

    @Test func commandIsAnArgument() {
        let request = SampleRequest(
            "GET", "/api/v1/namespaces/n/pods/p/exec?command=sh&command=-c&command=id%20-u&tty=1",
            headers: [])
        #expect(
            request.facts.arguments.description
                == #"{"command":["sh","-c","id -u"],"tty":["1"]}"#)
    }

    @Test(arguments: [
        ("/v1/Chat/Completions", "{}", "llm chat read"),
        ("/v1/chat/completions/", "{}", "llm chat read"),
        ("/openai/deployments/x/chat/completions?api-version=1", "{}", "llm chat read"),
        ("/v1/messages/count_tokens", "{}", "llm messages read"),
        ("/api/generate", #"{"prompt":"x"}"#, "llm complete read"),
        ("/v1beta/models/g:streamGenerateContent?alt=sse", "{}", "llm generate read"),
        ("/v1/embeddings", #"{"input":"x"}"#, "llm embed read"),
    ])
    func spellingsOfModelPaths(_ path: String, _ body: String, _ summary: String) {
        #expect(SampleRequest("POST", path, body: body).facts.summary == summary)
    }

    @Test func modelRequestIsNotJSON() {
        let request = SampleRequest("POST", "/v1/messages", body: "[]")
        #expect(request.facts.summary == "llm messages write !malformed_body")
    }

    @Test func offeredToolsAndTheirResults() {
        let request = SampleRequest(
            "POST", "/v1/chat/completions",
            body: """
                {"tools":[{"type":"function","function":{"name":"f"}},{"name":"g"},
                {"type":"mcp","server_label":"m","server_url":"https://evil.example/mcp"},
                {"functionDeclarations":[{"name":"h"}]},{"type":"web_search"}],
                "messages":[{"role":"tool","tool_call_id":"c","content":"r"}]}
                """)
        let facts = request.facts
        #expect(
            facts.value(of: .tools, in: request.arena).description
                == #"["f","g","m","h","web_search"]"#)
        #expect(
            facts.value(of: .toolResults, in: request.arena).description
                == #"[{"name":"c","text":"r"}]"#)
        #expect(
            facts.value(of: .destinations, in: request.arena).description == """
                [{"argument":"server_url","host":"evil.example","internal":false,"port":443,\
                "scheme":"https"}]
                """)
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
