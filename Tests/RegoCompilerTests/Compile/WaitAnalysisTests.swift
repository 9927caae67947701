// SPDX-License-Identifier: Apache-2.0
import RegoCompiler
import RegoVM
import Testing

/// Which entrypoints may wait for a network.
@Suite struct WaitAnalysisTests {
    private func waiting(_ policy: String) throws -> Set<String> {
        let module = try Parser.parse(
            Source(name: "t.rego", text: "package t\n" + policy), file: 0)
        let program = try Compiler().compile([module]).program
        let analysis = WaitAnalysis(program)
        return Set(program.entrypoints.filter { analysis.mayWait($0.value) }.keys)
    }

    private static let send = #"http.send({"method": "get", "url": "http://a.example"})"#

    @Test func nothingWaitsWithoutABuiltinThatDoes() throws {
        #expect(try waiting("p := 1\nq if p == 1\nf(x) := x").isEmpty)
    }

    @Test func rulesFunctionsAndPackagesPassItOn() throws {
        let policy = """
            direct := \(Self.send)
            f(x) := net.lookup_ip_addr(x)
            byFunction := f("a.example")
            byRule if direct.status_code == 200
            byComprehension := [x | x := byRule]
            quick := 1
            alsoQuick if quick == 1
            """
        #expect(
            try waiting(policy)
                == ["t.direct", "t.byFunction", "t.byRule", "t.byComprehension", "t", ""])
    }

    @Test func replacementsCountToo() throws {
        let policy = """
            p := count(input.x)
            f(x) := \(Self.send)
            q if p with count as f
            """
        #expect(try waiting(policy) == ["t.q", "t", ""])
    }

    @Test func computedNamesReachThePackage() throws {
        let policy = """
            inner.slow := \(Self.send)
            inner.quick := 1
            p := data.t.inner[input.name]
            q := data.t.inner.quick
            """
        #expect(try waiting(policy) == ["t.inner.slow", "t.inner", "t.p", "t", ""])
    }

    /// A mock replaces the builtin at run time only.
    @Test func mockedCallsStillMayWait() throws {
        #expect(try waiting("p if \(Self.send) with http.send as 1").contains("t.p"))
    }
}
