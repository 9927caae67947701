// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import RegoVM

@Suite("Regular expressions and globs")
struct PatternBuiltinTests {
    @Test(
        arguments: [BuiltinHarness.Case](
            arrayLiteral:
                .init("regex.match", #""^a+$", "aaa""#, "true"),
            .init(
                "regex.match", #""[", "a""#,
                "eval_builtin_error: error parsing regexp: missing closing ]: `[`"),
            .init(
                "regex.match", #""a)", "a""#,
                "eval_builtin_error: error parsing regexp: unexpected ): `a)`"),
            .init(
                "regex.match", #""(", "a""#,
                "eval_builtin_error: error parsing regexp: missing closing ): `(`"),
            .init("regex.replace", #""ab", "(?<n>b)", "<${n}>""#, #""a<b>""#),
            .init("regex.match", #""[](?<]+", "(?<]""#, "true"),
            .init("regex.match", #""\\Q(?<\\E", "(?<""#, "true"),
            .init(
                "regex.match", #""\\C", "a""#,
                #"eval_builtin_error: error parsing regexp: invalid escape sequence: `\C`"#),
            .init("regex.is_valid", #""a{2""#, "true"),
            .init("regex.is_valid", #""*""#, "false"),
            .init("regex.is_valid", "1", "false"),
            .init("regex.split", #""z+", "pizza""#, #"["pi", "a"]"#),
            .init("regex.split", #""a", "banana""#, #"["b", "n", "n", ""]"#),
            .init("regex.split", #""", "åb""#, #"["å", "b"]"#),
            .init("regex.split", #""x*", "axb""#, #"["a", "b"]"#),
            .init("regex.split", #""a", """#, #"[""]"#),
            .init("regex.find_n", #""a.", "paranormal", 2"#, #"["ar", "an"]"#),
            .init("regex.find_n", #""a*", "baab", -1"#, #"["", "aa", ""]"#),
            .init("regex.find_n", #""a", "aaa", 0"#, "[]"),
            .init(
                "regex.find_all_string_submatch_n", #""a(x*)b|(c)", "-axxb-c", -1"#,
                #"[["axxb", "xx", ""], ["c", "", "c"]]"#),
            .init("regex.replace", #""-wy-wxxy-", "w(x*)y", "0$1""#, #""-0-0xx-""#),
            .init("regex.replace", #""foo", "(?P<n>o)", "<${n}>$$$9""#, #""f<o>$<o>$""#),
            .init("regex.replace", #""ab", "x*", "-""#, #""-a-b-""#),
            .init("regex.replace", #""foo", "^[a-z]", "F""#, #""Foo""#),
            .init("regex.template_match", #""urn:foo:{.*}", "urn:foo:bar:baz", "{", "}""#, "true"),
            .init(
                "regex.template_match", #""urn:{a", "urn:a", "{", "}""#,
                #"eval_builtin_error: unbalanced braces in "urn:{a""#),
            .init(
                "regex.template_match", #""a", "a", "{{", "}""#,
                "eval_builtin_error: "
                    + "start delimiter has to be exactly one character long but is 2 long"
            ),
            .init("regex.globs_match", #""a.a.[0-9]+z", ".b.b2359825792*594823z""#, "true"),
            .init("regex.globs_match", #""[a-z]+", "[0-9]*""#, "false"),
            .init("regex.globs_match", #""a*", "b*""#, "true"),
            .init(
                "regex.globs_match", #""pqrs]", "a""#,
                "eval_builtin_error: "
                    + "input:pqrs], pos:5, set-close ']' with no preceding '[': "
                    + "the input provided is invalid"
            )
        ))
    func expressions(_ test: BuiltinHarness.Case) throws { try BuiltinHarness().expect(test) }

    @Test(
        arguments: [BuiltinHarness.Case](
            arrayLiteral:
                .init("glob.match", #""*.github.com", ["."], "api.github.com""#, "true"),
            .init("glob.match", #""*.github.com", ["."], "cdn.api.github.com""#, "false"),
            .init("glob.match", #""*.github.com", [], "cdn.api.github.com""#, "false"),
            .init("glob.match", #""*.github.com", null, "cdn.api.github.com""#, "true"),
            .init("glob.match", #""api.**.com", ["."], "api.cdn.github.com""#, "true"),
            .init("glob.match", #""/a/*/c", ["/"], "/a/b/c""#, "true"),
            .init("glob.match", #""/a/*/c", ["/", "."], "/a/b.b/c""#, "false"),
            .init("glob.match", #""{cat,b?t,[fr]at}", [], "bit""#, "true"),
            .init("glob.match", #""[!a-c]at", [], "bat""#, "false"),
            .init("glob.match", #""[ab\\]]x", [], "]x""#, "true"),
            .init("glob.match", #""a\\*b", [], "a*b""#, "true"),
            .init("glob.match", #""a,b}", [], "a,b}""#, "true"),
            .init("glob.match", #""**", ["."], "a\nb.c""#, "true"),
            .init("glob.match", #""å?", ["."], "åö""#, "false"),
            .init("glob.match", #""[]", [], "a""#, "eval_builtin_error: could not parse range"),
            .init("glob.match", #""{a", [], "a""#, "true"),
            .init(
                "glob.match", #""a", ["ab"], "a""#,
                "eval_type_error: "
                    + "operand 2 must be array of runes but got array containing string"),
            .init(
                "glob.match", #""a", "x", "a""#,
                "eval_type_error: operand 2 must be one of {array, null} but got string"),
            .init("glob.quote_meta", #""*.[a]{b}""#, #""\\*.\\[a\\]\\{b\\}""#)
        ))
    func globs(_ test: BuiltinHarness.Case) throws { try BuiltinHarness().expect(test) }

    @Test("The cache stays within its bound, and evicted patterns compile again")
    func cache() throws {
        let evaluation = Evaluation()
        for round in 0..<3 {
            for number in 0..<Limits.cachedPatterns * 2 {
                let pattern = try PatternCache.of(evaluation).expression(
                    evaluation.string("^a{\(number % 500)}$"))
                #expect(
                    pattern.matches(
                        evaluation.string(String(repeating: "a", count: number % 500)).bytes),
                    "\(round)")
            }
        }
    }

    @Test("Patterns that make backtracking matchers explode are quick")
    func linear() throws {
        let harness = BuiltinHarness()
        let arena = harness.evaluation.arena
        let text = arena.string(String(repeating: "a", count: 50_000) + "!")
        #expect(try harness.call("regex.match", [arena.string("^(a+)+$"), text]) == "false")
        let large = arena.string("((a{100}){100}){100}")
        #expect(
            try harness.call("regex.match", [large, text]).hasPrefix(
                "eval_builtin_error: error parsing regexp"))
    }
}
