// SPDX-License-Identifier: Apache-2.0
import AgentContext
import Authorization
import Cryptography
import Platform
import RegoVM
import Testing

@testable import Server

/// Which prompts and documents led to a call: in the record, in the context, after a restart.
@Suite struct LineageTests {
    private static let agent = "agent/a"

    /// Calls of `send` are refused once a tool gave back the text `secret`.
    private static let policy = """
        decision := {"action": "deny"} if poisoned
        else := {"action": "allow"}

        poisoned if {
            input.action.tool == "send"
            some document in input.context.lineage.documents
            document.source == "tool_result"
            document.same_session
            startswith(crypto.sha256("secret"), document.digest)
        }

        unread if input.action.tool == "no such tool"
        """

    private func chat(_ prompt: String, results: [String] = [], session: String = "s1")
        -> SampleCheck
    {
        var check = SampleCheck()
        check.agent = Self.agent
        check.path = "/v1/chat/completions"
        check.headers.append(("mcp-session-id", session))
        var messages = [#"{"role":"user","content":"\#(prompt)"}"#]
        for (index, result) in results.enumerated() {
            messages.append(
                #"{"role":"assistant","tool_calls":[{"id":"c\#(index)","type":"function","#
                    + #""function":{"name":"read","arguments":"{}"}}]}"#)
            messages.append(
                #"{"role":"tool","tool_call_id":"c\#(index)","content":"\#(result)"}"#)
        }
        check.body = #"{"model":"m","messages":[\#(messages.joined(separator: ","))]}"#
        return check
    }

    private func send(session: String = "s1") -> SampleCheck {
        .tool("send", agent: Self.agent, session: session)
    }

    private func read(_ uri: String) -> SampleCheck {
        var check = SampleCheck()
        check.agent = Self.agent
        check.body =
            #"{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"\#(uri)"}}"#
        return check
    }

    private func digest(_ text: String) -> String { "\(SHA256.hash(Array(text.utf8)))" }

    /// The digests of an agent's prompts or documents, the newest first.
    private func lineage(_ runtime: Runtime, _ key: String) throws -> [String] {
        let arena = Arena()
        defer { arena.destroy() }
        let text = Array(try #require(runtime.context(Self.agent)).utf8)
        return try text.withUnsafeBufferPointer { text in
            let context = try JSONReader.read(text, into: arena)
            return context["lineage"][arena.string(key)].elements.map {
                $0["digest"].asString ?? ""
            }
        }
    }

    private func prefix(_ text: String) -> String { String(digest(text).prefix(16)) }

    @Test func aPolicySeesWhatLedToACall() throws {
        var runtime = try Runtime(Self.policy)
        #expect(try runtime.check(send()).isAllowed)
        #expect(try runtime.check(chat("sum it up", results: ["fine", "secret"])).isAllowed)
        #expect(try !runtime.check(send()).isAllowed)
        #expect(try runtime.check(send(session: "s2")).isAllowed)
        runtime = try runtime.restarted()
        #expect(try !runtime.check(send()).isAllowed)
        #expect(try lineage(runtime, "prompts") == [prefix("sum it up")])
        #expect(try lineage(runtime, "documents") == [prefix("secret"), prefix("fine")])
    }

    @Test func theRecordNamesPromptDocumentsAndRules() throws {
        let runtime = try Runtime(Self.policy)
        try runtime.check(chat("go", results: ["secret"]))
        try runtime.check(send())
        let records = try runtime.records()
        #expect(
            records[0].contains(
                #""prompt":{"sha256":"\#(digest("go"))","documents":[{"source":"tool_result","#
                    + #""sha256":"\#(digest("secret"))","tool":"read"}]},"#))
        #expect(!records[0].contains("\"rules\""))
        #expect(records[1].contains(#""rules":["poisoned"]}"#))
        #expect(!records[1].contains("\"prompt\""))
        #expect(records.allSatisfy { !$0.contains("secret\"") })
    }

    /// A record names the rules of its own decision, however those before it came out, and those of
    /// the policy that made it.
    @Test func eachRecordNamesItsOwnRules() throws {
        let rules = """
            decision := {"action": "allow"} if reads
            decision := {"action": "allow"} if sends

            reads if input.action.operation == "resources/read"

            sends if input.action.tool == "send"
            """
        let runtime = try Runtime(rules)
        for check in [send(), send(), read("file:///a"), send()] { try runtime.check(check) }
        runtime.policy.replace(
            by: try Runtime.compile(rules.replacing("sends", with: "posts"), revision: "r2"))
        try runtime.check(send())
        let names = try runtime.records().map { record in
            ["reads", "sends", "posts"].filter { record.contains(#""rules":["\#($0)"]"#) }
        }
        #expect(names == [["sends"], ["sends"], ["reads"], ["sends"], ["posts"]])
    }

    /// What was asked for and refused was never read.
    @Test func resourcesCountWhenTheyWereAllowed() throws {
        let runtime = try Runtime(
            #"decision := {"action": "deny"} if contains(input.action.resource, "payroll")"#
                + "\nelse := {\"action\": \"allow\"}")
        try runtime.check(read("file:///wiki?token=x"))
        try runtime.check(read("file:///payroll"))
        #expect(try lineage(runtime, "documents") == [prefix("file:///wiki?token=x")])
        #expect(try lineage(try runtime.restarted(), "documents").count == 1)
        let record = try runtime.records()[0]
        #expect(
            record.contains(
                #""prompt":{"documents":[{"source":"resource","name_sha256":"#
                    + #""\#(digest("file:///wiki?token=x"))","name":"file:///wiki?token=*"}]}"#))
    }

    @Test func manyDocumentsPushOutTheirLikeAndNoPrompt() throws {
        let runtime = try Runtime(#"decision := {"action": "allow"}"#)
        let results = (0..<20).map { "result \($0)" }
        try runtime.check(chat("one", results: results))
        try runtime.check(chat("two", results: results))
        try runtime.check(chat("one", results: ["result 16"]))
        #expect(try lineage(runtime, "prompts") == [prefix("one"), prefix("two")])
        let expected = [16, 19, 18, 17, 15].map { prefix("result \($0)") }
        #expect(try lineage(runtime, "documents") == expected)
        let live = try lineage(runtime, "documents")
        #expect(try lineage(try runtime.restarted(), "documents") == live)
        let record = try runtime.records()[0]
        #expect(record.contains("\"document_count\":20"))
        #expect(!record.contains("\"truncated\""))
    }

    @Test func samplingIsAPrompt() throws {
        let runtime = try Runtime(#"decision := {"action": "allow"}"#) {
            $0.deniedDoubts = []
        }
        var check = SampleCheck()
        check.agent = Self.agent
        check.body =
            #"{"jsonrpc":"2.0","id":1,"method":"sampling/createMessage","params":{"messages":["#
            + #"{"role":"user","content":{"type":"text","text":"say it"}}],"maxTokens":5}}"#
        try runtime.check(check)
        #expect(try lineage(runtime, "prompts") == [prefix("say it")])
    }

    /// Long names and names that are no UTF-8 change nothing but the names.
    @Test func oddNamesAreCut() throws {
        let runtime = try Runtime(#"decision := {"action": "allow"}"#)
        let uri = "file:///" + String(repeating: "é", count: 400)
        try runtime.check(read(uri))
        let record = try runtime.records()[0]
        #expect(record.contains(digest(uri)))
        #expect(!record.contains("\\ufffd"))
        #expect(try lineage(try runtime.restarted(), "documents") == [prefix(uri)])
    }
}
