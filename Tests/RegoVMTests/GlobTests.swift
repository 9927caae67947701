// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import RegoVM

/// What OPA 1.20 answers to globs, the errors of its library included.
@Suite struct GlobTests {
    static let texts = [
        "", "a", "b", "aa", "ab", "aba", "ac", "abc", "a/a", "a.b", "ba", "é", "éa", "aé", "éab",
        "/a/b/c", "/a/b/d/c", "x.y.com", "/", ".",
    ]

    /// For each text whether it matches, then the glob and its delimiter: `dot` for an empty list,
    /// `none` for null.
    static let answers = #"""
        -+-+-+--+----------- a**a               none
        -----+-------------- ab**ba             none
        ---+-+-------------- a*a                /
        -+-+-+--+----------- a*a                none
        ----++-+------+----- **ab**             /
        ----++-+------+----- *ab*               .
        -+++++++++++++++++++ ***                .
        ---+-+--+-+-+------- ***a               /
        +++--------+------+- ?                  .
        ---++-+---+-++------ ??                 dot
        +-+--------+------++ [!a]               none
        -++----------------- [a-c]              /
        -------------------- [!a-c]x            none
        ---+------+--------- ?a                 none
        -------------------- ?ab                none
        ---------+---------- a?b                /
        -+++++++-++++++--+-+ *?                 /
        -+++++++-++++++--+-+ ?*                 /
        ---+-+--+-+--------- **?a               dot
        -----+-++----------- [ab]?[!b]          none
        -++----------------- {a,b}              none
        ------++------------ {a*,b*}c           /
        ----++++------------ {ab,ac}*           /
        ----+--------------- {a,aa}{b,ab}       none
        ------++------------ a{b,}c             none
        --+-+--------------- {,a}b              none
        -++----------------- {a,b               none
        ---++++++----+------ a{,b}*             .
        -------------------- {a,{b,c}d}e        none
        -+++++++-++-+++----- *{a,b}*            /
        -++++++++++-+++----- **{a*,b}           /
        -------------------- \*a                none
        -+------------------ a\                 none
        -++----------------- [a\]b]             none
        -------------------- a,b}               none
        ---------------+---- /a/*/c             /
        ---------------++--- /a/**/c            /
        --------+---------+- */*                /
        -----------------+-- *.*.com            .
        -+++++++-++++++--+-+ [!/]*              /
        ---+++++-++-+++--+-- [!/][!/]*          /
        ---++-+---+-++------ ?[!/]              /
        -----------++-+----- é*                 /
        -----------+-+------ *é                 .
        -------------------- ?é                 none
        -------------------- é?                 none
        -------------------- [é]a               none
        -------------------- a*é*b              é
        -+-+-+--+-+-+------- {*,**}a            /
        -------------------- {a?,?a}*b          .
        +-------------------                    none
        ++++++++-++++++--+-+ *                  /
        -+++++++++++++++++++ {**,a*}?           none
        ----------+-+------- [!a]?              none
        -------+------------ a**b**c            /
        """#

    @Test func answersAsOPA() throws {
        let harness = BuiltinHarness()
        let arena = harness.evaluation.arena
        for line in Self.answers.split(separator: "\n") {
            let words = line.split(separator: " ", omittingEmptySubsequences: true)
            let glob = words.count == 3 ? String(words[1]) : ""
            let delimiters: Value =
                switch words[words.count - 1] {
                case "none": .null
                case "dot": .emptyArray
                default: arena.array([arena.string(String(words[words.count - 1]))])
                }
            for (text, expected) in zip(Self.texts, words[0]) {
                let operands = [arena.string(glob), delimiters, arena.string(text)]
                let answer = try harness.call("glob.match", operands)
                #expect(answer == "\(expected == "+")", "\(line) \(text)")
            }
        }
    }

    /// Where OPA's library panics there is no answer.
    @Test func libraryFailsToo() throws {
        let harness = BuiltinHarness()
        let operands = #""a{}", null, "a""#
        #expect(
            try harness.run(.init("glob.match", operands, ""))
                == "eval_builtin_error: glob cannot be matched")
    }

    @Test(arguments: [
        (#""[ab""#, "unexpected end of input"), (#""[a-""#, "unexpected end of input"),
        (#""[!""#, "unexpected end of input"), (#""[]""#, "could not parse range"),
        (#""[b-a]""#, "hi character 'a' should be greater than lo 'b'"),
        (#""[a-bc]""#, "expected close range character"), (#""\uFFFD""#, "could not read rune"),
    ])
    func invalid(glob: String, reason: String) throws {
        let result = try BuiltinHarness().run(.init("glob.match", "\(glob), null, \"a\"", ""))
        #expect(result == "eval_builtin_error: \(reason)")
    }

    /// What takes the library a time that grows with a power of the text ends with an error.
    @Test func takesBoundedTime() throws {
        let harness = BuiltinHarness()
        let arena = harness.evaluation.arena
        let text = arena.string(String(repeating: "a", count: 5000))
        let clock = ContinuousClock()
        let start = clock.now
        for glob in ["*a*a*a*a*a*a*b", "**{a,b**}**{a,b**}**{a,b**}c", "{**a,**b}{**a,**b}?c"] {
            let result = try harness.call("glob.match", [arena.string(glob), .null, text])
            #expect(result == "false" || result.hasPrefix("eval_limit_error"), "\(glob)")
        }
        #expect(clock.now - start < .seconds(20))
    }

    @Test func tooLarge() throws {
        let harness = BuiltinHarness()
        let arena = harness.evaluation.arena
        for glob in [
            String(repeating: "{a", count: 100), String(repeating: "a*", count: 1000),
            String(repeating: "x", count: 70_000),
            "{" + String(repeating: "a,", count: 5000) + "}",
        ] {
            let result = try harness.call(
                "glob.match", [arena.string(glob), .null, arena.string("a")])
            #expect(result.hasPrefix("eval_limit_error"), "\(glob.prefix(20)): \(result)")
        }
    }
}
