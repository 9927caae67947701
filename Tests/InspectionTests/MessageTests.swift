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
            "mcp batch unknown !batch"
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
        (#"{"jsonrpc":"2.0","id":1,"method":"tools/call""#, "http post write !malformed_body"),
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
        ] as [([(String, String)], String)])
    func headers(_ headers: [(String, String)], _ doubts: String) {
        let body = #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read"}}"#
        let request = SampleRequest(headers: headers, body: body)
        #expect(request.facts.summary == "mcp tools/call execute" + doubts)
    }

    @Test func compressedBodyIsUnknown() {
        let request = SampleRequest(
            headers: [("content-type", "application/json"), ("content-encoding", "gzip")],
            body: "\u{1F}x")
        #expect(request.facts.summary == "http post write !content_encoding")
    }

    @Test func unseenBodyIsADoubt() {
        let request = SampleRequest(headers: [
            ("content-type", "application/json"), ("content-length", "117"),
        ])
        #expect(request.facts.summary == "http post write !body_missing")
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
