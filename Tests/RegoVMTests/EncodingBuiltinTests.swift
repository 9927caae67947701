// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import RegoVM

@Suite("Encodings")
struct EncodingBuiltinTests {
    @Test(
        arguments: [BuiltinHarness.Case](
            arrayLiteral:
                .init("base64.encode", #""hello?>""#, #""aGVsbG8/Pg==""#),
            .init("base64url.encode", #""hello?>""#, #""aGVsbG8_Pg==""#),
            .init("base64url.encode_no_pad", #""hello?>""#, #""aGVsbG8_Pg""#),
            .init("base64.decode", #""aGVsbG8/Pg==""#, #""hello?>""#),
            .init("base64.decode", #""aGVs\nbG8=""#, #""hello""#),
            .init(
                "base64.decode", #""aGVsbG8""#,
                "eval_builtin_error: illegal base64 data at input byte 4"),
            .init(
                "base64.decode", #""a=b=""#,
                "eval_builtin_error: illegal base64 data at input byte 1"),
            .init(
                "base64.decode", #""aGVsbG8=x""#,
                "eval_builtin_error: illegal base64 data at input byte 8"),
            .init("base64url.decode", #""aGVsbG8_Pg""#, #""hello?>""#),
            .init("base64url.decode", #""a""#, "eval_builtin_error: illegal base64url string: a"),
            .init("base64.is_valid", #""aGVsbG8=""#, "true"),
            .init("base64.is_valid", "5", "false"),
            .init("hex.encode", #""kå""#, #""6bc3a5""#),
            .init("hex.decode", #""6Bc3a5""#, #""kå""#),
            .init(
                "hex.decode", #""fg""#, "eval_builtin_error: encoding/hex: invalid byte: U+0067 'g'"
            ),
            .init(
                "hex.decode", #""abc""#, "eval_builtin_error: encoding/hex: odd length hex string"),
            .init("urlquery.encode", #""a b&å~""#, #""a+b%26%C3%A5~""#),
            .init("urlquery.decode", #""a+b%26%C3%A5""#, #""a b&å""#),
            .init("urlquery.decode", #""%4""#, #"eval_builtin_error: invalid URL escape "%4""#),
            .init("urlquery.encode_object", #"{"b": ["x", "y"], "a": "1 2"}"#, #""a=1+2&b=x&b=y""#),
            .init(
                "urlquery.encode_object", #"{"a": 1}"#,
                "eval_type_error: operand 1 values must be string, array[string], or set[string]"),
            .init(
                "urlquery.decode_object", #""a=2&b=x&a=1&c""#,
                #"{"a": ["2", "1"], "b": ["x"], "c": [""]}"#),
            .init(
                "urlquery.decode_object", #""a;b""#,
                "eval_builtin_error: invalid semicolon separator in query"),
            .init(
                "json.marshal", #"{"b": #[2, 1], 1: "<a&b>"}"#,
                #""{\"1\":\"\\u003ca\\u0026b\\u003e\",\"b\":[1,2]}""#),
            .init(
                "json.marshal_with_options", #"{"a": [1, {}]}, {"indent": " "}"#,
                #""{\n \"a\": [\n  1,\n  {}\n ]\n}""#),
            .init(
                "json.marshal_with_options", #"[], {"x": 1}"#,
                #"eval_type_error: operand 2 object contained unknown key "x""#),
            .init("json.unmarshal", #""{\"a\": [1, 2.50]}""#, #"{"a": [1, 2.50]}"#),
            .init("json.unmarshal", #""{""#, "eval_builtin_error: unexpected EOF"),
            .init("json.is_valid", #""[1,]""#, "false")
        ))
    func encodings(_ test: BuiltinHarness.Case) throws { try BuiltinHarness().expect(test) }

    @Test(
        arguments: [BuiltinHarness.Case](
            arrayLiteral:
                .init(
                    "yaml.unmarshal", #""a: [1, 0x1f, 010, 1.5, yes, ~, \"yes\", 2001-01-01]""#,
                    #"{"a": [1, 31, 8, 1.5, true, null, "yes", "2001-01-01"]}"#),
            .init(
                "yaml.unmarshal", #""1: x\ntrue: y\n1.5: zz""#,
                #"{"1": "x", "1.5": "zz", "true": true}"#),
            .init(
                "yaml.unmarshal", #""b: &x {k: 1, l: 2}\nc: {<<: *x, l: 3}""#,
                #"{"b": {"k": 1, "l": 2}, "c": {"k": 1, "l": 3}}"#),
            .init("yaml.unmarshal", #""a: !!binary aGk=""#, #"{"a": "hi"}"#),
            .init("yaml.unmarshal", #""""#, "null"),
            .init(
                "yaml.unmarshal", #""[1,2,3""#,
                "eval_builtin_error: yaml: line 1: did not find expected ',' or ']'"),
            .init(
                "yaml.unmarshal", #""x: .inf""#,
                "eval_builtin_error: json: unsupported value: inf"),
            .init(
                "yaml.unmarshal", #""? [a]\n: b""#,
                "eval_builtin_error: unsupported map key of a collection"),
            .init("yaml.is_valid", #""a: [""#, "false"),
            .init("yaml.is_valid", "1", "false"),
            .init(
                "yaml.marshal", #"{"b": [1, "yes", "x", {"c": 1.5}], "a10": null, "a9": {}}"#,
                #""a9: {}\na10: null\nb:\n- 1\n- \"yes\"\n- x\n- c: 1.5\n""#),
            .init(
                "yaml.marshal", #"["2020-1-01", "2020-02-30", "2020-01-01T0:00:00.5Z", "<<"]"#,
                #""- \"2020-1-01\"\n- 2020-02-30\n- \"2020-01-01T0:00:00.5Z\"\n- <<\n""#),
            .init("yaml.marshal", #""\n""#, #""|2+\n\n""#),
            .init("yaml.marshal", #"{"a": "x\ny\n"}"#, #""a: |\n  x\n  y\n""#),
            .init(
                "yaml.marshal", #"["", "1", "a: b", " x"]"#,
                #""- \"\"\n- \"1\"\n- 'a: b'\n- ' x'\n""#)
        ))
    func yaml(_ test: BuiltinHarness.Case) throws { try BuiltinHarness().expect(test) }

    @Test("Deep and exploding YAML ends at a limit")
    func hostileYAML() throws {
        let harness = BuiltinHarness()
        let arena = harness.evaluation.arena
        let deep = String(repeating: "[", count: 100_000)
        let dashes = String(repeating: "- ", count: 100_000) + "a"
        var bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n"
        for level in 1...9 {
            let aliases = Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ",")
            bomb += "a\(level): &a\(level) [\(aliases)]\n"
        }
        let keys = bomb + "? *a9\n: 1\n"
        for text in [deep, dashes, bomb, keys] {
            #expect(
                try harness.call("yaml.unmarshal", [arena.string(text)]).hasPrefix(
                    "eval_limit_error: yaml document"))
        }
    }

    @Test("Bytes that are no UTF-8 pass through base64 and leave JSON as U+FFFD")
    func binary() throws {
        let harness = BuiltinHarness()
        let operands = Literal(harness.evaluation.arena).read(
            #"["2E84ZuPUd7zfvCZSNEchVpDEIj6PL7JfLpIqyxVG16k="]"#)
        let decoded = try operands.withOperands {
            try Base64.decode($0[0], .standard, harness.evaluation)
        }
        #expect(decoded.count == 32)
        #expect(try harness.call("count", [decoded]) == "30")
        #expect(try harness.call("base64.encode", [decoded]) == operands.elements[0].description)
        #expect(try harness.call("json.marshal", [decoded]).contains("ufffd"))
    }
}

extension Value {
    fileprivate func withOperands<Result>(_ body: (Operands) throws -> Result) rethrows -> Result {
        try body(Operands(elements.baseAddress!, count: count))
    }
}
