// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import RegoVM

@Suite("Collections")
struct CollectionBuiltinTests {
    @Test(
        arguments: [BuiltinHarness.Case](
            arrayLiteral:
                .init("count", #""åäö""#, "3"),
            .init("count", "{1: 2, 3: 4}", "2"),
            .init(
                "count", "null",
                "eval_type_error: "
                    + "operand 1 must be one of {array, object, set, string} but got null"
            ),
            .init("sum", "[1, 2.5, 3]", "6.5"),
            .init("sum", "[9223372036854775807, 1]", "9223372036854775808"),
            .init("sum", "#[1, 2]", "3"),
            .init("sum", "[]", "0"),
            .init(
                "sum", "[1, \"a\"]",
                "eval_type_error: "
                    + "operand 1 must be array of numbers but got array containing string"
            ),
            .init("product", "[1.1, 2]", "2.2"),
            .init("product", "[4294967296, 4294967296]", "18446744073709551616"),
            .init("product", "[]", "1"),
            .init("max", "[1, \"a\", null]", #""a""#),
            .init("max", "[]", "undefined"),
            .init("min", "#[3, 2]", "2"),
            .init("sort", "[3, \"a\", null, 1, [0]]", #"[null, 1, 3, "a", [0]]"#),
            .init(
                "sort", "{}",
                "eval_type_error: operand 1 must be one of {set, array} but got object"),
            .init("all", "[true, 1]", "false"),
            .init("any", "#[false, true]", "true"),
            .init("internal.member_2", "1, [2, 1.0]", "true"),
            .init("internal.member_2", "1, \"x\"", "false"),
            .init("internal.member_3", "\"a\", 1, {\"a\": 1}", "true"),
            .init("internal.member_3", "1, 1, #[1]", "true"),
            .init("array.concat", "[1], [2]", "[1, 2]"),
            .init("array.slice", "[1, 2, 3], -1, 2", "[1, 2]"),
            .init("array.slice", "[1, 2, 3], 2, 1", "[]"),
            .init("array.slice", "[1, 2], 1.0, 2.00", "[2]"),
            .init("array.slice", "[1, 2], -0, 1", "[1]"),
            .init(
                "array.slice", "[1], 1.0000000000000000000, 2",
                "eval_type_error: operand 2 must be integer number but got floating-point number"),
            .init(
                "array.slice", "[1], 1e0, 2",
                "eval_type_error: operand 2 must be integer number but got floating-point number"),
            .init("array.reverse", "[1, 2, 3]", "[3, 2, 1]"),
            .init("array.flatten", "[1, [2, [3]], []]", "[1, 2, [3]]"),
            .init("and", "#[1, 2, 3], #[2, 3, 4]", "#[2, 3]"),
            .init("or", "#[1, 3], #[2, 3]", "#[1, 2, 3]"),
            .init("set_diff", "#[1, 2], #[1]", "#[2]"),
            .init("intersection", "#[#[1, 2], #[2, 3]]", "#[2]"),
            .init("intersection", "#[]", "#[]"),
            .init("union", "#[#[1, 2], #[2, 3]]", "#[1, 2, 3]"),
            .init("union", "#[1]", "eval_type_error: operand 1 must be set but got number"),
            .init("to_number", #""-42.0""#, "-42.0"),
            .init("to_number", #""+5""#, "5"),
            .init("to_number", #""007""#, "7"),
            .init("to_number", #""0x10p1""#, "32"),
            .init(
                "to_number", #""x""#,
                #"eval_builtin_error: strconv.ParseFloat: parsing "x": invalid syntax"#),
            .init(
                "to_number", #""1e999""#,
                #"eval_builtin_error: strconv.ParseFloat: parsing "1e999": value out of range"#),
            .init(
                "to_number", #""-iNf""#,
                "eval_type_error: operand 1 must be valid number string but got string"),
            .init("to_number", "null", "0"),
            .init("cast_set", "[1, 1]", "#[1]"),
            .init("cast_array", "#[2, 1]", "[1, 2]"),
            .init("cast_null", "1", "eval_type_error: operand 1 must be null but got number"),
            .init("type_name", "#[]", #""set""#),
            .init("is_object", "{}", "true")
        ))
    func collections(_ test: BuiltinHarness.Case) throws { try BuiltinHarness().expect(test) }

    @Test(
        arguments: [BuiltinHarness.Case](
            arrayLiteral:
                .init("object.get", #"{"a": {"b": [1]}}, ["a", "b", 0], null"#, "1"),
            .init("object.get", #"{"a": 1}, "b", 2"#, "2"),
            .init("object.get", #"{"a": 1}, [], 2"#, #"{"a": 1}"#),
            .init("object.get", #"{"a": 1}, ["a", "b"], 2"#, "2"),
            .init("object.keys", #"{"b": 1, "a": 2}"#, #"#["a", "b"]"#),
            .init("object.remove", #"{"a": 1, "b": 2}, ["a"]"#, #"{"b": 2}"#),
            .init("object.filter", #"{"a": 1, "b": 2}, {"a": 0}"#, #"{"a": 1}"#),
            .init(
                "object.union", #"{"a": {"b": 1, "c": 2}}, {"a": {"c": 3}, "d": 4}"#,
                #"{"a": {"b": 1, "c": 3}, "d": 4}"#),
            .init(
                "object.union_n", #"[{"a": {"b": 2}}, {"a": 4}, {"a": {"c": 3}}]"#,
                #"{"a": {"c": 3}}"#),
            .init("object.subset", #"{"a": {"b": 1, "c": 2}}, {"a": {"b": 1}}"#, "true"),
            .init("object.subset", "[1, 2, 1, 3], [1, 3]", "true"),
            .init("object.subset", "[1, 2, 3], [1, 3]", "false"),
            .init("object.subset", "[1, 2, 3], #[3, 1]", "true"),
            .init("object.subset", "[1, 1, 1], #[3, 1, 2]", "true"),
            .init("object.subset", "[], #[]", "false"),
            .init("object.subset", "[2], #[]", "true"),
            .init(
                "object.subset", "#[1], [1]",
                "eval_type_error: "
                    + "both arguments object.subset must be of the same type or array and set"
            ),
            .init(
                "json.filter", #"{"a": {"b": [1, 2], "c": 3}}, ["/a/b/1"]"#, #"{"a": {"b": [2]}}"#),
            .init("json.filter", #"{"a": 1}, [""]"#, "{}"),
            .init(
                "json.remove", #"{"a": {"b": [1, 2], "c": 3}}, [["a", "b", "0"], "a/c"]"#,
                #"{"a": {"b": [2]}}"#),
            .init("json.remove", #"{"a/b": 1, "c": 2}, #["a~1b"]"#, #"{"c": 2}"#),
            .init(
                "json.patch", #"{"a": [1]}, [{"op": "add", "path": "/a/-", "value": 2}]"#,
                #"{"a": [1, 2]}"#),
            .init(
                "json.patch", #"{"a": 1}, [{"op": "move", "from": "/a", "path": "/b"}]"#,
                #"{"b": 1}"#),
            .init(
                "json.patch", #"{"a": #[1]}, [{"op": "remove", "path": ["a", 1]}]"#,
                #"{"a": #[]}"#),
            .init(
                "json.patch", #"{"a": 1}, [{"op": "test", "path": "/a", "value": 2}]"#,
                "eval_builtin_error: value from EditTree != patch value."
                    + "\n\nExpected: 2\n\nFound: 1"),
            .init(
                "json.patch", #"{"a": 1}, [{"op": "remove", "path": "/b"}]"#,
                #"eval_builtin_error: cannot delete child key "b" that does not exist"#),
            .init(
                "json.patch", #"{"a": 1}, [{"path": "/b"}]"#,
                "eval_builtin_error: missing required attribute 'op'"),
            .init(
                "json.patch", #"[1], [{"op": "add", "path": "/5", "value": 1}]"#,
                "eval_builtin_error: index for array insertion out of bounds"),
            .init(
                "json.patch", #"{"a": [1]}, [{"op": "add", "path": "/a/01", "value": 2}]"#,
                "eval_builtin_error: invalid string for indexing"),
            .init("json.patch", #"[], [{"op": "replace", "path": "", "value": 7}]"#, "7"),
            .init("json.patch", #"[1, 2], [{"op": "remove", "path": "/+1"}]"#, "[1]"),
            .init("walk", #"{"a": [1]}"#, #"[[[], {"a": [1]}], [["a"], [1]], [["a", 0], 1]]"#),
            .init(
                "graph.reachable", #"{"a": ["b"], "b": ["c"], "c": ["a"]}, ["a", "x"]"#,
                #"#["a", "b", "c"]"#),
            .init(
                "graph.reachable_paths", #"{"a": ["b", "c"], "b": ["c"], "c": []}, #["a"]"#,
                #"#[["a", "b", "c"], ["a", "c"]]"#),
            .init("graph.reachable_paths", #"{"a": ["b"]}, ["a"]"#, #"#[["a"]]"#),
            .init(
                "graph.reachable_paths", #"{"a": ["b", "a"], "b": []}, ["a"]"#,
                #"#[["a", "a"], ["a", "a", "b"], ["a", "b"]]"#),
            .init(
                "graph.reachable_paths", #"{"a": ["b"], "b": ["b", "a", "c"], "c": []}, ["a"]"#,
                #"#[["a", "b"], ["a", "b", "c"]]"#)
        ))
    func objectsAndPaths(_ test: BuiltinHarness.Case) throws { try BuiltinHarness().expect(test) }

    @Test("Exponentially many paths end at the limit")
    func manyPaths() throws {
        let harness = BuiltinHarness()
        let entries = (0..<40).map { "\"\($0)\": [\"\($0 + 1)\", \"\($0 + 2)\", \"\($0 + 3)\"]" }
        let operands = "{" + entries.joined(separator: ", ") + "}, [\"0\"]"
        #expect(
            try harness.run(.init("graph.reachable_paths", operands, ""))
                == "eval_limit_error: paths of the graph exceed the limit")
    }

    @Test("A patch that copies the document into itself ends at the limit")
    func selfCopies() throws {
        let harness = BuiltinHarness()
        for paths in [["/a"], ["/a", "/b"]] {
            let copies = (0..<1000).map {
                "{\"op\": \"copy\", \"from\": \"\", \"path\": \"\(paths[$0 % paths.count])\"}"
            }
            let operands = "{}, [" + copies.joined(separator: ", ") + "]"
            #expect(
                try harness.run(.init("json.patch", operands, ""))
                    == "eval_limit_error: patched document exceeds the limit of size or depth")
        }
    }

    @Test("print writes one line for each choice of members")
    func printing() throws {
        let harness = BuiltinHarness()
        var lines: [String] = []
        harness.evaluation.printer = { lines.append($0) }
        _ = try harness.run(.init("internal.print", #"[#["a"], #[1, 2], #[], #[{"k": "v"}]]"#, ""))
        #expect(lines == [#"a 1 <undefined> {"k": "v"}"#, #"a 2 <undefined> {"k": "v"}"#])
        #expect(
            try harness.run(.init("internal.template_string", #"["x", 1, #[], #["y"]]"#, ""))
                == #""x1<undefined>y""#)
    }
}
