// SPDX-License-Identifier: Apache-2.0
import Authorization
import RegoVM
import Testing

@testable import Inspection

@Suite struct MessageTests {
    @Test func toolCall() {
        let request = SampleRequest(
            body: """
                {"jsonrpc":"2.0","id":3,"method":"tools/call",
                "params":{"name":"t","arguments":{"p":[1]}}}
                """)
        let facts = request.facts
        #expect(facts.summary == "mcp tools/call execute")
        #expect(facts.tool.string == "t")
        #expect(facts.arguments.description == #"{"p":[1]}"#)
        #expect(facts.messageID.asInteger == 3)
        #expect(facts.isMessage && facts.isCertain)
    }

    @Test func escapedKeysAreDecodedBeforeTheyAreCompared() {
        let request = SampleRequest(
            body:
                #"{"jsonrpc":"2.0","id":"a","m\u0065thod":"tools/call","params":{"n\u0061me":"x"}}"#
        )
        #expect(request.facts.tool.string == "x")
        #expect(request.facts.isCertain)
    }

    @Test(arguments: [
        // A key twice: the last one counts here, another parser may take the first.
        (
            #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","name":"b"}}"#,
            "mcp tools/call execute !duplicate_keys"
        ),
        (
            #"{"jsonrpc":"2.0","id":1,"method":"tools/list","Method":"tools/call"}"#,
            "mcp tools/list read !ambiguous_keys"
        ),
        (
            #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","NAME":"b"}}"#,
            "mcp tools/call execute !ambiguous_keys"
        ),
        (#"{"Jsonrpc":"2.0","id":1,"METHOD":"tools/call"}"#, "mcp  unknown !ambiguous_keys"),
        (
            #"[{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","method":"tools/call"}]"#,
            "mcp tools/call execute !batch !malformed_message"
        ),
        (
            #"[{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","id":2,"method":"x/y"}]"#,
            "mcp x/y unknown !batch"
        ),
        (#"[{"jsonrpc":"2.0","method":"ping"},7]"#, "mcp  unknown !batch !malformed_message"),
        (
            #"[{"jsonrpc":"2.0","id":1,"method":"ping"},[{"jsonrpc":"2.0","method":"ping"}]]"#,
            "mcp  unknown !batch !malformed_message"
        ),
        (
            #"{"jsonrpc":"2.0","id":1,"method":"tools/call"}"#,
            "mcp tools/call execute !malformed_message"
        ),
        (
            #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":7}}"#,
            "mcp tools/call execute !malformed_message"
        ),
        (
            #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":["read"]}"#,
            "mcp tools/call execute !malformed_message"
        ),
        (#"{"jsonrpc":"2.0","id":[1],"method":"ping"}"#, "mcp ping read !malformed_message"),
        (#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#, "mcp ping read !malformed_message"),
        (#"{"jsonrpc":"2.0","id":1,"method":"tools/call""#, "http post unknown !malformed_body"),
        (#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#, "mcp tools/list read"),
        (
            #"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
            "mcp notifications/initialized read"
        ),
        (#"{"jsonrpc":"2.0","id":1,"result":{}}"#, "mcp response write"),
        (#"{"jsonrpc":"2.0","id":1}"#, "mcp response write !malformed_message"),
        (#"{"jsonrpc":"2.0","id":1,"method":"files/erase"}"#, "mcp files/erase unknown"),
        (
            #"{"jsonrpc":"2.0","id":1,"method":"eth_call","params":[]}"#,
            "unknown eth_call unknown !malformed_message"
        ),
        (#"{"hello":1}"#, "http post write"),
        ("", "http post write"),
        // Python's reader takes NaN, byte order marks and UTF-16 for JSON.
        (
            #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t","x":NaN}}"#,
            "http post unknown !malformed_body"
        ),
        (
            "\u{FEFF}" + #"{"jsonrpc":"2.0","id":1,"method":"tools/call"}"#,
            "http post unknown !text_encoding"
        ),
        ("{\u{0}\"\u{0}", "http post unknown !text_encoding"),
        ("\u{0}{\u{0}\"", "http post unknown !text_encoding"),
        (String(repeating: "[", count: 600), "http post unknown !malformed_body"),
    ])
    func body(_ text: String, _ summary: String) {
        #expect(SampleRequest(body: text).facts.summary == summary)
    }

    @Test func resourceIsTheURI() {
        let request = SampleRequest(
            body:
                #"{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"file:///a"}}"#)
        #expect(request.facts.resource.string == "file:///a")
        #expect(request.facts.effect == .read)
    }

    @Test(
        arguments: [
            ([("content-type", "Application/JSON; charset=utf-8")], ""),
            ([("content-type", "text/plain")], " !content_type"),
            ([], " !content_type"),
            ([("content-type", "application/vnd.api+json")], " !content_type"),
            ([("content-type", "application/json"), ("content-length", "9999")], " !truncated"),
            (
                [("content-type", "application/json"), ("x-envoy-auth-partial-body", "true")],
                " !truncated"
            ),
            (
                [("content-type", "application/json"), ("content-type", "text/plain")],
                " !content_type !repeated_header"
            ),
            (
                [
                    ("content-type", "application/json"), ("mcp-method", "tools/call"),
                    ("mcp-name", "read"),
                ], ""
            ),
            ([("content-type", "application/json"), ("mcp-method", "tools/list")], " !mismatch"),
            ([("content-type", "application/json"), ("mcp-name", "write")], " !mismatch"),
            (
                [("content-type", "application/json"), ("mcp-method", "tools/call,tools/call")],
                " !mismatch"
            ),
            ([("content-type", "application/json"), ("mcp-name", "=?base64?cmVhZA==?=")], ""),
            (
                [("content-type", "application/json"), ("mcp-name", "=?base64?cmVhZB?=")],
                " !mismatch"
            ),
            (
                [("content-type", "application/json"), ("mcp-protocol-version", "2026-07-28")],
                " !mismatch"
            ),
            ([("content-type", "application/json"), ("mcp-protocol-version", "2025-11-25")], ""),
            (
                [("content-type", "application/json"), ("x-http-method-override", "DELETE")],
                " !method_override"
            ),
            ([("content-type", "application/json"), ("x-original-url", "/a")], " !path_override"),
            ([("content-type", "application/json"), ("x-rewrite-url", "/a")], " !path_override"),
            ([("content-type", "application/json"), ("mcp-param-region", "eu")], " !mismatch"),
            (
                [("content-type", "application/json"), ("x-envoy-auth-partial-body", "false")], ""
            ),
        ] as [([(String, String)], String)])
    func headers(_ headers: [(String, String)], _ doubts: String) {
        let body = #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read"}}"#
        let request = SampleRequest(headers: headers, body: body)
        #expect(request.facts.summary == "mcp tools/call execute" + doubts)
    }

    @Test(arguments: [
        ("mcp-param-region", "eu", ""), ("mcp-param-region", "=?base64?ZXU=?=", ""),
        ("mcp-param-limit", "5", ""), ("mcp-param-limit", "5.0", ""),
        ("mcp-param-dry", "true", ""), ("mcp-param-deep", "x", ""),
        ("mcp-param-region", "us", " !mismatch"), ("mcp-param-limit", "6", " !mismatch"),
        ("mcp-param-region", "=?base64?Z?=", " !mismatch"),
    ])
    func parameterHeaders(_ name: String, _ value: String, _ doubts: String) {
        let request = SampleRequest(
            headers: [("content-type", "application/json"), (name, value)],
            body: """
                {"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t","arguments":
                {"region":"eu","limit":5,"dry":true,"a":{"deep":"x"}}}}
                """)
        #expect(request.facts.summary == "mcp tools/call execute" + doubts)
    }

    @Test(arguments: [
        ("2026-07-28", ""), ("2025-11-25", " !mismatch"), ("", " !mismatch"),
    ])
    func versionInTheBody(_ version: String, _ doubts: String) {
        var headers = [("content-type", "application/json"), ("mcp-method", "tools/list")]
        if !version.isEmpty { headers.append(("mcp-protocol-version", version)) }
        let request = SampleRequest(
            headers: headers,
            body: """
                {"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":
                {"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}
                """)
        #expect(request.facts.summary == "mcp tools/list read" + doubts)
    }

    @Test func taskHeaderNamesTheTask() {
        let headers = [
            ("content-type", "application/json"), ("mcp-method", "tasks/get"), ("mcp-name", "t"),
        ]
        let body = #"{"jsonrpc":"2.0","id":1,"method":"tasks/get","params":{"taskId":"t"}}"#
        #expect(SampleRequest(headers: headers, body: body).facts.isCertain)
    }

    @Test func eachMessageOfABatchIsSeen() {
        let request = SampleRequest(
            body: """
                [{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a"}},
                {"jsonrpc":"2.0","id":2,"method":"tools/list"}]
                """)
        let batch = request.facts.value(of: .batch, in: request.arena)
        #expect(
            batch.elements.map { $0["operation"].description }
                == ["tools/call", "tools/list"]
                .map { "\"\($0)\"" })
        #expect(batch.elements[0]["tool"].description == #""a""#)
        #expect(!request.facts.isMessage)
        let many = Array(repeating: #"{"jsonrpc":"2.0","method":"ping"}"#, count: 65)
        let long = SampleRequest(body: "[\(many.joined(separator: ","))]")
        #expect(long.facts.summary == "mcp batch unknown !batch !malformed_message")
    }

    @Test func otherMethodsCarryMessagesToo() {
        let body = #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t"}}"#
        #expect(
            SampleRequest("PUT", body: body).facts.summary
                == "mcp tools/call execute !malformed_message")
    }

    @Test(arguments: [
        ("text/plain", "   ", "", "http post write"),
        ("text/plain", "   ", "true", "http post unknown !truncated"),
        ("application/octet-stream", "PK", "true", "http post write"),
        ("text/csv; charset=utf-16", "\u{0}a\u{0},", "", "http post write"),
        ("application/json; charset=utf-16", "{}", "", "http post unknown !text_encoding"),
        ("application/json; charset=\"UTF-8\"", "{}", "", "http post write"),
    ])
    func bodiesThatMayBeJSON(
        _ type: String, _ body: String, _ partial: String, _ summary: String
    ) {
        var headers = [("content-type", type)]
        if !partial.isEmpty { headers.append(("x-envoy-auth-partial-body", partial)) }
        #expect(SampleRequest(headers: headers, body: body).facts.summary == summary)
    }

    @Test(arguments: [
        ("mcp", "mcp post unknown"), ("http", "http post write"), ("nonsense", "http post unknown"),
    ])
    func routeSaysItsProtocol(_ word: String, _ summary: String) {
        let request = SampleRequest(body: #"{"a":1}"#)
        request.context.contextExtensions.append(
            .init(
                key: SampleRequest.bytes("portcullis.protocol"), value: SampleRequest.bytes(word)))
        let doubt = word == "http" ? "" : " !foreign_protocol"
        let expected = word == "mcp" ? "http post unknown" : summary
        #expect(request.facts.summary == expected + doubt)
    }

    @Test func routeThatIsMCPTakesMessagesWithoutVersion() {
        let request = SampleRequest(
            body: #"{"id":1,"method":"tools/call","params":{"name":"t"}}"#)
        request.context.contextExtensions.append(
            .init(
                key: SampleRequest.bytes("portcullis.protocol"), value: SampleRequest.bytes("mcp")))
        #expect(request.facts.summary == "mcp tools/call execute !malformed_message")
    }

    @Test func compressedBodyIsUnknown() {
        let request = SampleRequest(
            headers: [("content-type", "application/json"), ("content-encoding", "gzip")],
            body: "\u{1F}x")
        #expect(request.facts.summary == "http post unknown !content_encoding")
    }

    @Test func unseenBodyIsADoubt() {
        let request = SampleRequest(headers: [
            ("content-type", "application/json"), ("content-length", "117"),
        ])
        #expect(request.facts.summary == "http post unknown !body_missing")
    }

    @Test(arguments: [
        (
            #"{"jsonrpc":"2.0","method":"message/send","params":{"message":{"taskId":"c"}}}"#,
            "delegate", "c"
        ),
        (
            #"{"jsonrpc":"2.0","id":1,"method":"SendMessage","params":{"message":{"taskId":"t"}}}"#,
            "delegate", "t"
        ),
        (#"{"jsonrpc":"2.0","id":1,"method":"tasks/get","params":{"id":"t9"}}"#, "read", "t9"),
        (#"{"jsonrpc":"2.0","id":1,"method":"CancelTask","params":{"id":"t9"}}"#, "write", "t9"),
    ])
    func agentToAgent(_ body: String, _ effect: String, _ resource: String) {
        let facts = SampleRequest(body: body).facts
        #expect(facts.trafficProtocol == .a2a)
        #expect("\(facts.effect.word)" == effect)
        #expect(facts.resource.string == resource)
    }

    @Test(arguments: [
        ("POST", "/message:send", "a2a send delegate"),
        ("POST", "/v1/message:stream", "a2a stream delegate"),
        ("POST", "/tasks/t1:cancel", "a2a cancel write"),
        ("GET", "/v1/tasks/t1:subscribe", "a2a subscribe read"),
    ])
    func agentToAgentByPath(_ method: String, _ path: String, _ summary: String) {
        let body = method == "GET" ? "" : #"{"message":{"contextId":"c"}}"#
        let facts = SampleRequest(method, path, body: body).facts
        #expect(facts.summary == summary)
        if path.contains("message") { #expect(facts.conversation.string == "c") }
    }

    @Test func tasksOfMCPAreNotA2A() {
        let body = #"{"jsonrpc":"2.0","id":1,"method":"tasks/get","params":{"taskId":"t"}}"#
        #expect(SampleRequest(body: body).facts.summary == "mcp tasks/get read")
    }

    /// Any bytes give facts, and never an MCP call that is certain without being one.
    @Test func randomBodies() {
        var random = SystemRandomNumberGenerator()
        let pieces = [
            "{", "}", "[", "]", ":", ",", "\"jsonrpc\"", "\"2.0\"", "\"method\"", "\"tools/call\"",
            "\"params\"",
            "\"name\"", "\"id\"", "1", "null", "\\", "\"", "\u{0}", "é", " ",
        ]
        for _ in 0..<20_000 {
            var body = ""
            for _ in 0..<Int.random(in: 0..<16, using: &random) {
                body += pieces.randomElement(using: &random)!
            }
            let facts = SampleRequest(body: body).facts
            if facts.isCertain && facts.operation.equals("tools/call") {
                #expect(!facts.tool.isEmpty)
            }
        }
    }
}
