// SPDX-License-Identifier: Apache-2.0
import RegoCompiler
import RegoVM
import Testing

/// Values that hold others many times over, so that they are far larger than their memory.
@Suite struct SharedValueTests {
    private func run(_ policy: String, work: Int64 = 10_000_000) -> PolicyRun.Outcome {
        var run = PolicyRun()
        run.workLimit = work
        let item = PolicyGenerator.Case(policy: policy, data: "{}", inputs: ["{}"])
        return run.outcomes(item)[0]
    }

    /// `x0`, and each next one twice the one before.
    private func doubling(_ levels: Int, _ name: String = "x") -> String {
        (1...levels).map { "\(name)\($0) := [\(name)\($0 - 1), \(name)\($0 - 1)]" }
            .joined(separator: "\n")
    }

    private func policy(_ levels: Int, _ test: String) -> String {
        """
        package t
        x0 := [input]
        y0 := [input]
        \(doubling(levels))
        \(doubling(levels, "y"))
        p if \(test)
        """
    }

    @Test(arguments: [
        "x40 == y40", "x40 in {1}", "{x40}", "{x40: 1}", "count(x40) == 2", "walk(x40, y40)",
        "json.marshal(x40)", "{1: 2}[x40]",
    ])
    func theyEnd(_ test: String) {
        let clock = ContinuousClock()
        let start = clock.now
        #expect(run(policy(40, test)) == .failed("eval_limit_error"))
        #expect(clock.now - start < .seconds(5))
    }

    /// Each comparison walks 130,000 parts, and there are as many as the work allows.
    @Test func comparisonsCostWork() {
        let text = """
            package t
            x0 := [1]
            y0 := [1]
            \(doubling(16))
            \(doubling(16, "y"))
            p := count([i | some i in numbers.range(1, 100000); x16 == y16]) > 0
            """
        #expect(run(text, work: 100_000).isLimit)
    }

    @Test func ordinaryValuesCostNothingMore() {
        let text = """
            package t
            x0 := [1]
            \(doubling(10))
            p := count(x10)
            q := x10 == x10
            r[k] := v if { some k, v in {"a": [1, 2], "b": {3}} }
            """
        guard case .value = run(text, work: 1000) else {
            return #expect(Bool(false), "\(run(text, work: 1000))")
        }
    }
}
