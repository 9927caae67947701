// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport

/// Passed and total by category, and what is not as the list of known issues says.
struct Report {
    let version: String
    private var categories: [String: (passed: Int, total: Int)] = [:]
    private var failures: [String] = []
    private var surprises: [String] = []
    private var seen: Set<String> = []

    init(version: String) { self.version = version }

    mutating func add(_ item: Case, _ outcome: Runner.Outcome, isKnown: Bool) {
        categories[item.category, default: (0, 0)].total += 1
        seen.insert(item.id)
        switch outcome {
        case .passed:
            categories[item.category]?.passed += 1
            if isKnown { surprises.append("\(item.id) passes: take it off the list") }
        case .failed(let why):
            failures.append("\(version) \(item.id) \(item.note)\n      \(why.prefix(600))")
            if !isKnown { surprises.append("\(item.id) \(item.note) fails") }
        }
    }

    /// A known issue that names no case is a mistake in the list.
    mutating func addMissing(_ known: KnownIssues) {
        for id in known.ids(version) where !seen.contains(id) {
            surprises.append("\(id) is on the list and no case")
        }
    }

    var isGreen: Bool { surprises.isEmpty }

    func text(showsFailures: Bool) -> String {
        var lines: [String] = []
        var passed = 0
        var total = 0
        for (name, count) in categories.sorted(by: { $0.key < $1.key }) {
            let mark = count.passed == count.total ? " " : "!"
            lines.append("\(mark) \(version) \(name.padded(40)) \(count.passed)/\(count.total)")
            passed += count.passed
            total += count.total
        }
        if showsFailures { lines += failures }
        lines += surprises.map { "unexpected: \(version) \($0)" }
        let share = total == 0 ? 0 : Double(passed) * 100 / Double(total)
        lines.append("\(version): \(passed)/\(total) passed (\(String(format: "%.2f", share)) %)")
        return lines.joined(separator: "\n")
    }
}

extension String {
    fileprivate func padded(_ width: Int) -> String {
        count >= width ? self : self + String(repeating: " ", count: width - count)
    }
}

/// Cases that are expected to fail, each with its reason: `v1 file#index  reason`.
struct KnownIssues {
    /// Identifiers by language version.
    private var cases: [String: Set<String>] = [:]

    struct Malformed: Error, CustomStringConvertible {
        let description: String
    }

    static func load() throws -> KnownIssues {
        let path = SharedFolder.projectRoot + "/Tests/Conformance/known-issues.txt"
        let text = try String(contentsOfFile: path, encoding: .utf8)
        var result = KnownIssues()
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false)
            .enumerated()
        {
            guard !line.isEmpty && !line.hasPrefix("#") else { continue }
            let words = line.split(separator: " ", maxSplits: 2)
            guard words.count == 3 else {
                throw Malformed(
                    description: "known-issues.txt:\(index + 1): "
                        + "expected version, case and reason, got `\(line)`")
            }
            result.cases[String(words[0]), default: []].insert(String(words[1]))
        }
        return result
    }

    func contains(_ version: String, _ id: String) -> Bool { cases[version]?.contains(id) ?? false }

    func ids(_ version: String) -> [String] { (cases[version] ?? []).sorted() }
}

func exitWithFailure() -> Never { exit(1) }

/// Nothing was run; says why.
func exit(_ message: String) -> Never {
    FileHandle.standardError.write(Data("conformance: \(message)\n".utf8))
    exit(2)
}
