// SPDX-License-Identifier: Apache-2.0
import Foundation
import RegoCompiler
import RegoVM
import Testing

/// Keys of base documents, which OPA reads by their text; the expectations are OPA 1.20's answers.
@Suite struct StoredLookupTests {
    private static let data = """
        {"o": {"0": "zero", "1": "one", "1.0": "point", "1e0": "power", "-1": "minus",
               "true": "yes"},
         "l": [10, 20, 30], "m": [{"0": "first"}, {"0": "second"}, [7]], "t": {"0": "base"}}
        """

    /// The value of `t.p`; nil where there is none.
    private func results(_ rules: String, key: String) -> String? {
        let item = PolicyGenerator.Case(
            policy: "package t\n\(rules)\n", data: Self.data, inputs: ["{\"key\": \(key)}"])
        guard case .value(let text) = PolicyRun().outcomes(item)[0],
            let all = try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
        else { return "failed" }
        return all["p"].flatMap { result in
            let options: JSONSerialization.WritingOptions = [.fragmentsAllowed, .sortedKeys]
            let data = try? JSONSerialization.data(withJSONObject: result, options: options)
            return data.map { String(decoding: $0, as: UTF8.self) }
        }
    }

    @Test(
        arguments: [
            ("0", "zero"), ("1", "one"), ("1.0", "point"), ("1e0", "power"), ("-1", "minus"),
            ("\"1\"", "one"), ("true", nil), ("null", nil), ("7", nil), ("[0]", nil), ("1.00", nil),
        ] as [(String, String?)])
    func numbersFindMembersOfObjects(key: String, found: String?) {
        let expected = found.map { "\"\($0)\"" }
        #expect(results("p := data.o[input.key]", key: key) == expected)
        #expect(results("p := x if { k := input.key; x := data.o[k] }", key: key) == expected)
        if !key.hasPrefix("[") {
            #expect(results("p := data.o[\(key)]", key: key) == expected)
        }
    }

    @Test(
        arguments: [
            ("0", 10), ("1.0", 20), ("\"0\"", 10), ("\"01\"", 20), ("\"+1\"", 20), ("\"1.0\"", 20),
            ("\"1.\"", 20), ("\".0\"", 10), ("\"-0\"", 10), ("\"2\"", 30), ("1e0", nil),
            ("-1", nil),
            ("\"-1\"", nil), ("\"3\"", nil), ("\"1.5\"", nil), ("\"1e0\"", nil), ("\"\"", nil),
            ("\" 1\"", nil), ("\"0x1\"", nil), ("\"99999999999999999999\"", nil), ("true", nil),
        ] as [(String, Int?)])
    func textsFindElementsOfArrays(key: String, found: Int?) {
        let expected = found.map { "\($0)" }
        #expect(results("p := data.l[input.key]", key: key) == expected)
        #expect(results("p := data.l[\(key)]", key: key) == expected)
    }

    /// Behind a variable that enumerates too.
    @Test func alsoFurtherDown() {
        #expect(
            results("p := [x | x := data.m[_][input.key]]", key: "0")
                == "[\"first\",\"second\",7]")
        #expect(
            results("p := [x | x := data.m[_][\"0\"]]", key: "0")
                == "[\"first\",\"second\",7]")
    }

    /// What a variable holds, `input` and what rules make are values, and no paths.
    @Test(arguments: [
        "p := x if { o := data.o; x := o[input.key] }",
        "p := data.t.r[input.key]\nr := {\"0\": 1}",
        "p := {\"0\": 1}[input.key]",
        "p := object.get(data.o, input.key, x) if x := input.none",
        "p := input.o[input.key] if input.o := 1",
        "p := x if { k := \"0\"; l := data.l; x := l[k] }",
    ])
    func valuesKnowNoTexts(rules: String) {
        let found = results(rules, key: "0")
        #expect(found == nil || found == "failed")
    }

    /// What a `with` puts in place of a document is a value; all else stays stored.
    @Test func replacedDocumentsAreValues() {
        let rule = "q := data.o[input.key]\nc := data.o[0]\n"
        let other = "p := x if x := q with data.l as 1"
        #expect(results(rule + "p := x if x := q with data.o as {\"0\": 7}", key: "0") == nil)
        #expect(results(rule + "p := x if x := c with data.o as {\"0\": 7}", key: "0") == nil)
        #expect(results(rule + "p := x if x := q with data.o as {0: 7}", key: "0") == "7")
        #expect(results(rule + other, key: "0") == "\"zero\"")
        #expect(results(rule + "p := x if x := c with data.l as 1", key: "0") == "\"zero\"")
    }

    /// A package's base documents beside its rules.
    @Test func besideRules() {
        #expect(results("p := data[true]\nq := 1", key: "0") == nil)
        #expect(results("p := x if { k := input.key; x := data[k].o }\nr := 1", key: "0") == nil)
        #expect(results("p := data[input.key][\"0\"]", key: "\"l\"") == "10")
    }

    /// Elsewhere a number with an exponent is no index either.
    @Test(
        arguments: [("1", "20"), ("1.0", "20"), ("1e0", nil), ("10e-1", nil), ("0e0", nil)]
            as [(String, String?)])
    func exponentsIndexNothing(key: String, found: String?) {
        #expect(results("p := [10, 20][input.key]", key: key) == found)
    }
}
