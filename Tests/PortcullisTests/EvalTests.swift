// SPDX-License-Identifier: Apache-2.0
import RegoCompiler
import RegoVM
import Testing

@testable import portcullis

@Suite struct EvalTests {
    private func print(
        _ query: String, _ format: AnswerFormat = .json, _ change: (inout Query) -> Void = { _ in }
    ) -> String {
        let evaluation = Evaluation()
        evaluation.begin(now: 0)
        var question = Query(text: query)
        change(&question)
        do {
            let printed = format.printed(try question.answer(evaluation))
            return String(decoding: printed.output, as: UTF8.self)
        } catch {
            let printed = format.printed(error)
            return String(decoding: printed.output + printed.errors, as: UTF8.self)
        }
    }

    @Test func jsonShape() {
        #expect(
            print("x := {\"a\": [1, {}]}; x.a[i]") == """
                {
                  "result": [
                    {
                      "expressions": [
                        {
                          "value": true,
                          "text": "x := {\\"a\\": [1, {}]}",
                          "location": {
                            "row": 1,
                            "col": 1
                          }
                        },
                        {
                          "value": 1,
                          "text": "x.a[i]",
                          "location": {
                            "row": 1,
                            "col": 22
                          }
                        }
                      ],
                      "bindings": {
                        "i": 0,
                        "x": {
                          "a": [
                            1,
                            {}
                          ]
                        }
                      }
                    },
                    {
                      "expressions": [
                        {
                          "value": true,
                          "text": "x := {\\"a\\": [1, {}]}",
                          "location": {
                            "row": 1,
                            "col": 1
                          }
                        },
                        {
                          "value": {},
                          "text": "x.a[i]",
                          "location": {
                            "row": 1,
                            "col": 22
                          }
                        }
                      ],
                      "bindings": {
                        "i": 1,
                        "x": {
                          "a": [
                            1,
                            {}
                          ]
                        }
                      }
                    }
                  ]
                }

                """)
    }

    @Test(arguments: [
        ("1 == 2", "[\n  false\n]\n"), ("false; true", ""), ("[false, true][_]", "[\n  true\n]\n"),
        ("x := 1; x == 2", ""), ("not false", "[\n  true\n]\n"),
        ("upper(\"a\")", "[\n  \"A\"\n]\n"),
        ("plus(1, 2, 3)", "[\n  true\n]\n"), ("\"<&>\"", "[\n  \"\\u003c\\u0026\\u003e\"\n]\n"),
        ("some x in [5]; x", "[\n  true,\n  5\n]\n"), ("{2, 1}", "[\n  [\n    1,\n    2\n  ]\n]\n"),
    ])
    func values(_ query: String, _ output: String) {
        #expect(print(query, .values) == output)
    }

    @Test func formats() {
        #expect(print("\"a b\"; 1", .raw) == "a b 1\n")
        #expect(print("x := 1; y := x", .bindings) == "{\n  \"x\": 1,\n  \"y\": 1\n}\n")
        #expect(print("1", .discard) == "{\n  \"result\": \"discarded\"\n}\n")
        #expect(print("data.none", .pretty) == "undefined\n")
        #expect(print("data.none") == "{}\n")
        #expect(print("true; true", .pretty) == "true\n")
        #expect(
            print("x := [\"a\", 2][_]", .pretty)
                == "+-----+\n| x   |\n+-----+\n| \"a\" |\n| 2   |\n+-----+\n")
    }

    @Test func errorsHaveTheirPlace() {
        #expect(
            print("p") { $0.policies = [Source(name: "a.rego", text: "package a\np if {")] }
                .contains(
                    "\"code\": \"rego_parse_error\",\n      \"location\": {\n"
                        + "        \"file\": \"a.rego\",\n        \"row\": 2,"
                ))
        #expect(print("x > 1").contains("rego_unsafe_var_error"))
        #expect(print("x > 1", .pretty).hasPrefix("1 error occurred: "))
        #expect(
            print("1 / 0") { $0.isStrictAboutBuiltins = true }.contains(
                "\"code\": \"eval_builtin_error\""))
    }

    @Test func packageAndImports() {
        let policy = Source(name: "a.rego", text: "package a.b\np := 7\nf(x) := x + 1")
        #expect(
            print("f(p)", .raw) {
                $0.policies = [policy]
                $0.package = "a.b"
            } == "8\n")
        #expect(
            print("b.p; i", .raw) {
                $0.policies = [policy]
                $0.imports = ["data.a.b", "input.x as i"]
                $0.input = .object(["x"])
            } == "7 1\n")
    }

    @Test func version0() {
        let policy = Source(name: "a.rego", text: "package a\np[x] { x := 1 }")
        #expect(
            print("data.a.p", .raw) {
                $0.policies = [policy]
                $0.version = .v0
            } == "[1]\n")
        #expect(print("data.a.p") { $0.policies = [policy] }.contains("rego_parse_error"))
    }

    @Test func timeoutIsADeadline() throws {
        #expect(try EvalCommand.parse(["1"]).deadline == .max)
        #expect(try EvalCommand.parse(["--timeout", "0s", "1"]).deadline == .max)
        let soon = try EvalCommand.parse(["--timeout", "500ms", "1"]).deadline
        let late = try EvalCommand.parse(["--timeout", "1.5h", "1"]).deadline
        #expect(soon + 5_000_000_000_000 < late && late < .max)
        #expect(throws: (any Error).self) { try EvalCommand.parse(["--timeout", "5", "1"]) }
    }
}

extension Value {
    /// An object whose keys count from 1. Its memory is never freed.
    fileprivate static func object(_ keys: [String]) -> Value {
        let arena = Arena()
        let builder = CollectionBuilder.object(in: arena)
        for (index, key) in keys.enumerated() {
            builder.insert(arena.string(key), .integer(index + 1))
        }
        return builder.finish()
    }
}
