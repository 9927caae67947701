// SPDX-License-Identifier: Apache-2.0

import RegoCompiler
import RegoVM
import TestSupport

// Runs OPA's conformance cases and prints passed and total by category.
//
//   conformance [--failures] [--only TEXT]
//
// Exits with 1 when a case fails that is not in known-issues.txt, when one passes although it is, or
// when the list names no case; with 2 when there is nothing to run.

var only: String?
var showsFailures = false
var words = CommandLine.arguments.dropFirst()
while let word = words.popFirst() {
    switch word {
    case "--failures": showsFailures = true
    case "--only":
        guard let text = words.popFirst() else { exit("expected a text after `--only`") }
        only = text
    default: exit("expected `--failures` or `--only TEXT`, got `\(word)`")
    }
}

/// Runs the cases of one language version.
func report(
    _ name: String, _ version: RegoVersion, _ known: KnownIssues, only: String?
) throws -> Report {
    let text = try SharedFolder.read("rego/cases-\(name).json")
    return try text.withUnsafeBufferPointer { text in
        let arena = Arena(limit: .max)
        defer { arena.destroy() }
        var report = Report(version: name)
        for value in try JSONReader.read(text, into: arena).elements {
            let item = Case(value)
            if let only, !item.id.contains(only), !item.note.contains(only) { continue }
            report.add(item, Runner(version: version).run(item), isKnown: known.contains(name, item.id))
        }
        if only == nil { report.addMissing(known) }
        return report
    }
}

do {
    let known = try KnownIssues.load()
    var isGreen = true
    for (name, version) in [("v1", RegoVersion.v1), ("v0", RegoVersion.v0)] {
        let report = try report(name, version, known, only: only)
        print(report.text(showsFailures: showsFailures))
        isGreen = isGreen && report.isGreen
    }
    if !isGreen && only == nil { exitWithFailure() }
} catch {
    exit("\(error)")
}
