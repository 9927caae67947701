// SPDX-License-Identifier: Apache-2.0
import RegoCompiler
import Testing

@testable import RegoVM

/// Each limit ends a decision with a code, and says what was spent.
@Suite struct LimitTests {
    private func run(
        _ rules: String, work: Int64 = 1_000_000, memory: Int = 32 << 20, deadline: UInt64 = .max,
        clock: (() -> UInt64)? = nil, keepsPrint: Bool = false
    ) throws -> Result<Value, EvaluationError> {
        let source = Source(name: "t.rego", text: "package t\n" + rules)
        var options = Compiler.Options()
        options.keepsPrint = keepsPrint
        let output = try Compiler(options: options).compile([try Parser.parse(source, file: 0)])
        let policy = try Policy.load(
            program: output.program, data: .emptyObject, revision: "", owners: [output.owner])
        let evaluation = Evaluation(arena: Arena(limit: memory))
        evaluation.begin(now: 1, deadline: deadline)
        let machine = Machine(policy, evaluation: evaluation)
        machine.workLimit = work
        if let clock { machine.monotonic = clock }
        machine.begin(TreeInput(.emptyObject))
        let entrypoint = try #require(policy.program.entrypoints["t.p"])
        do throws(EvaluationError) {
            return .success(try machine.evaluate(entrypoint))
        } catch {
            return .failure(error)
        }
    }

