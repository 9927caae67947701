// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Foundation
import Server
import TransparencyLog

/// How a replay's report is written.
enum ReplayFormat: String, ExpressibleByArgument, CaseIterable {
    case text
    case json

    /// - Parameter revision: of the policy that decided.
    func text(
        _ report: ReplayReport, _ checkpoint: Checkpoint, revision: String
    ) throws -> String {
        switch self {
        case .text: TextReport(report: report, checkpoint: checkpoint, revision: revision).text
        case .json: try JSONReport(report, checkpoint, revision).text()
        }
    }
}

/// Whether messages for people go to a terminal.
enum TerminalOutput {
    static var isTerminal: Bool { isatty(2) == 1 }
}

private struct TextReport {
    let report: ReplayReport
    let checkpoint: Checkpoint
    let revision: String

    var text: String {
        var lines = [
            "log verified: \(checkpoint.size) entries of `\(checkpoint.origin)`",
            "replayed \(report.decisions) decisions: \(report.equal) equal, "
                + "\(report.changed) changed, \(report.decisions - report.compared) not compared",
        ]
        lines += skipped + revisions + changes
        return lines.joined(separator: "\n") + "\n"
    }

    private var skipped: [String] {
        var lines = ReplayReport.Skipped.allCases.compactMap { reason in
            report.skipped[reason].map { "  not compared: \($0) \(Self.words(reason))" }
        }
        if report.adopted > 0 {
            lines.append(
                "  note: \(report.adopted) times the log lacked events that a decision knew of; "
                    + "the context goes on from its record")
        }
        return lines
    }

    private var revisions: [String] {
        report.revisions.filter { $0.key != revision && !$0.key.isEmpty }
            .sorted { $0.value > $1.value }
            .map { "warning: \($0.value) decisions were made by `\($0.key)`, not by `\(revision)`" }
    }

    private var changes: [String] {
        report.groups.map { group in
            let rules = group.rules.isEmpty ? "(same reasons)" : group.rules.joined(separator: " ")
            let change =
                group.from == group.to ? group.from : "\(group.from) -> \(group.to)"
            return """
                changed \(group.count): \(group.route)  \(change)  \(rules)  \
                [\(group.parts.joined(separator: ", "))]
                  \(group.examples.joined(separator: "\n  "))
                """
        }
    }

    private static func words(_ reason: ReplayReport.Skipped) -> String {
        switch reason {
        case .noInput: "without a text (no_input)"
        case .cut: "whose text is not whole (cut)"
        case .erased: "whose text was erased (erased)"
        case .missing: "whose text is gone (missing)"
        case .damaged: "whose text is not what the record says (damaged)"
        case .masked: "that depend on something masked (masked)"
        case .context: "that knew of events which the log lacks (context)"
        case .accident: "that came about by a deadline or a full store (accident)"
        case .threats: "whose threat lists are gone (threats)"
        case .nondeterministic: "that asked the world outside (nondeterministic)"
        }
    }
}

/// The report as JSON, keys sorted.
private struct JSONReport: Encodable {
    struct Change: Encodable {
        let route: String
        let rules: [String]
        let from: String
        let to: String
        let parts: [String]
        let count: Int
        let examples: [String]
    }

    let origin: String
    let entries: Int
    let decisions: Int
    let equal: Int
    let changed: Int
    let skipped: [String: Int]
    let adopted: Int
    let revision: String
    let recordedRevisions: [String: Int]
    let changes: [Change]

    init(_ report: ReplayReport, _ checkpoint: Checkpoint, _ revision: String) {
        origin = checkpoint.origin
        entries = report.entries
        decisions = report.decisions
        equal = report.equal
        changed = report.changed
        skipped = Dictionary(
            uniqueKeysWithValues: report.skipped.map { ($0.key.rawValue, $0.value) })
        adopted = report.adopted
        self.revision = revision
        recordedRevisions = report.revisions
        changes = report.groups.map {
            Change(
                route: $0.route, rules: $0.rules, from: $0.from, to: $0.to, parts: $0.parts,
                count: $0.count, examples: $0.examples)
        }
    }

    func text() throws -> String {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
    }
}
