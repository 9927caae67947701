// SPDX-License-Identifier: Apache-2.0

import RegoCompiler
import RegoVM
import Testing

@Suite struct MetadataTests {
    private func evaluate(_ modules: [String], _ query: String) throws -> String {
        let parsed = try modules.enumerated().map { index, text in
            try Parser.parse(Source(name: "test-\(index).rego", text: text), file: Int32(index))
        }
        let body = try Parser.parseBody(
            Source(name: "query", text: query), file: Int32(modules.count))
        let output = try Compiler().compile(parsed, query: body)
        let policy = Policy(
            program: output.program, data: .emptyObject, revision: "", owners: [output.owner])
        let machine = Machine(policy, evaluation: Evaluation())
        machine.begin(TreeInput(.undefined))
        return try machine.evaluate(function: #require(output.query)).elements.first?.elements
            .first?
            .description ?? "undefined"
    }

    private let policy = """
        # METADATA
        # scope: subpackages
        # organizations: [Acme]
        package a

        # METADATA
        # title: one
        # description: two
        # custom: {level: 3, tags: [x]}
        # related_resources:
        # - https://example.com
        # - ref: https://example.org
        #   description: three
        # authors:
        # - Jane Doe <jane@example.com>
        # - name: John
        # schemas:
        # - input: schema.check
        # - data.x: {type: string}
        p := rego.metadata.rule()

        q := rego.metadata.rule()

        c := [link.path | some link in rego.metadata.chain()]
        """

    @Test func ruleGivesWhatStandsAboveIt() throws {
        #expect(
            try evaluate([policy], "x = data.a.p")
                == #"{"authors":[{"email":"jane@example.com","name":"Jane Doe"},{"name":"John"}],"#
                + #""custom":{"level":3,"tags":["x"]},"description":"two","related_resources":"#
                + #"[{"ref":"https://example.com"},"#
                + #"{"description":"three","ref":"https://example.org"}],"#
                + #""schemas":[{"path":["input"],"schema":["schema","check"]},"#
                + #"{"definition":{"type":"string"},"path":["data","x"]}],"#
                + #""scope":"rule","title":"one"}"#
        )
        #expect(try evaluate([policy], "x = data.a.q") == "{}")
    }

    @Test func chainGoesOutwards() throws {
        #expect(try evaluate([policy], "x = data.a.c") == #"[["a","c"],["a"]]"#)
        let inner =
            "package a.b\nc := [l.annotations.organizations | some l in rego.metadata.chain()]"
        #expect(try evaluate([policy, inner], "x = data.a.b.c") == #"[["Acme"]]"#)
    }

    @Test func printShowsWhatIsUndefined() throws {
        var options = Compiler.Options()
        options.keepsPrint = true
        let text =
            "package a\np if { print(\"x:\", input.x, [1, data.b], {2}); input.x }\n"
            + "q if print(input)"
        let module = try Parser.parse(Source(name: "a.rego", text: text), file: 0)
        let output = try Compiler(options: options).compile([module])
        let policy = Policy(
            program: output.program, data: .emptyObject, revision: "", owners: [output.owner])
        let evaluation = Evaluation()
        var lines: [String] = []
        evaluation.printer = { lines.append($0) }
        let machine = Machine(policy, evaluation: evaluation)
        machine.begin(TreeInput(.undefined))
        _ = try machine.evaluate(try #require(output.program.entrypoints["a.p"]))
        _ = try machine.evaluate(try #require(output.program.entrypoints["a.q"]))
        #expect(lines == ["x: <undefined> <undefined> {2}", "<undefined>"])
    }
}