    private func expect(
        _ result: Result<Value, EvaluationError>, _ code: EvaluationError.Code, _ texts: String...,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        guard case .failure(let error) = result else {
            Issue.record("no error", sourceLocation: sourceLocation)
            return
        }
        #expect(error.code == code, "\(error)", sourceLocation: sourceLocation)
        for text in texts {
            #expect(
                error.message.contains(text), "\(error.message)", sourceLocation: sourceLocation)
        }
    }

    static let loop = """
        n := numbers.range(1, 1000)
        p := count({x | some a in n; some b in n; x := a * b})
        """

    @Test func workEnds() throws {
        expect(try run(Self.loop, work: 5_000), .limit, "exceeds the limit of 5000", "work of 500")
    }

    @Test func workCountsCalls() throws {
        expect(
            try run(
                "f(x) := x + 1\n" + "p := [y | some x in numbers.range(1, 9000); y := f(x)]",
                work: 9_500),
            .limit, "work of")
    }

    @Test func deadlineEnds() throws {
        var time: UInt64 = 0
        let result = try run(Self.loop, deadline: 50_000) {
            time += 10_000
            return time
        }
        expect(result, .cancelled, "deadline passed", "units of work spent")
    }

    @Test func clockOfDeadlinesRuns() throws {
        let first = MonotonicClock.now()
        #expect(MonotonicClock.now() >= first)
        expect(try run(Self.loop, work: .max, deadline: first + 2_000_000), .cancelled)
    }

    /// Rules that ask for much memory at once or in loops.
    static let hungry = [
        each("x := numbers.range(a, 8000)"),
        each("x := concat(\",\", [y | some b in numbers.range(1, 500); y := \"0123456789\"])"),
        "s := {x | some x in numbers.range(1, 5000)}\n" + each("x := s | {a + 6000}"),
        each("x := [y | some y in numbers.range(1, 300)]"),
        "o := {x: x | some x in numbers.range(1, 5000)}\nq := input\n"
            + each("x := q with input as o with input.a as a"),
        each("x := sprintf(\"%01000d\", [a])"),
    ]

    private static func each(_ body: String) -> String {
        "p := [x | some a in numbers.range(1, 4000); \(body)]"
    }

    @Test(arguments: hungry)
    func memoryEnds(_ rules: String) throws {
        expect(try run(rules, memory: 4 << 20), .limit, "limit")
    }

    /// Long numbers cost more than their count says.
    @Test(arguments: [
        "n := bits.lsh(1, 30000)\np := [x | some a in numbers.range(1, 4000); x := n + a]",
        "p := sum([x | some a in numbers.range(1, 4000); x := 1e9990 + a])",
        "p := numbers.range(1e9990, 1e9990 + 100000)",
    ])
    func longNumbersEnd(_ rules: String) throws {
        expect(try run(rules, work: 100_000), .limit)
    }

    @Test func longProductsAreFast() throws {
        let result = try run("p := count(format_int(product(numbers.range(1, 3000)), 10))")
        #expect(try result.get().description == "9131")
        expect(try run("p := product(numbers.range(1, 4000))"), .limit, "10000 digits")
        #expect(try run("p := product(numbers.range(0, 4000))").get().description == "0")
    }

    /// Each function calls two others, and the machine remembers what they gave.
    @Test(arguments: [false, true])
    func callsOfCallsAreRemembered(_ keepsPrint: Bool) throws {
        var rules = "f0(x) := x\nf1(x) := x\n"
        for number in 2..<40 {
            rules += "f\(number)(x) := f\(number - 1)(x) + f\(number - 2)(x)\n"
        }
        let result = try run(rules + "p := f39(1)", work: 10_000, keepsPrint: keepsPrint)
        #expect(try result.get().description == "102334155")
        let printing = rules + "p := x if { x := f39(1); print(x) }"
        guard keepsPrint else { return }
        expect(try run(printing, work: 10_000, keepsPrint: true), .limit)
    }

    @Test func callDepthEnds() throws {
        var rules = "f0(x) := x\n"
        for number in 1...600 { rules += "f\(number)(x) := f\(number - 1)(x)\n" }
        expect(try run(rules + "p := f600(1)"), .limit, "call depth of 513", "limit of 512")
    }

    @Test func nestingEnds() throws {
        var rules = ""
        for number in 1...2_000 { rules += "r\(number) := [r\(number - 1)]\n" }
        // By rules: the depth of calls ends it first; by one body: the depth of the value does.
        expect(try run("r0 := 1\n" + rules + "p := r2000"), .limit)
        var body = "x0 := 1; "
        for number in 1...2_000 { body += "x\(number) := [x\(number - 1)]; " }
        expect(
            try run("p := x2000 if { \(body) true }"), .limit, "value of 1025 levels",
            "limit of 1024")
    }

    @Test func patchesCannotNestDeeper() throws {
        let patch = """
            n := numbers.range(1, 3000)
            path(k) := concat("", [s | some i in numbers.range(1, k); s := "/a"])
            p := json.patch({}, [o | some k in n; o := {"op": "add", "path": path(k), "value": {}}])
            """
        expect(try run(patch, work: 50_000_000, memory: 512 << 20), .limit)
    }

    @Test func errorsOfOneDecisionAreForgotten() throws {
        let source = Source(name: "t.rego", text: "package t\n" + Self.loop + "\nq := 1")
        let output = try Compiler().compile([try Parser.parse(source, file: 0)])
        let policy = try Policy.load(
            program: output.program, data: .emptyObject, revision: "", owners: [output.owner])
        let evaluation = Evaluation()
        let machine = Machine(policy, evaluation: evaluation)
        machine.workLimit = 2_000
        for _ in 0..<3 {
            evaluation.begin(now: 1)
            machine.begin(TreeInput(.emptyObject))
            #expect(throws: EvaluationError.self) {
                try machine.evaluate(try #require(policy.program.entrypoints["t.p"]))
            }
            evaluation.begin(now: 1)
            machine.begin(TreeInput(.emptyObject))
            #expect(
                try machine.evaluate(try #require(policy.program.entrypoints["t.q"])).asInteger == 1
            )
        }
    }
}

/// Policies that are too large for the machine are refused with a place.
@Suite struct PolicySizeTests {
    private func refusal(_ text: String) -> String {
        do {
            _ = try Compiler().compile([
                try Parser.parse(Source(name: "t.rego", text: text), file: 0)
            ])
            return "compiled"
        } catch {
            return PolicyRun.text(error)
        }
    }

    @Test func deepPackages() {
        let path = (0..<300).map { "p\($0)" }.joined(separator: ".")
        #expect(
            refusal("package \(path)\nx := 1").hasSuffix(
                "path of 300 components exceeds the limit of 256"))
        #expect(
            refusal("package t\n\(path) := 1").hasSuffix(
                "path of 301 components exceeds the limit of 256"))
    }

    @Test func manyRegisters() {
        let elements = (0..<70_000).map { _ in "input.a" }.joined(separator: ", ")
        #expect(refusal("package t\np := [\(elements)]").contains("program_limit"))
    }
}
