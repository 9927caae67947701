// SPDX-License-Identifier: Apache-2.0
import RegoCompiler
import RegoVM
import Testing

/// Comprehensions inside loops that are collected once.
@Suite struct ComprehensionIndexTests {
    private static let users = """
        users := [{"team": "a", "role": 1, "n": "x"}, {"team": "b", "role": 1, "n": "y"},
            {"team": "a", "role": 2, "n": "z"}, {"role": 1, "n": "none"}]

        """

    /// The value of `data.t.p` with the index, and without it, which must be the same.
    private func value(
        _ policy: String, input: String = "{}", isIndexed: Bool = true
    ) throws -> String {
        let (value, listing, _) = try run(policy, input, indexes: true)
        #expect(listing.contains("(comprehension)") == isIndexed)
        #expect(try run(policy, input, indexes: false).value == value)
        return value
    }

    private func run(
        _ policy: String, _ input: String, indexes: Bool
    ) throws -> (value: String, listing: String, work: Int64) {
        var options = Compiler.Options()
        options.indexesComprehensions = indexes
        let text = "package t\n" + Self.users + policy
        let module = try Parser.parse(Source(name: "t.rego", text: text), file: 0)
        let output = try Compiler(options: options).compile([module])
        let loaded = try Policy.load(
            program: output.program, data: .emptyObject, revision: "", owners: [output.owner])
        let evaluation = Evaluation()
        let machine = Machine(loaded, evaluation: evaluation)
        machine.begin(TreeInput(try #require(PolicyRun.json(input, evaluation.arena))))
        let entrypoint = try #require(output.program.entrypoints["t.p"])
        let value = try machine.evaluate(entrypoint)
        return (
            value.description, output.program.functions.map(\.name).joined(separator: "\n"),
            machine.workSpent
        )
    }

    @Test func setsAndArrays() throws {
        let set =
            "p[t] := ns if { some t in [\"a\", \"b\", \"c\"]; "
            + "ns := {n | some u in users; u.team == t; n := u.n} }"
        #expect(try value(set) == #"{"a":["x","z"],"b":["y"],"c":[]}"#)
        let array =
            "p[t] := ns if { some t in [\"a\", \"c\"]; "
            + "ns := [n | some u in users; t == u.team; n := u.n] }"
        #expect(try value(array) == #"{"a":["x","z"],"c":[]}"#)
    }

    @Test func objects() throws {
        let policy =
            "p[t] := ns if { some t in [\"a\", \"b\", \"c\"]; "
            + "ns := {u.n: u.role | some u in users; u.team == t} }"
        #expect(try value(policy) == #"{"a":{"x":1,"z":2},"b":{"y":1},"c":{}}"#)
    }

    /// Keys of an object that nobody asks for may conflict; of one that is asked for they may not.
    @Test func conflictsOfObjects() throws {
        let policy =
            "p[t] := ns if { some t in [TEAMS]; "
            + "ns := {\"n\": u.n | some u in users; u.team == t} }"
        let harmless = policy.replacing("TEAMS", with: "\"b\", \"c\"")
        #expect(try value(harmless) == #"{"b":{"n":"y"},"c":{}}"#)
        let conflicting = policy.replacing("TEAMS", with: "\"b\", \"a\"")
        for indexes in [true, false] {
            let error = #expect(throws: EvaluationError.self) {
                try run(conflicting, "{}", indexes: indexes)
            }
            #expect(error?.code == .conflict)
        }
    }

    @Test func severalKeys() throws {
        let policy =
            "p contains [t, r, ns] if { some t in [\"a\", \"b\"]; some r in [1, 2]; "
            + "ns := [u.n | some u in users; u.team == t; u.role == r] }"
        #expect(
            try value(policy)
                == #"[["a",1,["x"]],["a",2,["z"]],["b",1,["y"]],["b",2,[]]]"#)
    }

    @Test func functionsAndNumbers() throws {
        let policy = """
            f(r) := [u.n | some u in users; u.role == r]
            p := [f(1), f(1.0), f(3)]
            """
        #expect(try value(policy) == #"[["x","y","none"],["x","y","none"],[]]"#)
    }

    @Test func eachViewHasItsOwn() throws {
        let policy = """
            q[t] := ns if { some t in ["a"]; ns := [n | some u in input.us; u.t == t; n := u.n] }
            p := [q, q2]
            q2 := x if { x := q with input.us as [{"t": "a", "n": 2}] }
            """
        #expect(
            try value(policy, input: #"{"us": [{"t": "a", "n": 1}]}"#) == #"[{"a":[1]},{"a":[2]}]"#)
    }

    @Test(arguments: [
        // Nothing repeats it, or it depends on the loop elsewhere too.
        "p := [n | some u in users; u.team == input.t; n := u.n]",
        "p contains ns if { some t in [\"a\"]; ns := [[t, u.n] | some u in users; u.team == t] }",
        "p contains ns if { some t in [\"a\"]; ns := [u.n | some u in users; u.team != t] }",
        "p contains ns if { some t in [\"a\"]; ns := [u.n | some u in users; not u.team == t] }",
    ])
    func othersStayAsTheyAre(_ policy: String) throws {
        _ = try value(policy, input: #"{"t": "a"}"#, isIndexed: false)
    }

    @Test func workIsLinear() throws {
        let policy = """
            items := [{"k": i % 100, "v": i} | some i in numbers.range(1, 1000)]
            p[k] := vs if {
                some k in numbers.range(0, 99)
                vs := {i.v | some i in items; i.k == k}
            }
            """
        let plain = try run(policy, "{}", indexes: false)
        let indexed = try run(policy, "{}", indexes: true)
        #expect(plain.value == indexed.value)
        #expect(indexed.work * 10 < plain.work)
    }
}
