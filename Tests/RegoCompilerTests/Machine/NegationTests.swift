// SPDX-License-Identifier: Apache-2.0
import RegoCompiler
import RegoVM
import Testing

/// `not` without `future.keywords.not`; the expected values are those of OPA 1.20.
@Suite struct NegationTests {
    private static let some =
        #"{"email": "a@x", "x": 1, "l": ["ab", "cb"], "i": 0, "f": false, "roles": []}"#

    private func outcome(_ body: String, _ input: String) -> String {
        let policy = """
            package t
            blocked(u) if u in {"eve"}
            wrapped(x) := {"y": x}
            set if input.zz
            p if not \(body)
            """
        let item = PolicyGenerator.Case(
            policy: policy, data: #"{"blocked": {"bob": true}, "m": [1]}"#, inputs: [input])
        let outcome = PolicyRun().outcomes(item).first.map { "\($0)" } ?? ""
        if outcome.hasPrefix("refused") { return "refused" }
        return outcome.contains(#""p":true"#) ? "true" : "undefined"
    }

    /// Undefined inside a call or another ref makes the body undefined.
    @Test(arguments: [
        "blocked(input.user)", #"endswith(input.email, "@evil.com")"#, "data.blocked[input.user]",
        #""staff" in input.roles"#, "input.x > input.y", "input.y != 1", "{input.x}",
        "[input.x] == [1]", "-input.x == 1", "wrapped(input.x).y", "count(input.l) > 2",
        #"{"a": input.x} == {"a": 1}"#, "blocked(set)", "blocked(wrapped(input.zz))",
        "data.m[input.i][input.zz]", "1 in [input.zz]", "wrapped(input.zz).y == 1",
    ])
    func undefinedParts(_ body: String) { #expect(outcome(body, "{}") == "undefined") }

    /// A ref alone, and the sides of `==`, may be undefined under `not`.
    @Test(arguments: [
        "input.x", "input.a.b", "input.x == 1", "set", "data.m[7]", "input.f == true",
    ])
    func undefinedSides(_ body: String) { #expect(outcome(body, "{}") == "true") }

    @Test(arguments: [
        ("blocked(input.email)", "true"), (#"endswith(input.email, "x")"#, "undefined"),
        (#""staff" in input.roles"#, "true"), ("input.x > 1", "true"), ("input.x > 0", "undefined"),
        ("wrapped(input.f).y", "true"), (#"input.l[input.i] == "ab""#, "undefined"),
        (#"input.l[count(input.l) - 1] == "ab""#, "true"),
        ("input.x == 2 with input.x as 2", "undefined"),
        ("blocked(input.user) with input.user as \"eve\"", "undefined"),
        ("blocked(input.user) with input.user as \"bob\"", "true"),
    ])
    func definedParts(_ body: String, _ expected: String) {
        #expect(outcome(body, Self.some) == expected)
    }

    /// A ref under `not` binds nothing, wherever it is evaluated.
    @Test(arguments: [#"startswith(input.l[_], "a")"#, #"startswith(input.l[i], "a")"#])
    func unsafeVariables(_ body: String) { #expect(outcome(body, Self.some) == "refused") }
}
