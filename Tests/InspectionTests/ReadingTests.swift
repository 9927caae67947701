// SPDX-License-Identifier: Apache-2.0
import Authorization
import RegoVM
import Testing

@testable import Inspection

/// Requests that can be read as more than one protocol, or that look milder than they are.
@Suite struct ReadingTests {
    private static let ping = #""jsonrpc":"2.0","id":1,"method":"ping""#

    @Test(arguments: [
        // The path decides for a server that ignores what it does not know.
        (
            "/api/v1/namespaces/kube-system/serviceaccounts/admin/token", "", #""spec":{}"#,
            "kubernetes create secret !mismatch !malformed_message"
        ),
        (
            "/api/v1/namespaces/n/pods/p/exec?command=sh", "", "",
            "kubernetes exec execute !mismatch"
        ),
        (
            "/v1/message:send", "", #""message":{"parts":[]}"#,
            "a2a send delegate !mismatch !malformed_message"
        ),
        ("/message:send/", "", "", "a2a send delegate !mismatch"),
        (
            "/v1/transit/decrypt/k", "x-vault-token", #""ciphertext":"c""#,
            "vault write secret !mismatch !malformed_message"
        ),
        (
            "/v1/chat/completions", "", #""messages":[{"role":"user","content":"hi"}]"#,
            "mcp ping write !mismatch !malformed_message"
        ),
        (
            "/?query=INSERT+INTO+t+FORMAT+JSONEachRow", "", "", "sql insert write !mismatch"
        ),
        ("/admin/users/delete", "", #""user":"bob""#, "mcp ping write !malformed_message"),
        // Servers of MCP have any path.
        ("/", "", "", "mcp ping read"), ("/messages?sessionId=a", "", "", "mcp ping read"),
        ("/v1/messages", "", "", "mcp ping read"), ("/api/mcp", "", "", "mcp ping read"),
        ("/tools/sql", "", "", "mcp ping read"), ("/mcp", "x-vault-token", "", "mcp ping read"),
        ("/mcp", "x-trino-user", "", "mcp ping read"),
    ])
    func messageOnTopOfAnotherRequest(
        _ path: String, _ header: String, _ members: String, _ summary: String
    ) {
        var headers = [("content-type", "application/json")]
        if !header.isEmpty { headers.append((header, "a")) }
        let body = "{\(Self.ping)\(members.isEmpty ? "" : ",")\(members)}"
        #expect(SampleRequest("POST", path, headers: headers, body: body).facts.summary == summary)
    }

    @Test(arguments: [
        ("DELETE", "tools.acme.example", "", "mcp ping write !malformed_message"),
        ("POST", "evil.example", #","x":1"#, "mcp ping egress !malformed_message"),
        ("POST", "evil.example", "", "mcp ping read"),
    ])
    func messageThatIsNoneIsPlainHTTP(
        _ method: String, _ host: String, _ members: String, _ summary: String
    ) {
        let body = "{\(Self.ping)\(members)}"
        let request = SampleRequest(method, "/users/1", host: host, body: body)
        #expect(request.facts.summary == summary)
    }

    @Test func promptUnderAMessageIsRead() {
        let body = """
            {\(Self.ping),"model":"m","messages":[{"role":"user","content":"hi"}]}
            """
        let facts = SampleRequest(
            "POST", "/v1/chat/completions", host: "api.openai.com", body: body
        ).facts
        #expect(facts.summary == "llm chat egress !mismatch !malformed_message")
        #expect(facts.model.string == "m")
        #expect(!PromptReader(facts).isEmpty)
        #expect(facts.messageID.asInteger == 1)
        let call = SampleRequest(
            "POST", "/v1/chat/completions",
            body: """
                {"jsonrpc":"2.0","method":"tools/call","params":{"name":"t"},"messages":[]}
                """
        ).facts
        #expect(call.summary == "mcp tools/call execute !mismatch !malformed_message")
        #expect(call.modelAPI == .chat)
    }

    @Test func routeVouchesForMessages() {
        let path = "/apis/a/b/c"
        let body = "{\(Self.ping)}"
        #expect(
            SampleRequest("POST", path, body: body, route: "mcp").facts.summary == "mcp ping read")
        #expect(
            SampleRequest("POST", path, body: body).facts.summary
                == "kubernetes create write !mismatch")
        let task = #"{"jsonrpc":"2.0","id":1,"method":"GetTask","params":{"id":"t"}}"#
        #expect(
            SampleRequest("POST", "/", body: task, route: "a2a").facts.summary == "a2a GetTask read"
        )
        #expect(
            SampleRequest("POST", "/v1/message:send", body: task, route: "a2a").facts.summary
                == "a2a send delegate !mismatch")
    }

    @Test(arguments: [
        (
            #"{"jsonrpc":"2.0","id":1,"result":{},"user":"bob"}"#,
            "mcp response write !malformed_message"
        ),
        (
            #"{"jsonrpc":"2.0","id":1,"method":"ping","result":{}}"#,
            "mcp ping write !malformed_message"
        ),
        (
            #"{"jsonrpc":"2.0","method":"message/send","params":{},"x":1}"#,
            "a2a message/send delegate !malformed_message"
        ),
        // Zabbix
        (
            #"{"jsonrpc":"2.0","method":"item.get","params":{},"auth":"a","id":1}"#,
            "unknown item.get unknown"
        ),
    ])
    func membersThatNoMessageHas(_ body: String, _ summary: String) {
        #expect(SampleRequest(body: body).facts.summary == summary)
    }

    @Test(arguments: [
        ("DELETE", "/users/1?query=select", "x-trino-user", "", "", "sql select write"),
        ("DELETE", "/?query=show", "", "", "", "http delete write"),
        ("POST", "/admin/delete", "x-trino-user", "", "select=1&user=bob", "sql select write"),
        (
            "POST", "/admin/delete", "x-trino-user", "application/json",
            #"{"q":"select","user":"bob"}"#, "sql select write"
        ),
        (
            "POST", "/admin/delete", "x-trino-user", "application/json",
            #"{"cursor":"a","user":"bob"}"#, "sql cursor write"
        ),
        (
            "POST", "/_sql", "", "application/json", #"{"cursor":"","user":"bob"}"#,
            "sql  unknown"
        ),
        (
            "POST", "/", "x-trino-user", "application/x-www-form-urlencoded", "select=1&user=bob",
            "sql select write"
        ),
        ("POST", "/?query=SELECT+1", "x-clickhouse-user", "", "", "sql select write"),
        ("POST", "/", "x-clickhouse-user", "", "SELECT 1", "sql select read"),
        ("PUT", "/", "x-clickhouse-user", "", "SELECT 1", "sql select write"),
        (
            "POST", "/v1/statement", "x-vault-token", "text/plain", "SELECT 1",
            "vault write secret !mismatch"
        ),
        ("DELETE", "/tasks/t:subscribe", "", "", "", "a2a subscribe write"),
        (
            "POST", "/v1/messages", "", "application/json", #"{"to":"+1555","text":"hi"}"#,
            "http post write"
        ),
        (
            "POST", "/v1/messages", "", "application/x-www-form-urlencoded", "to=1&text=hi",
            "http post write"
        ),
        ("POST", "/api/generate", "", "application/json", "{}", "http post write"),
        (
            "POST", "/v1/messages", "", "text/plain", #"{"messages":[NaN]}"#,
            "llm messages write !malformed_body"
        ),
    ])
    func nothingMakesARequestMilder(
        _ method: String, _ path: String, _ header: String, _ type: String, _ body: String,
        _ summary: String
    ) {
        var headers: [(String, String)] = type.isEmpty ? [] : [("content-type", type)]
        if !header.isEmpty { headers.append((header, "a")) }
        #expect(SampleRequest(method, path, headers: headers, body: body).facts.summary == summary)
    }

    @Test(arguments: [
        ("GET", "/apis/a/b/c?d=SECRET", "", "kubernetes list egress"),
        ("GET", "/api/v1/namespaces/n/secrets/s", "", "kubernetes get secret"),
        ("LIST", "/v1/SECRET", "x-vault-token", "vault list egress"),
        ("GET", "/tasks/t:subscribe", "", "a2a subscribe egress"),
        ("GET", "/?query=SELECT+1", "", "sql select egress"),
    ])
    func outsideIsOutside(_ method: String, _ path: String, _ header: String, _ summary: String) {
        let headers = header.isEmpty ? [] : [(header, "a")]
        let request = SampleRequest(method, path, host: "evil.example", headers: headers)
        #expect(request.facts.summary == summary)
    }

    @Test func statementStaysVisible() {
        let headers = [("x-vault-token", "t"), ("content-type", "text/plain")]
        let facts = SampleRequest("POST", "/v1/statement", headers: headers, body: "SELECT 1").facts
        #expect(facts.arguments["statement"].text.string == "SELECT 1")
    }

    @Test(arguments: [
        ("sql", "/", "SELECT 1", "sql select read"),
        ("llm", "/v1/messages", "{}", "llm messages read"),
    ])
    func routeVouchesForItsProtocol(
        _ route: String, _ path: String, _ body: String, _ summary: String
    ) {
        let headers = [("content-type", route == "sql" ? "text/plain" : "application/json")]
        let request = SampleRequest("POST", path, headers: headers, body: body, route: route)
        #expect(request.facts.summary == summary)
    }

    // MARK: Keys

    @Test(arguments: [
        (#"{"jsonrpc":"2.0","id":1,"method":"tools/list","paramſ":{}}"#, "/mcp", true),
        (
            #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","argumentſ":{}}}"#,
            "/mcp", true
        ),
        (#"{"jſonrpc":"2.0","id":1,"method":"tools/call"}"#, "/mcp", true),
        (#"{"ıd":1,"method":"x"}"#, "/mcp", true),
        (#"{"messages":[],"messageſ":[{"role":"user"}]}"#, "/v1/chat/completions", true),
        (#"{"Messages":[{"role":"user"}]}"#, "/api/chat", true),
        (#"{"PROMPT":"x"}"#, "/api/generate", true),
        (#"{"messages":[{"role":"user"}],"taſk":1,"Temperature":1}"#, "/api/chat", false),
        (
            #"{"jsonrpc":"2.0","method":"GetTask","params":{"id":"a","ID":"b"}}"#, "/a2a", true
        ),
        (
            #"{"jsonrpc":"2.0","method":"SendMessage","params":{"message":{"partſ":[]}}}"#, "/a2a",
            true
        ),
        (#"{"message":{"TaskId":"a"}}"#, "/message:send", true),
        (
            #"{"jsonrpc":"2.0","id":1,"method":"tasks/get","params":{"taskId":"a","taſKid":"b"}}"#,
            "/mcp", true
        ),
        (#"{"query":"SELECT 1","Query":"DROP TABLE t"}"#, "/_sql", true),
    ])
    func variantsOfKeys(_ body: String, _ path: String, _ isAmbiguous: Bool) {
        let facts = SampleRequest("POST", path, body: body).facts
        #expect(facts.doubts.contains(.ambiguousKeys) == isAmbiguous, "\(facts.summary)")
    }

    @Test func foldingOfLetters() {
        func isVariant(_ key: String, _ name: StaticString) -> Bool {
            SampleRequest.bytes(key).isVariant(of: name)
        }
        #expect(isVariant("\u{212A}ey", "key") && isVariant("\u{17F}\u{17F}", "ss"))
        #expect(isVariant("taskid", "taskId") && isVariant("\u{131}\u{130}", "ii"))
        #expect(!isVariant("key", "key") && !isVariant("keys", "key") && !isVariant("ke", "key"))
        #expect(!isVariant("\u{17E}", "s") && !isVariant("key\u{17F}", "key"))
        #expect(!isVariant("", "key") && !isVariant("\u{E9}ey", "key"))
    }

    // MARK: Bodies

    @Test(
        arguments: [
            ("POST", "HTTP/1.1", [], "http post write"),
            (
                "POST", "HTTP/1.1", [("transfer-encoding", "chunked")],
                "http post unknown !body_missing"
            ),
            (
                "GET", "HTTP/1.1", [("transfer-encoding", "chunked")],
                "http get unknown !body_missing"
            ),
            ("POST", "HTTP/2", [], "http post unknown !body_missing"),
            ("PATCH", "HTTP/2", [], "http patch unknown !body_missing"),
            ("POST", "HTTP/2", [("content-length", "0")], "http post write"),
            ("POST", "HTTP/3", [("content-length", "x")], "http post unknown !body_missing"),
            ("DELETE", "HTTP/2", [], "http delete write"), ("GET", "HTTP/2", [], "http get read"),
        ] as [(String, String, [(String, String)], String)])
    func bodyThatNobodySaw(
        _ method: String, _ version: String, _ headers: [(String, String)], _ summary: String
    ) {
        let request = SampleRequest(method, "/x", headers: headers, version: version)
        #expect(request.facts.summary == summary)
    }

    @Test func metadataTellsOfChunksToo() throws {
        let request = try SampleRequest(fixture: "mcp-metadata-nobody", isChunked: true)
        #expect(request.facts.summary == "mcp tools/call execute !body_missing")
    }

    @Test(arguments: [
        ("text/plain", #"{"jsonrpc":"2.0","id":1,"method":"x/y"}x"#, true),
        ("text/plain", #"{"a":1}{"jsonrpc":"2.0","id":1,"method":"x/y"}"#, true),
        ("text/plain", #"{"jsonrpc":"2.0","id":NaN,"method":"x/y"}"#, true),
        ("text/plain", #"{"json\u0072pc":"2.0","id":1,}"#, true),
        ("text/plain", "{JsonRPC:'2.0'}", true), ("text/plain", #"{"jſonrpc":"2.0"},"#, true),
        ("text/json", #"{"a":1,}"#, true), ("application/json-rpc", "{", true),
        ("text/markdown", "[link](https://acme.example)", false),
        ("text/plain", "[1] A. Author, A title", false),
        ("application/x-ndjson", "{\"index\":{}}\n{\"a\":1}\n", false),
        ("text/plain", "{{ template }} json rpc \\u00", false),
    ])
    func textThatOnlySomeTakeForJSON(_ type: String, _ body: String, _ isMalformed: Bool) {
        let facts = SampleRequest(headers: [("content-type", type)], body: body).facts
        let summary = isMalformed ? "http post unknown !malformed_body" : "http post write"
        #expect(facts.summary == summary)
    }

    // MARK: A2A

    @Test(arguments: [
        ("mcp-method", "tools/call", " !mismatch"), ("mcp-name", "delete_document", " !mismatch"),
        ("mcp-method", "GetTask", ""), ("mcp-param-x", "y", " !mismatch"),
    ])
    func headersOfAgentCalls(_ name: String, _ value: String, _ doubts: String) {
        let request = SampleRequest(
            headers: [("content-type", "application/json"), (name, value)],
            body: #"{"jsonrpc":"2.0","id":1,"method":"GetTask","params":{"id":"t"}}"#)
        #expect(request.facts.summary == "a2a GetTask read" + doubts)
    }

    @Test(arguments: [
        ("/v1/message:send/", "a2a send delegate"), ("/tasks/t1:cancel/", "a2a cancel write"),
    ])
    func finalSlash(_ path: String, _ summary: String) {
        #expect(SampleRequest("POST", path, body: "{}").facts.summary == summary)
    }
}
