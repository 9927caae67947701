// SPDX-License-Identifier: Apache-2.0
import RegoCompiler
import RegoVM
import Testing

@testable import portcullis

@Suite struct EvalInstrumentTests {
    private static let policy = Source(
        name: "a.rego",
        text: """
            package a

            default allow := false

            allow if {
                some x in [1, 2, 3]
                f(x)
                trace(sprintf("x is %v", [x]))
            }

            f(x) if x > 1

            never if {
                1 == 2
                true
            }
            """)

    private func answer(
        _ query: String, _ change: (inout Instruments) -> Void
    ) throws -> QueryAnswer {
        let evaluation = Evaluation()
        evaluation.begin(now: 0)
        var question = Query(text: query)
        question.policies = [Self.policy]
        change(&question.instruments)
        return try question.answer(evaluation)
    }

    @Test func fullTrace() throws {
        let report = try answer("data.a.allow") { $0.explain = .full }.report
        #expect(
            report.explanationLines == [
                "query:1           Enter data.a.allow",
                "query:1           | Eval data.a.allow",
                "a.rego:5          | Enter data.a.allow",
                "a.rego:6          | | Eval some x in [1, 2, 3]",
                "a.rego:7          | | Eval f(x)",
                "a.rego:11         | | Enter data.a.f",
                "a.rego:11         | | | Eval x > 1",
                "a.rego:11         | | | Fail x > 1",
                "a.rego:7          | | Fail f(x)",
                "a.rego:6          | | Redo some x in [1, 2, 3]",
                "a.rego:7          | | Eval f(x)",
                "a.rego:11         | | Enter data.a.f",
                "a.rego:11         | | | Eval x > 1",
                "a.rego:11         | | | Exit data.a.f",
                "a.rego:8          | | Eval trace(sprintf(\"x is %v\", [x]))",
                "a.rego:8          | | Note \"x is 2\"",
                "a.rego:5          | | Exit data.a.allow",
                "query:1           | Exit data.a.allow",
                "query:1           Redo data.a.allow",
            ])
    }

    @Test func notesAndFailures() throws {
        let notes = try answer("data.a.allow") { $0.explain = .notes }.report.explanation
        #expect(notes.map(\.operation) == [.enter, .redo, .note])
        let failures = try answer("data.a.never") { $0.explain = .fails }.report
        #expect(failures.explanation.filter { $0.operation == .fail }.count == 2)
        let json = String(
            decoding: AnswerFormat.json.printed(
                try answer("data.a.allow") { $0.explain = .notes }
            ).output, as: UTF8.self)
        #expect(json.contains("\"Op\": \"Note\""))
        #expect(json.contains("\"Message\": \"x is 2\""))
    }

    @Test func coverageByLine() throws {
        let report = try #require(try answer("data.a.allow") { $0.coverage = true }.report.coverage)
        #expect(report.files[0]?.covered == [5...8, 11...11])
        #expect(report.files[0]?.notCovered == [3...3, 13...15])
        #expect(Coverage.percentage(report.coveredLines, report.notCoveredLines) == 55.56)
        let json = String(
            decoding: AnswerFormat.json.printed(
                try answer("data.a.allow") { $0.coverage = true }
            ).output, as: UTF8.self)
        #expect(json.contains("\"covered_lines\": 5,\n        \"not_covered_lines\": 4,"))
        #expect(json.hasSuffix("    \"coverage\": 55.56\n  }\n}\n"))
    }

    @Test func profileByLine() throws {
        let lines = try #require(
            try answer("data.a.allow") {
                $0.profile = true
                $0.profileOrder = [.evaluations, .line]
            }.report.profile)
        let counts = lines.map {
            "\($0.position.row): \($0.evaluations) \($0.redos) \($0.expressions)"
        }
        #expect(counts == ["7: 2 0 1", "11: 2 0 1", "1: 1 0 1", "6: 1 1 1", "8: 1 0 1"])
        #expect(
            try answer("data.a.allow") {
                $0.profile = true
                $0.profileLimit = 2
            }.report.profile?.count == 2)
    }

    @Test func metricsNameEachStep() throws {
        let metrics = try #require(
            try answer("data.a.allow") {
                $0.metrics = true
                $0.stages = true
            }.report.metrics)
        #expect(metrics.values["timer_rego_query_eval_ns", default: 0] > 0)
        #expect(metrics.values["timer_compile_stage_generate_ns"] != nil)
        #expect(try answer("data.a.allow") { _ in }.report.metrics == nil)
    }

    /// What is observed answers as what is not, and says nothing in other programs.
    @Test(arguments: [
        "x := [y | some y in [1, 2, 3]; not y == 2]", "every x in [1, 2] { x > 0 }",
        "some x in [1, 2]; data.a.f(x)", "x = input with input as {1}", "not data.a.never",
        "data.a.allow with data.a.f as true", "{[x, y] | some x in [1, 2]; y = {x: 1}[_]}",
    ])
    func observationChangesNoAnswer(_ query: String) throws {
        let plain = AnswerFormat.json.printed(try answer(query) { _ in }).output
        let observed = AnswerFormat.values.printed(try answer(query) { $0.explain = .full }).output
        #expect(observed == AnswerFormat.values.printed(try answer(query) { _ in }).output)
        #expect(!String(decoding: plain, as: UTF8.self).contains("explanation"))
    }
}
