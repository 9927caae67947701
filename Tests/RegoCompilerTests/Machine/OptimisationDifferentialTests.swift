// SPDX-License-Identifier: Apache-2.0
import RegoCompiler
import RegoVM
import Testing

/// Random policies give the same results with and without each optimisation.
@Suite struct OptimisationDifferentialTests {
    static let casesPerSeed = 60

    /// Ways to compile without something, by name.
    enum Plainness: String, CaseIterable, Sendable {
        case index, earlyExit, rules, inlining, calls, comprehensions, expressions, everything

        func apply(to options: inout Compiler.Options) {
            if self == .index || self == .everything { options.usesIndex = false }
            if self == .earlyExit || self == .everything { options.stopsEarly = false }
            if self == .rules || self == .everything { options.remembersRules = false }
            if self == .inlining || self == .everything { options.inlinesRules = false }
            if self == .comprehensions || self == .everything {
                options.indexesComprehensions = false
            }
            if self == .expressions || self == .everything { options.sharesExpressions = false }
            if self == .calls || self == .everything { options.remembersCalls = false }
        }
    }

    @Test(arguments: [1, 2, 3, 4] as [UInt64], Plainness.allCases)
    func changesNoResult(seed: UInt64, plainness: Plainness) {
        var random = SeededGenerator(seed)
        var without = PolicyRun()
        plainness.apply(to: &without.options)
        var answered = 0
        for _ in 0..<Self.casesPerSeed {
            var generator = PolicyGenerator(random.bytes(400))
            let item = generator.make()
            let optimised = PolicyRun().outcomes(item)
            let plain = without.outcomes(item)
            for (left, right) in zip(optimised, plain) where !left.isLimit && !right.isLimit {
                #expect(left == right, "\(item.policy)\n\(item.data)\n\(item.inputs)")
                if case .value = left { answered += 1 }
                // What the type checker knows of rules and data is more than the generator does.
                if case .refused(let reason) = left, !reason.contains("rego_type_error") {
                    Issue.record("not valid: \(left)\n\(item.policy)")
                }
                if left != right { return }
            }
        }
        #expect(answered > Self.casesPerSeed / 2)
    }

    /// The options do turn something off: the same policy takes more work without them.
    @Test(arguments: Plainness.allCases)
    func takesMoreWork(plainness: Plainness) throws {
        let clauses = (0..<40).map { "allow if input.a == \"k\($0)\"" }.joined(separator: "\n")
        let policy = """
            package t
            \(clauses)
            p := count([x |
                some x in numbers.range(1, 50); allow; q; f(input.a); s[x]; name
                count(split(input.a, "k")) > count(split(input.a, "k")) - 1
            ])
            name := input.a
            s contains x if {
                some x in numbers.range(1, 50)
                g := [y | t[y].a == x]
                count(g) == 2
            }
            t[y] := {"a": y % 50 + 1} if some y in numbers.range(0, 99)
            q if { some x in numbers.range(1, 100); x > 3 }
            f(x) if { some y in numbers.range(1, 100); y == 100; x == "k39" }
            """
        func work(_ options: Compiler.Options) throws -> Int64 {
            let module = try Parser.parse(Source(name: "t.rego", text: policy), file: 0)
            let output = try Compiler(options: options).compile([module])
            let program = try Policy.load(
                program: output.program, data: .emptyObject, revision: "", owners: [output.owner])
            let evaluation = Evaluation()
            let machine = Machine(program, evaluation: evaluation)
            let input = try #require(PolicyRun.json(#"{"a": "k39"}"#, evaluation.arena))
            machine.begin(TreeInput(input))
            let entrypoint = try #require(program.program.entrypoints["t.p"])
            #expect(try machine.evaluate(entrypoint).asInteger == 50)
            return machine.workSpent
        }
        var options = Compiler.Options()
        let optimised = try work(options)
        plainness.apply(to: &options)
        if plainness != .index {
            #expect(try work(options) > optimised)
        } else {
            #expect(try work(options) >= optimised)
        }
    }
}

/// SplitMix64: the same numbers for the same seed on every machine.
struct SeededGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) }
    }
}
