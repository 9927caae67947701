// SPDX-License-Identifier: Apache-2.0

import Testing

/// What a head's refs bind, and which calls stand before what: results and refusals of OPA 1.20.2.
@Suite struct HeadSafetyTests {
    private static let input = """
        {"l": [1, 2, 3, [2, 4], {"a": 3}], "o": {"a": 1, "b": 2}, "m": [0, 1, 2],
         "k": [0, 1], "n": [[5, 6], [7, 8]]}
        """

    @Test(arguments: [
        ("p := [input.l[i] | i > 0]", #"{"p": [2, 3, [2, 4], {"a": 3}]}"#),
        (#"p := {k: input.o[k] | k != "a"}"#, #"{"p": {"b": 2}}"#),
        (#"p := {k: input.o[k] | startswith(k, "a")}"#, #"{"p": {"a": 1}}"#),
        ("p contains input.l[i] if i > 0", #"{"p": [2, 3, [2, 4], {"a": 3}]}"#),
        (#"p[k] := input.o[k] if k != "a""#, #"{"p": {"b": 2}}"#),
        (#"p.q[k].r := input.o[k] if k != "a""#, #"{"p": {"q": {"b": {"r": 2}}}}"#),
        ("p[input.m[i]] := i if i > 0", #"{"p": {"1": 1, "2": 2}}"#),
        (#"p contains sprintf("%v", [input.o[k]]) if k != "a""#, #"{"p": ["2"]}"#),
        ("p := {input.l[i].a | not input.l[i] == 1}", #"{"p": [3]}"#),
        ("p := {i * 2: input.m[i] | true}", #"{"p": {"0": 0, "2": 1, "4": 2}}"#),
        ("p := [[input.m[i], [x | x := input.m[i]]] | i > 0]", #"{"p": [[1, [1]], [2, [2]]]}"#),
        ("p := 1 if { false } else := input.l[j] if j < 1", #"{"p": 1}"#),
        ("f(x) := input.m[i] if i > x\np := f(1)", #"{"p": 2}"#),
        // A head's ref that comes before what waits for it, and with it the order of loops.
        (
            "p := [[input.k[j], k] | input.n[x + 0][k]; x = input.k[i]]",
            "{\"p\": [[0, 0], [1, 0], [0, 1], [1, 1], [0, 0], [1, 0], [0, 1], [1, 1]]}"
        ),
        ("p := [input.m[i] | i > 0; input.l[j]; j < 2]", #"{"p": [1, 2, 1, 2]}"#),
        // Refs bind wherever they stand in an expression.
        ("p := [z | [z, 4] == input.l[z]]", #"{"p": []}"#),
        (#"p := [z | {"a": z} == input.l[z]]"#, #"{"p": []}"#),
        ("p := [z | [z, input.m[y]] == [y, input.m[z]]]", #"{"p": [0, 1, 2]}"#),
        ("f(x) := x\np := [z | z + 0 == f(input.m[z])]", #"{"p": [0, 1, 2]}"#),
        // The call of `f` comes before what `y` needs.
        ("f(x) := x\np := [z | z := f(input.m[i]) + y; y = i * 2]", #"{"p": [0, 3, 6]}"#),
        ("p := [v | v := [x, input.m[x]] with input.y as 2; x > 0]", #"{"p": [[1, 1], [2, 2]]}"#),
    ])
    func binds(_ rules: String, _ expected: String) {
        let item = PolicyGenerator.Case(
            policy: "package t\n\(rules)", data: "{}", inputs: [Self.input])
        let value = expected.filter { $0 != " " }
        #expect(PolicyRun().outcomes(item).map(\.description) == ["value \(value)"])
    }

    @Test(arguments: [
        ("p if input.l[z] == z + 1", ["z"]),
        ("f(x) := x\np if input.l[z] == f(z)", ["z"]),
        ("p := [input.m[i] + i * 2 | true]", ["i"]),
        ("p := {input.m[i]: i * 2 | true}", ["i"]),
        ("p contains {x | x := input.m[i]} if i > 0", ["i"]),
        ("p if { [1, 2] = [x] }", ["x"]),
        ("p if { [1, x] = [2, x] }", ["x"]),
        (#"p if { {"a": x} = {"b": 1} }"#, ["x"]),
        ("p := {x | y}", ["x", "y"]),
        ("p := {x: w | y}", ["w", "x", "y"]),
    ])
    func refuses(_ rules: String, _ unsafe: [String]) {
        let errors = Compiling.errors(in: rules).map { $0.split(separator: " ", maxSplits: 1)[1] }
        #expect(errors.sorted() == unsafe.map { "rego_unsafe_var_error: var \($0) is unsafe" })
    }
}
