// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport

/// Passed and total by category, and what is not as the list of known issues says.
struct Report {
    let version: String
    private var categories: [String: (passed: Int, total: Int)] = [:]
    private var failures: [String] = []
    private var surprises: [String] = []

    init(version: String) { self.version = version }

    mutating func add(_ item: Case, _ outcome: Runner.Outcome, isKnown: Bool) {
        categories[item.category, default: (0, 0)].total += 1
        switch outcome {
        case .passed:
            categories[item.category]?.passed += 1
            if isKnown { surprises.append("\(item.id) passes: take it off the list") }
        case .failed(let why):
            failures.append("\(version) \(item.id) \(item.note)\n      \(why.prefix(600))")
            if !isKnown { surprises.append("\(item.id) \(item.note) fails") }
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
enum KnownIssues {
    static func load() -> Set<String> {
        let path = SharedFolder.projectRoot + "/Tests/Conformance/known-issues.txt"
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return [] }
        var result: Set<String> = []
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            let words = line.split(separator: " ", maxSplits: 2)
            if words.count >= 2 { result.insert("\(words[0]) \(words[1])") }
        }
        return result
    }
}

func exitWithFailure() -> Never { exit(1) }
