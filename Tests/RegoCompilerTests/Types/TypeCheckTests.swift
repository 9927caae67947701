// SPDX-License-Identifier: Apache-2.0

import RegoCompiler
import Testing

@Suite struct TypeCheckTests {
    /// A number selects a member however it is written.
    @Test(arguments: [
        #"p := {1: "x"}[1.0]"#, #"p := {1e3: "x"}[1000]"#, #"p := ["a", "b"][1.0]"#,
    ])
    func equalNumbersAreOneKey(_ rules: String) {
        #expect(Compiling.errors(in: rules) == [])
    }

    /// A query may call what modules may no more.
    @Test func deprecatedBuiltinsInQueries() {
        #expect(Compiling.errors(["package a"], query: "any([true])") == [])
        #expect(Compiling.errors(["package a\np if any([true])"]).count == 1)
        #expect(Compiling.errors(["package a"], query: "any([true])") { $0.isStrict = true } != [])
    }

    @Test(arguments: [
        (#"p if { x := plus("a", 1); x > 0 }"#, "plus: invalid argument(s)"),
        (#"p := 1 + "a""#, "plus: invalid argument(s)"),
        ("p if { startswith(1, input.x) }", "startswith: invalid argument(s)"),
        (#"p if { 1 == "a" }"#, "match error"),
        (#"p if { x := 1; x == "a" }"#, "match error"),
        (#"p if { [1, "a"] = [input.x, 2] }"#, "match error"),
        ("p if { count(1) > 0 }", "count: invalid argument(s)"),
        ("p := 1\nq if p.x", "undefined ref: data.test.p.x"),
        (#"p := {"a": 1}"# + "\nq if p.b", "undefined ref: data.test.p.b"),
        (#"p := {"a": {"b": 1}}"# + "\nq if p.a.b.c", "undefined ref: data.test.p.a.b.c"),
        ("p := [1, 2]\nq if p[3]", "undefined ref: data.test.p[3]"),
        ("p := [1, 2]\nq if p.x", "undefined ref: data.test.p.x"),
        ("q if { x := 1; x.y }", "undefined ref: x.y"),
        (#"p contains "a""# + "\nq if p[1]", "undefined ref: data.test.p[1]"),
        (#"f(x) := x + 1"# + "\n" + #"q := f("a")"#, "data.test.f: invalid argument(s)"),
        (#"f(x) := x + 1"# + "\n" + #"q if f(1) == "a""#, "match error"),
        ("f(x) := 1\nq if f", "function data.test.f used as reference, not called"),
        (#"p := [x | x := 1; upper(x) == "A"]"#, "upper: invalid argument(s)"),
        (#"p if { some x in [1, 2]; x == "a" }"#, "match error"),
        ("p := 1\nq if { some x in p; x }", "undefined ref: data.test.p[_]"),
        ("p if every x in [1] { [1 | lower(1)] == x }", "lower: invalid argument(s)"),
        ("p := 1\nq if every x in [1] { p.x == x }", "undefined ref: data.test.p.x"),
        ("p if { y := 1; every x in [1] { y.x == x } }", "undefined ref: y.x"),
        ("p if { not lower(1) }", "lower: invalid argument(s)"),
        ("p if { walk(input, [1, x]); x }", "walk: invalid argument(s)"),
    ])
    func refuses(_ rules: String, _ message: String) {
        let errors = Compiling.errors(in: rules)
        #expect(
            errors.count == 1 && errors[0].hasSuffix("rego_type_error: \(message)"), "\(errors)")
    }

    @Test(arguments: [
        "p if { x := input.a; x + 1 > 2; startswith(x, \"a\") }",
        "p := input.x.y.z",
        "p if { walk(input, [x, y]) with input as [z | z := 1]; x; y }",
        // As in OPA only refs and closures are checked in these bodies.
        "p if every x in [1] { lower(1) == x }",
        "p if every x in [1] { y := {\"a\": x}; y.b == 1; some z in count(y); z }",
        "import future.keywords.or\np if { {1 == \"a\"; lower(1)} or input.x }",
        "import future.keywords.not\np if not { x := 1; x == \"a\" }",
        "p if { input.a == 1; input.a == \"x\" }",
        "p contains x if { some x in input.xs }\nq if p[1]",
        "p[x] := y if { some x, y in input.xs }\nq if p.foo.bar",
        "p := {\"a\": 1, input.k: 2}\nq if p.whatever",
        "f(x) := x\nq := f(1).y",
        "f(\"a\") := 1\nf(x) := 2 if x > 1\nq := f(\"b\")",
        "p if { x := {\"a\": [1, \"b\"]}; x.a[_] == 1; x[\"a\"][i] == \"b\"; i > 0 }",
        "p := object.get(input, \"a\", {})\nq if p.b.c",
        "p := {}\nq if p.x",
        "p := []\nq if p[0]",
        "p if { x = [1, y]; y = 2; x[1] == 2 }",
        "p if data.base.x[1].y == 2",
        "p if { data.base[x].y == 2; x == \"a\" }",
        "p if { {\"a\": x} = input.o; x == 1 }",
        "p if { [a, b] := split(input.p, \"/\"); upper(a) == b }",
        "p if { walk(input, [path, value]); path[0] == 1; value == \"x\" }",
        "p if sprintf(\"%d\", [1, \"a\", {2}]) == \"x\"",
        "p if { x := json.unmarshal(input.t); x.y.z }",
        "p := 1 if input.a\np := \"b\" if input.b\nq if { p == 1; p == \"b\" }",
        "default p := false\np := {\"x\": 1} if input.a\nq if p.x",
        "p if { count({1, 2}) - 1 > 0; {1} - {2} == {1}; {1} | {2} == input.x }",
        "default f(_) := false\nf(x) := {\"a\": x} if x > 1\nq if f(2).a",
        "p if { min([1, 2]) < \"a\" }",
        "p if { input.x with input as 1 }",
        "p := concat(\",\", {x | some x in input.xs})",
        "a := {\"k\": [{\"id\": 1}, {\"id\": 2, \"n\": \"x\"}]}\nb contains x.id if some x in a.k",
    ])
    func accepts(_ rules: String) {
        #expect(Compiling.errors(in: rules) == [])
    }

    @Test func detailsAreWorded() throws {
        let error = try #require(Compiling.failure(["package test\np := 1 + \"a\""]).first)
        #expect(error.details == ["have: (number, string, ???)", "want: (number, number, number)"])
        #expect(error.location.row == 2)
        let ref = try #require(
            Compiling.failure(["package test\np := {\"abc\": 1}\nq := p.abd"]).first)
        #expect(
            ref.details == [
                "data.test.p.abd", "            ^", "            have: \"abd\"",
                "            want (one of): [\"abc\"]",
            ])
        #expect(ref.hint == "did you mean `abc`?")
    }

    /// Types that contain each other twice must not double for ever.
    @Test func typesStaySmall() {
        let rules = (1...60).map { "p\($0) := [p\($0 - 1), p\($0 - 1)]" }.joined(separator: "\n")
        #expect(Compiling.errors(in: "p0 := [input.x, 1]\n\(rules)") == [])
    }
}
