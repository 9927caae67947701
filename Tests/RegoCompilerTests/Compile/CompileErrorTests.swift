// SPDX-License-Identifier: Apache-2.0

import RegoCompiler
import RegoVM
import Testing

/// Codes, places and wording as OPA has them.
@Suite struct CompileErrorTests {
    @Test(arguments: [
        ("p if not x", ["2:6 rego_unsafe_var_error: var x is unsafe"]),
        ("p := [y | x := 1]", ["2:6 rego_unsafe_var_error: var y is unsafe"]),
        (
            "p if { x := count(y) }",
            [
                "2:8 rego_unsafe_var_error: var x is unsafe",
                "2:13 rego_unsafe_var_error: var y is unsafe",
            ]
        ),
        ("p if { some x; input.y }", ["2:8 rego_compile_error: declared var x unused"]),
        (
            "p if every k, v in input { v > 0 }",
            ["2:12 rego_compile_error: declared var k unused"]
        ),
        ("p if { x := 1; x := 2 }", ["2:16 rego_compile_error: var x assigned above"]),
        ("p if { x == 1; x := 2 }", ["2:16 rego_compile_error: var x referenced above"]),
        ("p if foo(1)", ["2:6 rego_type_error: undefined function foo"]),
        ("p if { x := data.a.f(1) }", ["2:13 rego_type_error: undefined function data.a.f"]),
        ("p if count(1, 2, 3)", ["2:6 rego_type_error: count: arity mismatch"]),
        (
            "f(x) := x\np if f(1, 2, 3)",
            ["3:6 rego_type_error: function data.test.f has arity 1, got 3 arguments"]
        ),
        ("f(x) := x\nf(x, y) := y", ["2:1 rego_type_error: conflicting rules data.test.f found"]),
        (
            "p := data",
            ["2:1 rego_recursion_error: rule data.test.p is recursive: data.test.p -> data.test.p"]
        ),
        (
            "default p := 1\np contains 2",
            ["2:1 rego_type_error: conflicting rules data.test.p found"]
        ),
        ("p := 1\np contains 2", ["2:1 rego_type_error: conflicting rules data.test.p found"]),
        (
            "default p := 1\ndefault p := 2",
            [
                "1:1 rego_type_error: multiple default rules data.test.p found at "
                    + "test-0.rego:2, test-0.rego:3"
            ]
        ),
        (
            "p := 1\np.q := 2",
            [
                "2:1 rego_type_error: rule data.test.p conflicts with:\n"
                    + "  rule data.test.p.q at test-0.rego:3"
            ]
        ),
        (
            "p if q\nq if p",
            [
                "2:1 rego_recursion_error: rule data.test.p is recursive: data.test.p -> "
                    + "data.test.q -> data.test.p",
                "3:1 rego_recursion_error: rule data.test.q is recursive: data.test.q -> "
                    + "data.test.p -> data.test.q",
            ]
        ),
        ("p if { x := print(1) }", ["2:13 rego_type_error: print(1) used as value"]),
        (
            "p if true with foo as 1",
            [
                "2:16 rego_type_error: with keyword target must reference existing input, data, "
                    + "or a function"
            ]
        ),
        (
            "p if true with walk as 1",
            [
                "2:16 rego_compile_error: with keyword replacing built-in function: target must "
                    + "not be a relation"
            ]
        ),
        (
            "q := {\"a\": 1}\np if q with data.test.q.a as 2",
            ["3:13 rego_compile_error: with keyword cannot partially replace virtual document(s)"]
        ),
        (
            "p if re_match(\"a\", \"b\")",
            ["2:6 rego_type_error: deprecated built-in function calls in expression: re_match"]
        ),
        (
            "p(input) := 1",
            ["2:3 rego_compile_error: args must not shadow input (use a different variable name)"]
        ),
        (
            "p if { input := 1; input }",
            [
                "2:8 rego_compile_error: variables must not shadow input (use a different "
                    + "variable name)"
            ]
        ),
    ])
    func refuses(_ rules: String, _ errors: [String]) {
        #expect(Compiling.errors(in: rules) == errors)
    }

