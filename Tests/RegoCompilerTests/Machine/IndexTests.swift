// SPDX-License-Identifier: Apache-2.0
import RegoCompiler
import RegoVM
import TestSupport
import Testing

/// What the index of a rule looks at, and what it says of clauses that it cannot find.
@Suite struct IndexTests {
    private func explain(_ rules: String) throws -> IndexExplanation {
        var options = Compiler.Options()
        options.explainsIndex = true
        let source = Source(name: "t.rego", text: "package t\n" + rules)
        let output = try Compiler(options: options).compile([try Parser.parse(source, file: 0)])
        return try #require(output.indexExplanation)
    }

    /// Four clauses whose tests differ in one constant, and what is looked up.
    static let lookups: [(test: String, expected: String)] = [
        ("input.path == \"%\"", "input.path by equality: 4 values"),
        ("\"%\" == input.path", "input.path by equality: 4 values"),
        ("input.path = [\"%\", x]", "input.path[0] by equality: 4 values"),
        ("input.path in {\"%\", \"z%\"}", "input.path by equality: 8 values"),
        ("\"%\" in input.roles", "input.roles by membership: 4 values"),
        ("input.roles[_] == \"%\"", "input.roles by membership: 4 values"),
        ("some x in input.roles; x == \"%\"", "input.roles by membership: 4 values"),
        ("startswith(input.path, \"%\")", "input.path by prefix: 4 values"),
        ("endswith(input.path, \"%\")", "input.path by suffix: 4 values"),
        ("strings.any_prefix_match(input.path, [\"%\", \"y%\"])", "input.path by prefix: 8 values"),
        ("strings.any_suffix_match(input.path, {\"%\"})", "input.path by suffix: 4 values"),
        ("glob.match(\"%/*\", [\"/\"], input.path)", "input.path by prefix: 4 values"),
        ("glob.match(\"*/%\", [\"/\"], input.path)", "input.path by suffix: 4 values"),
        ("glob.match(\"%\", [\"/\"], input.path)", "input.path by equality: 4 values"),
        ("x := input.path; x == \"%\"", "input.path by equality: 4 values"),
        ("x := \"%\"; input.path == x", "input.path by equality: 4 values"),
        ("data.base.name == \"%\"", "data.base.name by equality: 4 values"),
        ("input.enabled; input.n != \"%\"", "input.enabled by truth: 1 values"),
    ]

    @Test(arguments: lookups.indices)
    func looksUp(_ number: Int) throws {
        let (test, expected) = Self.lookups[number]
        let rules = (1...4).map { clause in
            "p contains \(clause) if { \(test.replacing("%", with: "v\(clause)")) }"
        }
        let text = try explain(rules.joined(separator: "\n")).text(sources: ["t.rego"])
        #expect(text.contains("  \(expected), 4 clauses"), "\(text)")
        #expect(text.contains("4 clauses, 0 always tried"), "\(text)")
    }

    @Test func looksIntoArguments() throws {
        let rules = (1...4).map { "f(x, [\"a\", y]) if { x.kind == \"v\($0)\"; y > 1 }" }
        let text = try explain(rules.joined(separator: "\n")).text(sources: [])
        #expect(text.contains("argument 1.kind by equality: 4 values"))
    }

    @Test func tellsWhyNot() throws {
        let text = try explain(
            """
            p if input.a == 1
            p if input.a == 2
            p if input.a == 3
            p if input.b > 4
            p if not input.a == 5
            p if input.a == 6 with input.b as 1
            q if input.a == 1
            q if input.a == 2
            r := 1 if input.a == 1 else := 2 if input.b
            r := 1 if input.a == 2
            r := 1 if input.a == 3
            r := 1 if input.a == 4
            s if startswith(input.a, "a")
            s if startswith(input.a, "b")
            s if startswith(input.a, "c")
            s if startswith(input.a, "d")
            t if s with startswith as true
            """
        ).text(sources: ["t.rego"])
        for line in [
            "t.rego:5: not indexed: no test compares",
            "t.rego:6: not indexed: its tests stand only under `not`",
            "t.rego:7: not indexed: its tests stand only under `with`",
            "t.rego:8: not indexed: the rule has fewer than 4 clauses",
            "t.rego:10: not indexed: has `else`",
            "t.rego:14: not indexed: its tests call builtins that some `with` replaces",
        ] {
            #expect(text.contains(line), "\(line)\n\(text)")
        }
    }

    /// Clauses under many keys do not make the tree explode.
    @Test func growsWithTheRule() throws {
        let values = (0..<60).map { "\"v\($0)\"" }.joined(separator: ", ")
        let rules = (0..<60).map {
            "p contains \($0) if { input.a in {\(values), \"a\($0)\"}; "
                + "input.b in {\(values), \"b\($0)\"}; input.c in {\(values), \"c\($0)\"} }"
        }
        let source = Source(name: "t.rego", text: "package t\n" + rules.joined(separator: "\n"))
        let output = try Compiler().compile([try Parser.parse(source, file: 0)])
        let copies = output.program.indices.reduce(0) { $0 + Self.clauses($1.root) }
        #expect(copies <= 1024 + 60 * (RegoVM.Limits.indexCopies + 1))
    }

    private static func clauses(_ tree: RuleIndex.Tree) -> Int {
        switch tree {
        case .clauses(let clauses): clauses.count
        case .branch(let branch):
            branch.children.values.reduce(clauses(branch.others)) { $0 + clauses($1) }
        }
    }

    /// Long chains of prefixes of each other: each is found, in the order of the clauses.
    @Test func findsAllPrefixes() throws {
        let rules = (1...200).map {
            "p contains \($0) if startswith(input.a, \"\(String(repeating: "a", count: $0))\")"
        }
        let item = PolicyGenerator.Case(
            policy: "package t\n" + rules.joined(separator: "\n"), data: "{}",
            inputs: ["{\"a\": \"\(String(repeating: "a", count: 150))\"}", "{\"a\": \"b\"}", "{}"])
        let numbers = (1...150).map(String.init).joined(separator: ",")
        #expect(
            PolicyRun().outcomes(item)
                == [.value("{\"p\":[\(numbers)]}"), .value("{\"p\":[]}"), .value("{\"p\":[]}")])
    }
}
