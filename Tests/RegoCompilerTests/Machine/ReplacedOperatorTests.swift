// SPDX-License-Identifier: Apache-2.0

import Testing

/// Operators that a `with` replaces: results of OPA 1.20.2.
@Suite struct ReplacedOperatorTests {
    @Test(arguments: [
        ("input.a + 2", "plus as minus", "0"),
        ("input.a - 2", "minus as plus", "4"),
        ("input.a * 2", "mul as minus", "0"),
        ("input.a / 2", "div as plus", "4"),
        ("input.a % 2", "rem as plus", "4"),
        ("input.a + 2", "plus as 9", "9"),
        ("input.a + 2", "plus as f", "7"),
        ("input.a < 1", "lt as gt", "true"),
        ("{1, 2} | {2}", "or as and", "[2]"),
    ])
    func replaced(_ term: String, _ replacement: String, _ expected: String) {
        let policy = """
            package t
            f(x, y) := 7 if { x; y }
            q := x if { x := (\(term)) }
            p := x if x := q with \(replacement)
            """
        let item = PolicyGenerator.Case(policy: policy, data: "{}", inputs: [#"{"a": 2}"#])
        let outcome = PolicyRun().outcomes(item).map(\.description)
        #expect(outcome.first?.contains(#""p":\#(expected),"#) == true, "\(outcome)")
    }

    /// OPA unifies where `==` is an expression.
    @Test func equalityStays() {
        let policy = """
            package t
            q if input.a == 2
            p if q with equal as neq
            """
        let item = PolicyGenerator.Case(policy: policy, data: "{}", inputs: [#"{"a": 2}"#])
        #expect(PolicyRun().outcomes(item) == [.value(#"{"p":true,"q":true}"#)])
    }
}
