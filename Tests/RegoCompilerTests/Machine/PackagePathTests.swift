// SPDX-License-Identifier: Apache-2.0
import RegoCompiler
import RegoVM
import Testing

/// Refs through packages whose names come out of the input; the expected values are OPA's.
@Suite struct PackagePathTests {
    private static let modules = [
        """
        package policies.web
        allow if input.port == 80
        level := 1 if input.port > 1
        level := 2 if input.port > 2
        names contains "a"
        back if data.main.allow
        """,
        "package policies.web.deep\nx := {\"k\": [1, 2]}",
    ]
    private static let data =
        #"{"policies": {"web": {"base": {"q": 7}, "num": {"1": "one"}}, "db": {"allow": "base"}}}"#

    /// `data.main` for `{"kind": kind, "port": 80}`.
    private func value(_ rule: String, _ kind: String) throws -> String {
        let texts = Self.modules + ["package main\n" + rule]
        let modules = try texts.enumerated().map { index, text in
            try Parser.parse(Source(name: "\(index).rego", text: text), file: Int32(index))
        }
        let memory = Arena(limit: .max)
        defer { memory.destroy() }
        let output = try Compiler().compile(modules)
        let policy = try Policy.load(
            program: output.program, data: try #require(PolicyRun.json(Self.data, memory)),
            revision: "", owners: [output.owner])
        let evaluation = Evaluation()
        let machine = Machine(policy, evaluation: evaluation)
        let input = #"{"kind": "\#(kind)", "port": 80, "r": "allow"}"#
        machine.begin(TreeInput(try #require(PolicyRun.json(input, evaluation.arena))))
        let entrypoint = try #require(output.program.entrypoints["main"])
        do throws(EvaluationError) {
            return try machine.evaluate(entrypoint).description
        } catch {
            return error.code.rawValue
        }
    }

    /// `level` conflicts and `back` leads back here; neither is asked for.
    @Test(arguments: [
        ("allow if data.policies[input.kind].allow", #"{"allow":true}"#),
        ("p := data.policies[input.kind].names", #"{"p":["a"]}"#),
        ("p := data.policies[input.kind].names.a", #"{"p":"a"}"#),
        ("p := data.policies[input.kind].deep.x.k[1]", #"{"p":2}"#),
        ("p := [v | v := data.policies[input.kind].deep.x.k[_]]", #"{"p":[1,2]}"#),
        ("p := data.policies[input.kind].base.q", #"{"p":7}"#),
        ("p := data.policies[input.kind].num[1]", #"{"p":"one"}"#),
        ("p := data.policies[input.kind][input.r]", #"{"p":true}"#),
        ("p := data.policies[input.kind].none", "{}"),
        ("p if data.policies[input.kind].allow with input.port as 81", "{}"),
        (
            "p := x if x := data.policies[input.kind].allow with data.policies.web.allow as 5",
            #"{"p":5}"#
        ),
        (
            #"p := x if x := data.policies[input.kind].allow with data.policies as {"web": {"allow": 6}}"#,
            #"{"p":6}"#
        ),
    ])
    func onlyWhatIsNamedIsEvaluated(_ rule: String, _ expected: String) throws {
        #expect(try value(rule, "web") == expected)
    }

    @Test(arguments: [
        ("p contains k if data.policies[k].allow", #"{"p":["db","web"]}"#),
        (
            "p contains [k, v] if v := data.policies[k].allow",
            #"{"p":[["db","base"],["web",true]]}"#
        ),
        ("p contains n if { some k; n := data.policies[k].names[_] }", #"{"p":["a"]}"#),
        ("p contains v if v := data.policies[_].deep.x.k[i]", #"{"p":[1,2]}"#),
        ("p contains v if v := data.policies[_].base[_]", #"{"p":[7]}"#),
        ("p contains k if data.policies[k][input.r]", #"{"p":["db","web"]}"#),
        ("p contains k if { k := input.kind; data.policies[k].allow }", #"{"p":["web"]}"#),
        ("p if data.policies[_].none", "{}"),
        ("p contains k if data.policies[k].level == 1", "eval_conflict_error"),
        (
            #"p contains k if data.policies[k].allow with data.policies as {"x": {"allow": 6}}"#,
            #"{"p":["x"]}"#
        ),
        ("p contains k if data.policies[k].allow with data.policies as 5", #"{"p":[]}"#),
        (
            "p contains k if data.policies[k].allow with data.policies.new.allow as 6",
            #"{"p":["db","new","web"]}"#
        ),
        ("p contains k if data.policies[k].allow with data.policies.web as {}", #"{"p":["db"]}"#),
    ])
    func packagesAreGoneThroughByName(_ rule: String, _ expected: String) throws {
        #expect(try value(rule, "web") == expected)
    }

    @Test func aPackageThatIsOnlyData() throws {
        #expect(try value("p := data.policies[input.kind].allow", "db") == #"{"p":"base"}"#)
        #expect(try value("p := data.policies[input.kind].allow", "none") == "{}")
    }
}
