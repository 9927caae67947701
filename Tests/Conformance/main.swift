// SPDX-License-Identifier: Apache-2.0

import RegoCompiler
import RegoVM
import TestSupport

// Runs OPA's conformance cases and prints passed and total by category.
//
//   conformance [--failures] [--only TEXT]
//
// Exits with 1 when a case fails that is not in known-issues.txt, when one passes although it is,
// or when the list names no case; with 2 when there is nothing to run.

let options = Options(CommandLine.arguments.dropFirst())
BuiltinTable.add(SleepBuiltin.builtin)

/// Runs the cases of one language version.
func report(
    _ name: String, _ version: RegoVersion, _ known: KnownIssues, _ options: Options
) throws -> Report {
    let text = try SharedFolder.read("rego/cases-\(name).json")
    return try text.withUnsafeBufferPointer { text in
        let arena = Arena(limit: .max)
        defer { arena.destroy() }
        var report = Report(version: name)
        for value in try JSONReader.read(text, into: arena).elements {
            let item = Case(value)
            guard options.include(item) else { continue }
            let outcome = Runner(version: version).run(item)
            report.add(item, outcome, isKnown: known.contains(name, item.id))
        }
        if options.only == nil { report.addMissing(known) }
        return report
    }
}

do {
    let known = try KnownIssues.load()
    var isGreen = true
    var passed = 0
    var total = 0
    for (name, version) in [("v1", RegoVersion.v1), ("v0", .v0)] {
        let report = try report(name, version, known, options)
        print(report.text(showsFailures: options.showsFailures))
        isGreen = isGreen && report.isGreen
        passed += report.passed
        total += report.total
    }
    let rest = isGreen ? "the others are known issues" : "see above"
    print("\(passed)/\(total) cases passed, \(rest)")
    if !isGreen && options.only == nil { exitWithFailure() }
} catch {
    exit("\(error)")
}
