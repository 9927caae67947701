// SPDX-License-Identifier: Apache-2.0
import RegoCompiler
import TestSupport
import Testing

@testable import RegoVM

/// An answer is found again by what it read of the input, and nobody can tell.
@Suite final class AnswerMemoryTests {
    private let memory = Arena(limit: .max)
    private let evaluation = Evaluation()

    deinit { memory.destroy() }

    /// Answers as a decision point does.
    private struct Subject {
        let machine: Machine
        let entrypoint: Program.Entrypoint
        let memory: Arena

        func ask(_ input: String) throws -> (answer: String, note: String?, work: Int64) {
            machine.evaluation.begin(now: 8, seed: 3)
            machine.begin(TreeInput(try #require(PolicyRun.json(input, memory))))
            if let known = try machine.remembered(entrypoint) {
                return (known.answer.description, known.note.asString, machine.workSpent)
            }
            let answer = try machine.evaluate(entrypoint)
            machine.remember(answer, note: .string("note"))
            return (answer.description, nil, machine.workSpent)
        }

        /// Whether the answer was found, after it was compared with that of an evaluation.
        func finds(_ input: String, _ plain: Subject) throws -> Bool {
            let found = try ask(input)
            let expected = try plain.ask(input)
            #expect(found.answer == expected.answer, "\(input)")
            #expect(found.work == expected.work, "\(input)")
            return found.note == "note"
        }
    }

    private func subject(
        _ rules: String, data: String = "{}", entrypoint: String = "t.decision",
        answerMemory: Int = Limits.answerMemoryBytes
    ) throws -> Subject {
        let module = try Parser.parse(
            Source(name: "t.rego", text: "package t\n\(rules)"), file: 0)
        let output = try Compiler().compile([module])
        let policy = try Policy.load(
            program: output.program, data: try #require(PolicyRun.json(data, memory)),
            revision: "", owners: [output.owner])
        return Subject(
            machine: Machine(policy, evaluation: evaluation, answerMemory: answerMemory),
            entrypoint: try #require(policy.program.entrypoints[entrypoint]), memory: memory)
    }

    private func pair(_ rules: String, data: String = "{}") throws -> (Subject, Subject) {
        (
            try subject(rules, data: data),
            try subject(rules, data: data, answerMemory: 0)
        )
    }

    @Test func dependsOnNothingButWhatWasRead() throws {
        let (subject, plain) = try pair(
            """
            default decision := "no"
            decision := "yes" if { input.method == "GET"; input.path in data.open }
            """, data: #"{"open": ["/a"]}"#)
        #expect(try !subject.finds(#"{"method": "GET", "path": "/a", "id": 1}"#, plain))
        #expect(try subject.finds(#"{"method": "GET", "path": "/a", "id": 2}"#, plain))
        #expect(try !subject.finds(#"{"method": "GET", "path": "/b"}"#, plain))
        #expect(try !subject.finds(#"{"method": "PUT", "path": "/a"}"#, plain))
        #expect(try subject.finds(#"{"method": "PUT", "path": "/b"}"#, plain), "no path was read")
        #expect(try !subject.finds(#"{"path": "/b"}"#, plain), "no method is another one")
        #expect(try subject.finds("{}", plain))
    }

    /// `1 == 1.0`, but a policy may print what it got.
    @Test func tellsEqualValuesApart() throws {
        let (subject, plain) = try pair("decision := json.marshal(input.a)")
        for input in [#"{"a": 1}"#, #"{"a": 1.0}"#, #"{"a": [1, {"b": 2}]}"#] {
            #expect(try !subject.finds(input, plain))
            #expect(try subject.finds(input, plain))
        }
        #expect(try !subject.finds(#"{"a": [1, {"b": 2.0}]}"#, plain))
        #expect(try !subject.finds(#"{"a": [1.0, {"b": 2}]}"#, plain))
        #expect(try !subject.finds(#"{"a": "1"}"#, plain))
        #expect(try !subject.finds(#"{"a": null}"#, plain))
        #expect(try !subject.finds(#"{"a": {}}"#, plain))
        #expect(try !subject.finds(#"{"a": []}"#, plain))
    }

    /// A member by a name that only the data know depends on no other member.
    @Test func readsMembersByThemselves() throws {
        let (subject, plain) = try pair(
            "decision := startswith(input.arguments[data.named[input.tool]], \"/a\")",
            data: #"{"named": {"read": "path", "list": "folder"}}"#)
        let first = #"{"tool": "read", "arguments": {"path": "/a", "query": "x"}}"#
        #expect(try !subject.finds(first, plain))
        #expect(try subject.finds(#"{"tool": "read", "arguments": {"path": "/a"}}"#, plain))
        #expect(try !subject.finds(#"{"tool": "read", "arguments": {"path": "/b"}}"#, plain))
        #expect(try !subject.finds(#"{"tool": "list", "arguments": {"path": "/a"}}"#, plain))
        #expect(try !subject.finds(#"{"tool": "list", "arguments": {"folder": "/a"}}"#, plain))
        #expect(try subject.finds(#"{"tool": "list", "arguments": {"folder": "/a"}}"#, plain))
    }

    /// One member and, on another way, all of them.
    @Test func readsWholesBesideMembers() throws {
        let (subject, plain) = try pair(
            """
            decision := count(input.a) if input.a[data.key] == "all"
            decision := "one" if input.a[data.key] != "all"
            """, data: #"{"key": "k"}"#)
        #expect(try !subject.finds(#"{"a": {"k": "x", "b": 1}}"#, plain))
        #expect(try subject.finds(#"{"a": {"k": "x", "b": 2}}"#, plain))
        #expect(try !subject.finds(#"{"a": {"k": "all", "b": 1}}"#, plain))
        #expect(try !subject.finds(#"{"a": {"k": "all", "b": 1, "c": 1}}"#, plain))
        #expect(try subject.finds(#"{"a": {"k": "all", "b": 1, "c": 1}}"#, plain))
    }

    @Test(arguments: [
        "decision := time.now_ns() + input.a",
        "decision := rand.intn(\"x\", 5 + input.a)",
        "decision := input.a if trace(\"seen\")",
        "decision := [opa.runtime(), input.a]",
        "decision := x if x := inner with input.a as 7\ninner := input.a",
    ])
    func remembersNoOtherAnswer(rules: String) throws {
        let (subject, plain) = try pair(rules)
        for _ in 0..<3 { #expect(try !subject.finds(#"{"a": 1}"#, plain)) }
    }

    /// Under a `with` that leaves `input` alone the same parts are read.
    @Test func readsUnderReplacedData() throws {
        let (subject, plain) = try pair(
            """
            decision := [allowed, other]
            other := x if x := allowed with data.open as ["/b"]
            allowed if input.path in data.open
            allowed := false if not input.path in data.open
            """, data: #"{"open": ["/a"]}"#)
        for path in ["/a", "/b", "/c"] {
            #expect(try !subject.finds(#"{"path": "\#(path)"}"#, plain))
            #expect(try subject.finds(#"{"path": "\#(path)"}"#, plain))
        }
    }

    /// What a `with` puts in the place of all that could differ.
    @Test func readsNothingThatIsReplaced() throws {
        let (subject, plain) = try pair(
            """
            decision := x if x := inner with input as {"a": 1} with time.now_ns as 1
            inner := time.now_ns() + input.a
            """)
        #expect(try !subject.finds(#"{"a": 1}"#, plain))
        #expect(try subject.finds(#"{"a": 2}"#, plain))
    }

    @Test func remembersThatThereIsNoAnswer() throws {
        let (subject, plain) = try pair("decision if input.a == 1")
        #expect(try !subject.finds(#"{"a": 2}"#, plain))
        #expect(try subject.finds(#"{"a": 2}"#, plain))
    }

    @Test func remembersWhatReadsNothing() throws {
        let (subject, plain) = try pair("decision := {\"allowed\": true}")
        #expect(try !subject.finds("{}", plain))
        #expect(try subject.finds(#"{"a": 1}"#, plain))
    }

    /// Errors are made anew, and leave nothing behind.
    @Test func remembersNoError() throws {
        let (subject, _) = try pair(
            "decision := 1 if input.a\ndecision := 2 if input.b")
        for _ in 0..<2 {
            #expect(throws: EvaluationError.self) { try subject.ask(#"{"a": 1, "b": 1}"#) }
        }
        #expect(try subject.ask(#"{"a": 1}"#).note == nil)
        #expect(try subject.ask(#"{"a": 1}"#).note == "note")
    }

    /// Work that an answer cost is paid again, so that a limit means the same each time.
    @Test func paysForTheWork() throws {
        let (subject, _) = try pair("decision := count([x | some x in input.a; x > 1])")
        let input = #"{"a": [1, 2, 3]}"#
        _ = try subject.ask(input)
        subject.machine.workLimit = 2
        #expect(throws: EvaluationError.self) { try subject.ask(input) }
    }

    @Test func keepsNoLongValues() throws {
        let (subject, plain) = try pair("decision := startswith(input.a, \"x\")")
        func text(_ count: Int) -> String { #"{"a": "\#(String(repeating: "x", count: count))"}"# }
        _ = try subject.finds(text(Limits.answerReadBytes + 1), plain)
        #expect(try !subject.finds(text(Limits.answerReadBytes + 1), plain))
        _ = try subject.finds(text(Limits.answerReadBytes), plain)
        #expect(try subject.finds(text(Limits.answerReadBytes), plain))
        let parts = Array(repeating: "1", count: Int(Limits.answerReadParts)).joined(separator: ",")
        let (other, evaluated) = try pair("decision := count(input.a)")
        _ = try other.finds(#"{"a": [\#(parts)]}"#, evaluated)
        #expect(try !other.finds(#"{"a": [\#(parts)]}"#, evaluated))
    }

    @Test func keepsNoManyReads() throws {
        func rules(_ count: Int) -> String {
            "decision := [" + (0..<count).map { "input.p\($0)" }.joined(separator: ",") + "]"
        }
        func input(_ count: Int) -> String {
            "{" + (0..<count).map { "\"p\($0)\": 1" }.joined(separator: ",") + "}"
        }
        for (count, isKept) in [(Limits.answerReads, true), (Limits.answerReads + 1, false)] {
            let (subject, plain) = try pair(rules(count))
            _ = try subject.finds(input(count), plain)
            #expect(try subject.finds(input(count), plain) == isKept)
        }
    }

    /// More answers than there is room for: the old ones are forgotten, and nothing else happens.
    @Test func forgetsWhenItIsFull() throws {
        let (subject, plain) = try pair(
            "decision := concat(\"\", [input.a, data.long])",
            data: #"{"long": "\#(String(repeating: "x", count: 6000))"}"#)
        var found = 0
        for round in 0..<4 {
            // Each is asked for twice in a row, so that looking stays worthwhile.
            for number in 0..<400 {
                for _ in 0..<2 where try subject.finds(#"{"a": "\#(round)-\#(number)"}"#, plain) {
                    found += 1
                }
            }
        }
        #expect(found > 1500 && found < 1600)
    }

    /// Where nothing comes again, looking for it stops for a while.
    @Test func restsWhereNothingIsFound() throws {
        let (subject, plain) = try pair("decision := input.a")
        var number = 0
        func another() throws {
            number += 1
            #expect(try !subject.finds(#"{"a": \#(number)}"#, plain))
        }
        for _ in 0..<(Limits.answerTries + 1) { try another() }
        for _ in 0..<3 { #expect(try !subject.finds(#"{"a": 1}"#, plain), "it rests") }
        for _ in 0..<Limits.answerRest { try another() }
        #expect(try subject.finds(#"{"a": 1}"#, plain), "it looks again")
    }

    @Test func keepsEntrypointsApart() throws {
        let rules = "decision := input.a\nother := [input.a]"
        let subject = try subject(rules)
        let entrypoint = try #require(subject.machine.policy.program.entrypoints["t.other"])
        let other = Subject(machine: subject.machine, entrypoint: entrypoint, memory: memory)
        for _ in 0..<2 {
            #expect(try subject.ask(#"{"a": 1}"#).answer == "1")
            #expect(try other.ask(#"{"a": 1}"#).answer == "[1]")
        }
    }

    /// Whoever does not ask what is remembered is given what evaluating gives.
    @Test func leavesOtherEvaluationsAlone() throws {
        let subject = try subject("decision := input.a")
        _ = try subject.ask(#"{"a": 1}"#)
        subject.machine.begin(TreeInput(try #require(PolicyRun.json(#"{"a": 2}"#, memory))))
        #expect(try subject.machine.evaluate(subject.entrypoint).description == "2")
        subject.machine.remember(.string("wrong"), note: .emptyString)
        #expect(try subject.ask(#"{"a": 2}"#).answer == "2")
    }

    @Test(arguments: [5, 6, 7, 8] as [UInt64])
    func changesNoResult(seed: UInt64) {
        var random = SeededGenerator(seed)
        var plain = PolicyRun()
        plain.rounds = 3
        var remembering = plain
        // Small, so that it is full now and then.
        remembering.answerMemory = 100_000
        for _ in 0..<OptimisationDifferentialTests.casesPerSeed {
            var generator = PolicyGenerator(random.bytes(400))
            let item = generator.make()
            for (left, right) in zip(plain.outcomes(item), remembering.outcomes(item))
            where !left.isLimit && !right.isLimit {
                #expect(left == right, "\(item.policy)\n\(item.data)\n\(item.inputs)")
                if left != right { return }
            }
        }
    }
}
