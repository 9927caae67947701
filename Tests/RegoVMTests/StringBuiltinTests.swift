// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import RegoVM

@Suite("Strings")
struct StringBuiltinTests {
    @Test(
        arguments: [BuiltinHarness.Case](
            arrayLiteral:
                .init("startswith", "\"abc\", \"ab\"", "true"),
            .init("startswith", "\"abc\", \"\"", "true"),
            .init(
                "startswith", "1, \"a\"", "eval_type_error: operand 1 must be string but got number"
            ),
            .init("endswith", "\"abc\", \"bc\"", "true"),
            .init("endswith", "\"c\", \"bc\"", "false"),
            .init("contains", "\"hello\", \"ell\"", "true"),
            .init("contains", "\"aaaaaaaaaaaaaaaaaaaaaaab\", \"aaaaaaaaaaaaaaaaab\"", "true"),
            .init("contains", "\"aaaaaaaaaaaaaaaaaaaaaaa\", \"aaaaaaaaaaaaaaaaab\"", "false"),
            .init("indexof", "\"åäö\", \"ö\"", "2"),
            .init("indexof", "\"abc\", \"x\"", "-1"),
            .init("indexof", "\"abc\", \"\"", "eval_builtin_error: empty search character"),
            .init("indexof_n", "\"aaa\", \"aa\"", "[0, 1]"),
            .init("indexof_n", "\"åaåa\", \"a\"", "[1, 3]"),
            .init("strings.count", "\"cheese\", \"e\"", "3"),
            .init("strings.count", "\"åä\", \"\"", "3"),
            .init("split", "\"a,b,\", \",\"", #"["a", "b", ""]"#),
            .init("split", "\"åb\", \"\"", #"["å", "b"]"#),
            .init("split", "\"\", \"\"", "[]"),
            .init("split", "\"\", \",\"", #"[""]"#),
            .init("strings.split_n", "\"a.b.c\", \".\", 2", #"["a", "b"]"#),
            .init("strings.split_n", "\"a.b.c\", \".\", -1", #"["c"]"#),
            .init("substring", "\"åäö\", 1, 1", #""ä""#),
            .init("substring", "\"abc\", 1, -1", #""bc""#),
            .init("substring", "\"abc\", 9, 2", #""""#),
            .init("substring", "\"abc\", 1, 9223372036854775807", #""bc""#),
            .init("substring", "\"abc\", -1, 2", "eval_builtin_error: negative offset"),
            .init("trim", "\"xxåaxx\", \"åx\"", #""a""#),
            .init("trim_left", "\"xxaxx\", \"x\"", #""axx""#),
            .init("trim_right", "\"xxaxx\", \"x\"", #""xxa""#),
            .init("trim", "\"xxx\", \"x\"", #""""#),
            .init("trim_prefix", "\"abab\", \"ab\"", #""ab""#),
            .init("trim_suffix", "\"abab\", \"x\"", #""abab""#),
            .init("trim_space", #""\t\u00a0 a \n""#, #""a""#),
            .init("concat", "\"-\", [\"a\", \"b\", \"c\"]", #""a-b-c""#),
            .init("concat", "\"-\", #[\"b\", \"a\"]", #""a-b""#),
            .init("concat", "\"-\", []", #""""#),
            .init(
                "concat", "\"-\", [\"a\", 1]",
                "eval_type_error: "
                    + "operand 2 must be array of strings but got array containing number"
            ),
            .init(
                "concat", "\"-\", 1",
                "eval_type_error: operand 2 must be one of {set, array} but got number"),
            .init("lower", "\"ÅBC İ\"", #""åbc i""#),
            // Letters of Unicode 16, which Go does not have.
            .init("lower", "\"\u{1C89}\"", "\"\u{1C89}\""),
            .init("upper", "\"\u{19B}\u{264}\"", "\"\u{19B}\u{264}\""),
            .init("upper", "\"straße ǆ ᾳ\"", #""STRAßE Ǆ ᾼ""#),
            .init("strings.reverse", "\"aåb\"", #""båa""#),
            .init("replace", "\"banana\", \"an\", \"AN\"", #""bANANa""#),
            .init("replace", "\"ab\", \"\", \"-\"", #""-a-b-""#),
            .init(
                "strings.replace_n", "{\"<\": \"&lt;\", \">\": \"&gt;\"}, \"<b>\"",
                #""&lt;b&gt;""#),
            .init("strings.replace_n", "{\"a\": \"1\", \"ab\": \"2\"}, \"ab\"", #""1b""#),
            .init("strings.replace_n", "{\"\": \"-\", \"b\": \"2\"}, \"ab\"", #""-a-2-""#),
            .init("strings.any_prefix_match", "[\"abc\", \"x\"], #[\"q\", \"ab\"]", "true"),
            .init("strings.any_suffix_match", "\"abc\", [\"bc\"]", "true"),
            .init(
                "strings.any_prefix_match", "\"a\", [1]",
                "eval_type_error: "
                    + "operand 2 must be array of strings but got array containing number"
            ),
            .init("format_int", "-255, 16", #""-ff""#),
            .init("format_int", "3.9, 10", #""3""#),
            // A number with an exponent has a mantissa of 64 bits.
            .init("format_int", "1e40, 16", #""1d6329f1c35ca4bfa00000000000000000""#),
            .init(
                "format_int", "123456789012345678901234567890, 10",
                #""123456789012345678901234567890""#),
            .init("format_int", "5, 3", "eval_type_error: operand 2 must be one of {2, 8, 10, 16}")
        ))
    func strings(_ test: BuiltinHarness.Case) throws { try BuiltinHarness().expect(test) }

    @Test("Many prefixes give what trying each pair gives")
    func manyPrefixes() throws {
        var generator = SeededGenerator(seed: 3)
        for _ in 0..<20 {
            let words = { (generator: inout SeededGenerator) in
                (0..<60).map { _ in
                    String(
                        (0..<Int.random(in: 1...5, using: &generator)).map { _ in
                            "abc".randomElement(using: &generator)!
                        })
                }
            }
            let (texts, affixes) = (words(&generator), words(&generator).map { $0 + "a" })
            for isSuffix in [false, true] {
                let harness = BuiltinHarness()
                let arena = harness.evaluation.arena
                let name = isSuffix ? "strings.any_suffix_match" : "strings.any_prefix_match"
                let result = try harness.call(
                    name,
                    [
                        arena.array(texts.map { arena.string($0) }),
                        arena.array(affixes.map { arena.string($0) }),
                    ])
                let expected = texts.contains { text in
                    affixes.contains { isSuffix ? text.hasSuffix($0) : text.hasPrefix($0) }
                }
                #expect(result == "\(expected)")
            }
        }
    }

    @Test("Results that would be too long are refused")
    func lengthLimit() throws {
        let harness = BuiltinHarness()
        let arena = harness.evaluation.arena
        let long = arena.string(String(repeating: "a", count: 1 << 20))
        for operands in [[long, arena.string("a"), long], [long, .emptyString, long]] {
            #expect(try harness.call("replace", operands).hasPrefix("eval_limit_error: string of"))
        }
        let many = arena.array(Array(repeating: long, count: 100))
        #expect(
            try harness.call("concat", [.emptyString, many]).hasPrefix(
                "eval_limit_error: string of"))
        let format = arena.string(String(repeating: "%999999d", count: 100))
        let ones = arena.array(Array(repeating: .integer(1), count: 100))
        #expect(
            try harness.call("sprintf", [format, ones]).hasPrefix("eval_limit_error: string of"))
    }
}

@Suite("sprintf")
struct FormatBuiltinTests {
    @Test(
        arguments: [BuiltinHarness.Case](
            arrayLiteral:
                .init("sprintf", #""%s is %d", ["a", 5]"#, #""a is 5""#),
            .init("sprintf", #""%v %v %v", [null, true, 1.5]"#, #""null true 1.5""#),
            .init(
                "sprintf", #""%v", [{"a": [1, #["x"], #[]]}]"#, #""{\"a\": [1, {\"x\"}, set()]}""#),
            .init("sprintf", #""%d", ["x"]"#, #""%!d(string=x)""#),
            .init("sprintf", #""%s", [5]"#, #""%!s(int64=5)""#),
            .init("sprintf", #""%d", [1.5]"#, #""%!d(float64=1.5)""#),
            .init("sprintf", #""%d %d", [1]"#, #""1 %!d(MISSING)""#),
            .init("sprintf", #""%d", [1, "b"]"#, #""1%!(EXTRA string=b)""#),
            .init(
                "sprintf", #""%5d|%-5d|%05d|%+d|% d", [42, 42, 42, 42, 42]"#,
                #""   42|42   |00042|+42| 42""#),
            .init(
                "sprintf", #""%x %X %o %b %c %U %q %#x", [255, 255, 8, 5, 65, 8984, 65, 255]"#,
                #""ff FF 10 101 A U+2318 'A' 0xff""#),
            .init(
                "sprintf", #""%.2f %8.3f %e %g %G", [3.14159, 2.5, 123456.789, 1.0e21, 0.1e-6]"#,
                #""3.14    2.500 1.234568e+05 1e+21 1E-07""#),
            .init(
                "sprintf", #""%*d %d", [3.0, 7, 12.0000000000000000000]"#,
                #""  7 %!d(float64=12)""#),
            .init("sprintf", #""%.", [1]"#, #""%!.(int64=1)""#),
            .init("sprintf", #""%f %d", [1.0, 1.0]"#, #""%!f(int64=1) 1""#),
            .init("sprintf", #""%v %f %v", [1e3, 1.5e3, -0.0]"#, #""1e3 1500.000000 0""#),
            .init(
                "sprintf", #""%d %T", [18446744073709551616, 7]"#,
                #""18446744073709551616 int64""#),
            .init("sprintf", #""%v %v", [1234567.5, 0.00001]"#, #""1.2345675e+06 1e-05""#),
            .init(
                "sprintf", #""%10s|%-10s|%.2s|%q|%x", ["åb", "åb", "åbc", "a\"b", "hi"]"#,
                #""        åb|åb        |åb|\"a\\\"b\"|6869""#),
            .init("sprintf", #""%[2]d %[1]d", [1, 2]"#, #""2 1""#),
            .init("sprintf", #""%[3]d", [1]"#, #""%!d(BADINDEX)""#),
            .init("sprintf", #""%*d|%.*f", [5, 42, 1, 2.55]"#, #""   42|2.5""#),
            .init("sprintf", #""%%|%z|%", [1]"#, #""%|%!z(int64=1)|%!(NOVERB)""#),
            .init("sprintf", #""%t", [true]"#, #""%!t(string=true)""#),
            .init(
                "sprintf",
                #""%s %d %x", [123456789123456789123, -123456789123456789123, "#
                    + "18446744073709551616]",
                #""123456789123456789123 -123456789123456789123 10000000000000000""#),
            .init(
                "sprintf", #""%08.3f|%+.1e|%-8.1f|", [3.14159, 12345.678, 2.25]"#,
                #""0003.142|+1.2e+04|2.2     |""#),
            .init("sprintf", #""%6.2f%%", [99.5]"#, #"" 99.50%""#),
            .init(
                "sprintf",
                #""%#x|%#X|%#g|%#q|%#.3x|%#v|%#.0f|%#e", [1.5,1.5,1.5,0.1,1.5,1.5,2.5,1.5]"#,
                #""0x1.8000p+00|0X1.8P+00|1.50000|%!q(float64=0.100000)|0x1.800p+00|1.5|2.|1.500000e+00""#
            ),
            .init(
                "sprintf",
                #""%.0x|%.1x|%.2X|%.20x|%x|%.0x|%#.0x|%.1x", [1.5,1.97,-3.99,0.1,0.0,2.5,1.5,255.5]"#,
                #""0x1p+01|0x1.0p+01|-0X1.FFP+01|0x1.999999999999a0000000p-04|0|0x1p+01|0x1.p+01|0x1.0p+08""#
            ),
            .init("sprintf", #""%T %T %T", [1, "a", 1.5]"#, #""int64 string float64""#),
            .init("sprintf", #""a", [1"#, #""a%!(EXTRA int64=1)""#),
            .init(
                "sprintf", #""%s", "x""#, "eval_type_error: operand 2 must be array but got string")
        ))
    func formats(_ test: BuiltinHarness.Case) throws { try BuiltinHarness().expect(test) }
}

@Suite("strings.render_template")
struct TemplateBuiltinTests {
    @Test(
        arguments: [BuiltinHarness.Case](
            arrayLiteral:
                .init(
                    "strings.render_template", #""{{.a}} {{.b.c}}", {"a": 1, "b": {"c": "x"}}"#,
                    #""1 x""#),
            .init(
                "strings.render_template",
                #""{{eq .a .b}}{{lt .b .a}}{{eq .a \"1\"}}{{len .b}}", {"a": 1, "b": 10, "t": true, "n": null, "l": [1, 2]}"#,
                #""falsefalsetrue2""#),
            .init(
                "strings.render_template",
                #""{{print .a .a}}|{{print 1 2}}", {"a": 1, "b": 10, "t": true, "n": null, "l": [1, 2]}"#,
                #""11|1 2""#),
            .init(
                "strings.render_template",
                #""{{eq 1 1}}{{lt 1.5 2.5}}{{ne .t false}}{{eq .n 1}}", {"a": 1, "b": 10, "t": true, "n": null, "l": [1, 2]}"#,
                #""truetruetruefalse""#),
            .init(
                "strings.render_template",
                #""{{printf \"%T %d %q %T\" .a .a .a .s}}", {"a": 1, "s": "x"}"#,
                #""json.Number %!d(json.Number=1) \"1\" string""#),
            .init("strings.render_template", #""{{.none}}", {}"#, #""<undefined>""#),
            .init(
                "strings.render_template",
                #""{{range $i, $n := .l}}{{if $i}},{{end}}{{$n}}{{else}}none{{end}}", "#
                    + #"{"l": ["a", "b"]}"#,
                #""a,b""#),
            .init(
                "strings.render_template", #""{{range .l}}{{.}}{{else}}none{{end}}", {"l": []}"#,
                #""none""#),
            .init(
                "strings.render_template",
                #""{{if eq .a \"x\"}}X{{else if .b}}B{{else}}-{{end}}", {"a": "y", "b": true}"#,
                #""B""#),
            .init(
                "strings.render_template",
                #""{{with .a}}{{.b}}{{end}}|{{ /* no */ }}{{- \" x\" -}} |", {"a": {"b": 2}}"#,
                "eval_builtin_error: template: template:1: unexpected \"/\" in command"),
            .init("strings.render_template", #""a {{- \"b\" -}} c", {}"#, #""abc""#),
            .init(
                "strings.render_template",
                #""{{$x := .a}}{{$x | printf \"%s-%s\" .a}}", {"a": "q"}"#, #""q-q""#),
            .init(
                "strings.render_template",
                #""{{len .l}} {{index .l 1}} {{and .l 5}} {{not .l}}", {"l": [1, 2]}"#,
                #""2 2 5 false""#),
            .init(
                "strings.render_template", #""{{.l}} {{.o}}", {"l": [1, "a"], "o": {"k": "v"}}"#,
                #""[1 a] map[k:v]""#),
            .init(
                "strings.render_template",
                #""{{define \"T\"}}<{{.}}>{{end}}{{template \"T\" .a}}", {"a": 1}"#, #""<1>""#),
            .init("strings.render_template", #""{{html .a}}", {"a": "<b>"}"#, #""&lt;b&gt;""#),
            .init(
                "strings.render_template", #""{{if}}", {}"#,
                "eval_builtin_error: template: template:1: missing value for command"),
            .init(
                "strings.render_template", #""{{if .a}}", {}"#,
                "eval_builtin_error: template: template:1: unexpected EOF"),
            .init(
                "strings.render_template", #""{{foo}}", {}"#,
                "eval_builtin_error: template: template:1: function \"foo\" not defined"),
            .init(
                "strings.render_template",
                #""{{define \"T\"}}{{template \"T\"}}{{end}}{{template \"T\"}}", {}"#,
                "eval_builtin_error: "
                    + "template: template:1: executing \"template\": "
                    + "exceeded maximum template depth"
            )
        ))
    func templates(_ test: BuiltinHarness.Case) throws { try BuiltinHarness().expect(test) }

    @Test(
        "Numbers of the data are text to Go, which compares them with nothing else",
        arguments: [
            #"{{eq .a 1}}"#, #"{{lt .a 2}}"#, #"{{eq .t \"x\"}}"#, #"{{index .l .a}}"#,
            #"{{eq 1 1.0}}"#, #"{{slice .s .a}}"#, #"{{lt .t true}}"#, #"{{eq .l .l}}"#,
        ])
    func incomparable(_ template: String) throws {
        let operands = "\"\(template)\", {\"a\": 1, \"t\": true, \"l\": [1], \"s\": \"x\"}"
        let result = try BuiltinHarness().run(.init("strings.render_template", operands, ""))
        #expect(result.hasPrefix("eval_builtin_error: template: "), "\(result)")
    }

    @Test("Nested ranges end at the limit of steps")
    func steps() throws {
        let harness = BuiltinHarness()
        let arena = harness.evaluation.arena
        let list = arena.array(Array(repeating: .true, count: 1000))
        let object = CollectionBuilder.object(in: arena)
        object.insert(.string("l"), list)
        let nested =
            String(repeating: "{{range $.l}}", count: 4) + String(repeating: "{{end}}", count: 4)
        let result = try harness.call(
            "strings.render_template", [arena.string(nested), object.finish()])
        #expect(
            result == "eval_limit_error: template takes more than \(Limits.templateSteps) steps")
    }
}
