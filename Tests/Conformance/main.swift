// SPDX-License-Identifier: Apache-2.0

import RegoCompiler
import RegoVM
import TestSupport

// Runs OPA's conformance cases and prints passed and total by category.
//
//   conformance [--failures] [--only TEXT]
//
// Exits with 1 when a case fails that is not in known-issues.txt, or passes although it is.

let arguments = CommandLine.arguments
let only = arguments.firstIndex(of: "--only").map { arguments[$0 + 1] }
let showsFailures = arguments.contains("--failures")
let known = KnownIssues.load()
var isGreen = true

for (name, version) in [("v1", RegoVersion.v1), ("v0", RegoVersion.v0)] {
    let text = try SharedFolder.read("rego/cases-\(name).json")
    let report = try text.withUnsafeBufferPointer { text in
        let arena = Arena(limit: .max)
        defer { arena.destroy() }
        var report = Report(version: name)
        for value in try JSONReader.read(text, into: arena).elements {
            let item = Case(value)
            if let only, !item.id.contains(only), !item.note.contains(only) { continue }
            report.add(
                item, Runner(version: version).run(item), isKnown: known.contains("\(name) \(item.id)"))
        }
        return report
    }
    print(report.text(showsFailures: showsFailures))
    if !report.isGreen { isGreen = false }
}
if !isGreen && only == nil { exitWithFailure() }
