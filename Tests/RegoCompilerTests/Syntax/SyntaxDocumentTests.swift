// SPDX-License-Identifier: Apache-2.0
import RegoCompiler
import RegoVM
import Testing

/// Documents of `rego.parse_module`, in the form that OPA gives them.
@Suite struct SyntaxDocumentTests {
    /// Where `path` leads in the document of a module, as JSON.
    private func part(_ rules: String, _ path: String...) throws -> String {
        let arena = Arena(limit: .max)
        defer { arena.destroy() }
        var value = try ModuleParser().document(
            of: "package p\n" + rules, name: "a.rego", in: arena)
        for step in path {
            guard value.isDefined else { return "undefined" }
            value = value[Int(step).map { .integer($0) } ?? arena.string(step)]
        }
        return value.isDefined ? value.description : "undefined"
    }

    private func term(_ type: String, _ value: String) -> String {
        #"{"type":"\#(type)","value":\#(value)}"#
    }

    private func input(_ name: String) -> String {
        term("ref", "[\(term("var", #""input""#)),\(term("string", #""\#(name)""#))]")
    }

    @Test func comments() throws {
        let place = #"{"col":8,"file":"a.rego","row":2}"#
        #expect(
            try part("x := 1 # é\n", "comments")
                == #"[{"Location":\#(place),"Text":"IMOp"}]"#)
    }

    @Test func logicalOperators() throws {
        let imports = "import future.keywords.and\nimport future.keywords.or\n"
        let left = #"[{"index":0,"terms":\#(input("x"))}]"#
        let right = #"[{"index":0,"terms":\#(input("y"))}]"#
        func terms(_ rule: String) throws -> String {
            try part(imports + rule, "rules", "0", "body", "0", "terms")
        }
        #expect(
            try terms("a if { input.x and input.y }")
                == #"{"lhs":\#(left),"rhs":\#(right),"type":"and"}"#)
        #expect(
            try terms("a if { {input.x} or {input.y} }")
                == #"{"explicit_lhs":true,"explicit_rhs":true,"lhs":\#(left),"rhs":\#(right),"#
                + #""type":"or"}"#)
    }

    @Test func negation() throws {
        let body = #"[{"index":0,"terms":\#(input("x"))}]"#
        let rule = "a if not input.x"
        #expect(
            try part(rule, "rules", "0", "body")
                == #"[{"index":0,"negated":true,"terms":\#(input("x"))}]"#)
        for (text, hasBraces) in [(rule, "false"), ("a if not { input.x }", "true")] {
            #expect(
                try part("import future.keywords.not\n" + text, "rules", "0", "body", "0", "terms")
                    == #"{"body":\#(body),"explicit_body":\#(hasBraces),"type":"not"}"#)
        }
    }

    @Test func templates() throws {
        let parts = [
            term("string", #""a ""#), #"{"index":0,"terms":\#(input("x"))}"#, term("number", "1"),
        ]
        #expect(
            try part("t := $`a {input.x}{1}`", "rules", "0", "head", "value", "value")
                == #"{"multi_line":true,"parts":[\#(parts.joined(separator: ","))]}"#)
    }

    /// Names and keys are kept as OPA keeps them for readers that know no refs.
    @Test(arguments: [
        ("q[x] := 1 if x := 2", true, true), ("q[x] if x := 2", false, true),
        (#"q["a"] if true"#, false, false), (#"q["a"] := 1 if true"#, true, false),
        ("q.a := 1", true, true), ("q.a(x) := x", false, false), ("q := 1", true, false),
        ("q.a contains 1", false, true), ("q.a.b := 1", false, false),
    ])
    func heads(_ rule: String, _ hasName: Bool, _ hasKey: Bool) throws {
        let name = try part(rule, "rules", "0", "head", "name")
        let key = try part(rule, "rules", "0", "head", "key")
        #expect((name != "undefined") == hasName)
        #expect((key != "undefined") == hasKey)
    }

    @Test func documentsAreRefs() throws {
        #expect(
            try part("a := input", "rules", "0", "head", "value")
                == term("ref", "[\(term("var", #""input""#))]"))
    }
}
