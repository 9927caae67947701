// SPDX-License-Identifier: Apache-2.0
import Authorization
import Cryptography
import RegoVM
import Testing

@testable import Inspection

/// Prompts and documents in the requests of each API.
@Suite struct PromptFactsTests {
    private func prompt(_ path: String, _ body: String) -> (PromptFacts, Arena) {
        let request = SampleRequest("POST", path, body: body)
        return (PromptFacts(request.facts, arena: request.arena), request.arena)
    }

    /// Texts as `role:text`, the turn, and documents as `source tool reference = text`.
    private func summary(_ path: String, _ body: String) -> [String] {
        let (facts, arena) = prompt(path, body)
        let texts = facts.texts.map { "\($0.role):\($0.text.string)" }
        let documents = facts.documents.map { document in
            var parts: [String] = []
            facts.forEachText(of: document) { parts.append($0.string) }
            let name = [document.tool.string, document.reference.string].joined(separator: "@")
            return "\(document.source) \(name) = \(parts.joined(separator: "|"))"
        }
        let turn = facts.turnText(in: arena)
        return texts + documents + (turn.isDefined ? ["turn \(turn)"] : [])
    }

    @Test func openAIChat() {
        let body = """
            {"model":"m","messages":[
             {"role":"system","content":"be good"},
             {"role":"user","content":"read it"},
             {"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function",
               "function":{"name":"read_document","arguments":"{\\"path\\":\\"payroll/x\\"}"}}]},
             {"role":"tool","tool_call_id":"c1","content":"salaries"},
             {"role":"user","content":[{"type":"text","text":"now"},{"type":"text","text":"sum"},
               {"type":"file","file":{"filename":"a.pdf","file_data":"x"}}]}]}
            """
        #expect(
            summary("/v1/chat/completions", body) == [
                "instruction:be good", "user:read it", #"assistant:{"path":"payroll/x"}"#,
                "user:now", "user:sum", "tool_result read_document@ = salaries",
                "document @a.pdf = ", #"turn "now\nsum""#,
            ])
        let (facts, arena) = prompt("/v1/chat/completions", body)
        let documents = facts.documentsValue(in: arena) {
            facts.digest(of: facts.documents[$0], SHA256())
        }
        #expect(documents.elements[0]["arguments"].description == #"{"path":"payroll/x"}"#)
        #expect(
            documents.elements[0]["hash"].asString == "\(SHA256.hash(Array("salaries".utf8)))")
        #expect(documents.elements[0]["bytes"].description == "8")
        #expect(documents.elements[1]["hash"].isUndefined)
        #expect(facts.digest(SHA256()) == SHA256.hash(Array("now\nsum".utf8)))
    }

    @Test func anthropicMessages() {
        let body = """
            {"model":"m","system":[{"type":"text","text":"sys"}],"messages":[
             {"role":"user","content":"go"},
             {"role":"assistant","content":[{"type":"text","text":"I look"},
               {"type":"tool_use","id":"t1","name":"search","input":{"q":1}}]},
             {"role":"user","content":[
               {"type":"tool_result","tool_use_id":"t1","content":[
                 {"type":"text","text":"one"},{"type":"text","text":"two"}]},
               {"type":"document","title":"T","source":{"type":"text","data":"doc"}},
               {"type":"tool_result","tool_use_id":"gone","content":"?"}]}]}
            """
        #expect(
            summary("/v1/messages", body) == [
                "instruction:sys", "user:go", "assistant:I look",
                "tool_result search@ = one|two", "document @T = doc", "tool_result gone@ = ?",
                #"turn "go""#,
            ])
    }

    @Test func openAIResponses() {
        let body = """
            {"model":"m","instructions":"sys","input":[
             {"role":"user","content":[{"type":"input_text","text":"go"}]},
             {"type":"function_call","call_id":"c","name":"read","arguments":"{}"},
             {"type":"function_call_output","call_id":"c","output":"text"},
             {"type":"mcp_call","name":"m","arguments":"{","output":"mcp"}]}
            """
        #expect(
            summary("/v1/responses", body) == [
                "instruction:sys", "user:go", "assistant:{}", "assistant:{",
                "tool_result read@ = text",
                "tool_result m@ = mcp", #"turn "go""#,
            ])
        #expect(summary("/v1/responses", #"{"input":"hi"}"#) == ["user:hi", #"turn "hi""#])
        #expect(
            summary("/v1/embeddings", #"{"input":["a","b"]}"#)
                == ["user:a", "user:b", #"turn "a\nb""#])
    }

    @Test func gemini() {
        let body = """
            {"systemInstruction":{"parts":[{"text":"sys"}]},"contents":[
             {"role":"user","parts":[{"text":"go"},{"fileData":{"fileUri":"gs://b/f"}}]},
             {"role":"model","parts":[{"functionCall":{"name":"f","args":{"a":1}}}]},
             {"role":"user","parts":[{"functionResponse":{"name":"f","response":{"r":["x"]}}}]}]}
            """
        #expect(
            summary("/v1beta/models/g:generateContent", body) == [
                "instruction:sys", "user:go", "document @gs://b/f = ",
                "tool_result f@ = x", #"turn "go""#,
            ])
    }

    @Test func agentMessages() {
        let body = """
            {"jsonrpc":"2.0","id":1,"method":"message/send","params":{"message":{"role":"user",
             "parts":[{"kind":"text","text":"do"},{"kind":"file","file":{"uri":"https://x/y"}},
             {"kind":"data","data":{"a":"b"}}]}}}
            """
        #expect(
            summary("/a2a", body) == [
                "user:do", "user:b", "document @https://x/y = ", #"turn "do\nb""#,
            ])
    }

    @Test(arguments: [
        "{}", "[]", "7", #"{"messages":7}"#, #"{"messages":[7,null,{"role":7,"content":[[7]]}]}"#,
        #"{"messages":[{"role":"tool","tool_call_id":{},"content":{}}]}"#,
        #"{"input":[[],{"type":[]}],"contents":[{"parts":{}}],"system":{},"prompt":{}}"#,
    ])
    func bearsAnything(_ body: String) {
        let (facts, arena) = prompt("/v1/chat/completions", body)
        #expect(facts.turn.isEmpty && facts.turnText(in: arena).isUndefined)
        #expect(facts.digest(SHA256()) == nil)
    }

    @Test func isBounded() {
        let many = Array(
            repeating: #"{"role":"tool","content":"x"},{"role":"user","content":"y"}"#,
            count: Limits.promptParts)
        let (facts, _) = prompt(
            "/v1/chat/completions", #"{"messages":[\#(many.joined(separator: ","))]}"#)
        #expect(facts.isCut)
        #expect(facts.documents.count == Limits.promptDocuments)
        #expect(facts.texts.count == Limits.promptParts / 2)
    }

    @Test(
        arguments: [
            ("0.82", "0.82"), ("1", "1"), ("1.0", "1.0"), ("0", "0"), (" 0.5 ", "0.5"),
            ("1.01", nil), ("2", nil), ("-1", nil), (".5", nil), ("0.", nil), ("0.1234567", nil),
            ("high", nil), ("", nil), ("0x1", nil), ("00", nil),
        ] as [(String, String?)])
    func readsConfidence(_ text: String, _ expected: String?) {
        let request = SampleRequest(headers: [("x-sure", text)])
        let value = ConfidenceHeader(name: "X-Sure").value(request.context, in: request.arena)
        if let expected {
            #expect(value["value"].description == expected)
            #expect(value["provenance"].asString == "claimed")
        } else {
            #expect(value.isUndefined)
        }
    }
}
