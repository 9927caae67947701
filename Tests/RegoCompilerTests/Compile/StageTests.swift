// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import RegoCompiler

@Suite struct StageTests {
    @Test func stagesRunBehindWhatTheyNeed() {
        var seen: Set<String> = []
        for stage in Stage.all {
            for name in stage.after { #expect(seen.contains(name), "\(stage.name) needs \(name)") }
            #expect(seen.insert(stage.name).inserted)
        }
    }

    @Test func eachStageIsTimed() throws {
        let module = try Parser.parse(Source(name: "a.rego", text: "package a\np := 1"), file: 0)
        let output = try Compiler().compile([module])
        #expect(output.timings.map(\.stage) == Stage.all.map(\.name))
    }

    /// Recursive, and misses a variable: only what the earlier stage finds is said.
    @Test func theFirstStageThatFailsEndsTheCompilation() {
        #expect(
            Compiling.errors(in: "p if q\nq if p\nr if x") == [
                "4:6 rego_unsafe_var_error: var x is unsafe"
            ])
    }

    @Test func tenErrorsAreEnough() {
        let rules = (0..<30).map { "p\($0) if x\($0)" }.joined(separator: "\n")
        let errors = Compiling.errors(in: rules)
        #expect(errors.count == 11)
        #expect(errors.last == "0:0 rego_compile_error: error limit reached")
    }

    @Test func componentsComeBehindWhatTheyNeed() {
        let components = StrongComponents.find([[1, 2], [2], [], [4], [3, 0]])
        #expect(components.order.firstIndex(of: 2)! < components.order.firstIndex(of: 1)!)
        #expect(components.order.firstIndex(of: 1)! < components.order.firstIndex(of: 0)!)
        #expect(components.component[3] == components.component[4])
        #expect(components.component[0] != components.component[3])
    }

    /// A chain this long must neither take quadratic time nor exhaust the stack.
    @Test func longChainsOfRules() {
        let rules = (1...20_000).map { "p\($0) if p\($0 - 1)" }.joined(separator: "\n")
        #expect(Compiling.errors(in: "p0 := true\n\(rules)") == [])
    }
}