    @Test func duplicateImports() {
        let text =
            "package test\nimport data.a.x\nimport data.b.x as y\nimport data.c.x\np if { x; y }"
        #expect(
            Compiling.errors([text]) == [
                "4:1 rego_compile_error: import must not shadow import data.a.x"
            ])
        #expect(Compiling.errors([text.replacing("if ", with: "")], version: .v0) == [])
    }

    @Test func packagesHideNoRules() {
        let errors = Compiling.errors(["package a\nb := 1", "package a.b\nc := 2"])
        #expect(
            errors == [
                "1:1 rego_type_error: package a.b conflicts with rule b defined at test-0.rego:2",
                "2:1 rego_type_error: rule data.a.b conflicts with:\n"
                    + "  rule data.a.b.c at test-1.rego:2",
            ])
    }

    @Test(arguments: [
        ("p if { x := 1 }", "2:8 rego_compile_error: assigned var x unused"),
        (
            "f(x) := 1",
            "2:1 rego_compile_error: unused argument x. (hint: use _ (wildcard variable) instead)"
        ),
        ("import data.a.b\np := 1", "2:1 rego_compile_error: import data.a.b unused"),
    ])
    func strictModeRefuses(_ rules: String, _ error: String) {
        #expect(Compiling.errors(in: rules) { $0.isStrict = true } == [error])
        #expect(Compiling.errors(in: rules) == [])
    }

    @Test func strictModeAccepts() {
        let rules = """
            import data.lib.g
            import data.a.b
            f(x) := y if { y := x + b }
            h(x) := 1 if x else := 2
            p := [z | some k; z := f(g(input[k]))]
            """
        #expect(
            Compiling.errors(["package test\n\(rules)", "package lib\ng(x) := x"]) {
                $0.isStrict = true
            } == [])
    }

    /// What has declared a name decides the words.
    @Test(arguments: [
        ("p if { some x in [1]; x := 2 }", "var x declared above"),
        ("p if { x := 1; some x in [2] }", "var x assigned above"),
        ("p if { some x in [1]; some x in [2] }", "var x declared above"),
        ("p if { x == 1; some x in [2] }", "var x referenced above"),
        ("f(x) if { x := 1 }", "arg x redeclared"),
        ("p if every x in [1] { x := 2 }", "var x declared above"),
        ("p if { 1 := 1 }", "cannot assign to number"),
        ("p if { [1, x] := [1, 2]; x }", "cannot assign to number"),
        ("p if { every x, x in [1] { x } }", "var x declared above"),
        ("p if not x := 1", "cannot assign vars inside negated expression"),
        ("p := $\"{input.a[_]}\"", "var _ is undeclared"),
        ("p := $\"{input.a[x]}\"", "var x is undeclared"),
    ])
    func declarations(_ rules: String, _ message: String) {
        let errors = Compiling.failure(["package test\n\(rules)"])
        #expect(errors.first?.code == .compile)
        #expect(errors.first?.message == message)
        #expect(errors.count == 1)
    }

    @Test(arguments: [
        "p if { some x in [1]; {x | some x in [2]} }", "f(x) if { every x in [1] { x } }",
        "p if { some x, x in [1] }", "p if { x := 1; every x in [2] { x } }",
        "p := $\"{[y | y := input[_]]} {input.a[x]}\" if x := 1",
    ])
    func otherScopesDeclareAnew(_ rules: String) { #expect(Compiling.errors(in: rules) == []) }

    @Test(arguments: [
        ("p if { x := 1 or 2 }", ["or"]), ("p if { 1 and x := 2 }", ["and"]),
        ("p if { x := 1 or x := 2 }", ["or", "or"]), ("p if { {x := 1} or 2 }", []),
    ])
    func operandsAssignNothing(_ rule: String, _ operations: [String]) {
        let text =
            "package test\nimport future.keywords.and\nimport future.keywords.or\n\(rule)"
        let messages = Compiling.failure([text]).map(\.message)
        #expect(messages == operations.map { "cannot assign vars inside implicit \($0) operand" })
    }

    @Test(arguments: [
        ("p if true with f as g\nf(x) := x\ng(x, y) := y", "data.test.f"),
        ("p if true with count as f\nf(x, y) := x", "count"),
        ("p if true with count as startswith", "count"),
        ("p if true with count as sum", nil), ("p if true with count as 1", nil),
    ])
    func replacementsTakeTheSameOperands(_ rules: String, _ name: String?) {
        let messages = Compiling.failure(["package test\n\(rules)"]).map(\.message)
        #expect(messages.count == (name == nil ? 0 : 1))
        if let name { #expect(messages.first?.hasPrefix("\(name): arity mismatch") == true) }
    }

    @Test(arguments: [
        (#"{"test": {"p": 1}}"#, true), (#"{"test": 1}"#, true), (#"{"test": {"q": 1}}"#, false),
        ("{}", false),
    ])
    func rulesAndDataStandApart(_ data: String, _ isRefused: Bool) throws {
        let arena = Arena(limit: .max)
        defer { arena.destroy() }
        let value = try #require(PolicyRun.json(data, arena))
        let errors = Compiling.errors(in: "p := 1") { $0.data = value }
        let expected = "2:1 rego_compile_error: conflicting rule for data path test/p found"
        #expect(errors == (isRefused ? [expected] : []))
    }

    @Test(arguments: ["p := f", "p if f", "p := [data.test.f]", "p if { x := f; x }"])
    func functionsAreCalled(_ rule: String) {
        let errors = Compiling.failure(["package test\n\(rule)\nf(x) := x"])
        #expect(errors.map(\.message) == ["function data.test.f used as reference, not called"])
    }

    @Test(arguments: ["input", "data"])
    func documentsAreNoAliases(_ name: String) {
        let errors = Compiling.errors(in: "import data.x as \(name)\np := 1")
        #expect(errors == ["3:1 rego_parse_error: unexpected identifier token: expected var"])
    }

    @Test func unsafeBuiltins() {
        let errors = Compiling.errors(in: "p if time.now_ns() > 1") {
            $0.unsafeBuiltins = ["time.now_ns"]
        }
        #expect(
            errors == [
                "2:6 rego_type_error: unsafe built-in function calls in expression: time.now_ns"
            ])
    }

    @Test func printIsErasedOrKept() {
        let rules = "p if { print(x); true }\nq if { every y in [1] { print(y) } }"
        #expect(Compiling.errors(in: rules) == [])
        #expect(
            Compiling.errors(in: rules) { $0.keepsPrint = true }
                == ["2:14 rego_compile_error: var x is undeclared"])
    }

    @Test func annotationsAreDeclaredOnce() {
        let text = "# METADATA\n# scope: document\n# title: a\np := 1"
        let errors = Compiling.errors(in: text + "\n\n" + text)
        #expect(errors == ["7:1 rego_type_error: document annotation redeclared: test-0.rego:2"])
    }
}
