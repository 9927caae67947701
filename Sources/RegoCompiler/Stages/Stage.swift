// SPDX-License-Identifier: Apache-2.0

/// One step of a compilation.
struct Stage: Sendable {
    let name: String
    /// Stages whose results this one needs.
    let after: [String]
    /// Works on the compilation; what it returns ends the compilation.
    let run: @Sendable (Compilation) -> [Diagnostic]

    init(
        _ name: String, after: [String] = [],
        _ run: @escaping @Sendable (Compilation) -> [Diagnostic]
    ) {
        self.name = name
        self.after = after
        self.run = run
    }

    /// All stages in the order in which they run, which is OPA's order of their reports.
    static let all: [Stage] = [
        Stage("paths") { $0.tree.diagnostics },
        Stage("imports", ImportCheck.check),
        Stage("resolve", after: ["imports"]) { $0.resolve() },
        Stage("print", after: ["resolve"], PrintCalls.rewrite),
        Stage("metadata", after: ["resolve"], MetadataCalls.rewrite),
        // What `with` replaces decides how code is generated.
        Stage("replacements", after: ["resolve"], ReplacementCheck.check),
        Stage("conflicts", after: ["resolve"], ConflictCheck.check),
        Stage("functions", after: ["print", "metadata"], FunctionCheck.check),
        // Orders bodies; everything behind it sees variables bound before they are used.
        Stage("safety", after: ["functions"], SafetyCheck.check),
        Stage("recursion", after: ["resolve"], RecursionCheck.check),
        // Rules are typed before those that refer to them.
        Stage("types", after: ["safety", "recursion"], TypeCheck.check),
        Stage("builtins", after: ["resolve"], BuiltinCheck.check),
        // Behind all checks: they speak of what was written.
        Stage("inline", after: ["replacements", "recursion", "types"], RuleInlining.rewrite),
        Stage("generate", after: ["replacements", "conflicts", "safety", "types", "inline"]) {
            $0.generate()
        },
        // Whatever was compiled passes the verifier before anybody runs it.
        Stage("verify", after: ["generate"]) { ProgramCheck.check($0) },
    ]
}
