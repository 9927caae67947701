// SPDX-License-Identifier: Apache-2.0
import Admin
import AgentContext
import ArgumentParser

struct ApprovalsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "approvals", abstract: "See what waits for a person, and decide it.",
        discussion: """
            portcullis approvals list --state pending
            portcullis approvals grant 0193b5a0-... --reason "checked with finance"
            """,
        subcommands: [
            ApprovalsListCommand.self, ApprovalsShowCommand.self, ApprovalsGrantCommand.self,
            ApprovalsDenyCommand.self,
        ])
}

/// An approval as the API shows it.
struct ApprovalRow: Decodable {
    var id: String
    var state: String
    var agent: String
    var session: String
    var summary: String
    var arguments: String
    var digest: String
    var policyRevision: String
    var requested: String
    var expires: String
    var decidedBy: String?
    var reason: String?

    var text: String {
        Columns.facts([
            ("approval", id), ("state", state), ("agent", agent), ("session", session),
            ("action", summary), ("arguments", arguments), ("digest", digest),
            ("policy", policyRevision), ("requested", RelativeTime.text(requested)),
            ("expires", RelativeTime.text(expires)), ("decided by", decidedBy ?? ""),
            ("reason", reason ?? ""),
        ])
    }
}

extension Approval.State: ExpressibleByArgument {}

struct ApprovalsListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List approvals, the newest first.")

    @OptionGroup var options: OperatorOptions

    @Option(name: .long, help: "Only pending, granted, denied, used or expired ones.")
    var state: Approval.State?

    @Option(name: .long, help: "Only this agent's.")
    var agent: String?

    @Option(name: .long, help: "At most so many, 1 to 1000.")
    var limit = 100

    func run() throws {
        var query = [(name: "limit", value: String(limit))]
        if let state { query.append(("state", state.rawValue)) }
        if let agent { query.append(("agent", agent)) }
        struct List: Decodable { var approvals: [ApprovalRow] }
        try options.run(OperatorRequest("GET", ["approvals"], query: query)) { answer in
            var table = Columns("APPROVAL", "STATE", "EXPIRES", "AGENT", "ACTION")
            for approval in try answer.decoded(List.self).approvals {
                table.add(
                    approval.id, approval.state, RelativeTime.text(approval.expires),
                    approval.agent,
                    approval.summary)
            }
            return table.text(empty: "no approvals")
        }
    }
}

struct ApprovalsShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show exactly what an approval would allow.")

    @OptionGroup var options: OperatorOptions
    @Argument(help: "The approval's id.")
    var approval: String

    func run() throws {
        try options.run(OperatorRequest("GET", ["approvals", approval])) { answer in
            try answer.decoded(ApprovalRow.self).text
        }
    }
}

struct ApprovalsGrantCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "grant", abstract: "Let the action happen, once.")

    @OptionGroup var options: OperatorOptions
    @Argument(help: "The approval's id.")
    var approval: String
    @Option(name: .long, help: "Why, for the log.")
    var reason = ""

    func run() throws { try Deciding.run(options, approval, "grant", reason) }
}

struct ApprovalsDenyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deny", abstract: "Refuse the action.")

    @OptionGroup var options: OperatorOptions
    @Argument(help: "The approval's id.")
    var approval: String
    @Option(name: .long, help: "Why, for the log.")
    var reason = ""

    func run() throws { try Deciding.run(options, approval, "deny", reason) }
}

private enum Deciding {
    static func run(
        _ options: OperatorOptions, _ approval: String, _ verb: String, _ reason: String
    ) throws {
        let request = OperatorRequest(
            "POST", ["approvals", approval, verb], body: .object([("reason", .text(reason))]))
        try options.run(request) { answer in
            let approval = try answer.decoded(ApprovalRow.self)
            return PlainText.clean("`\(approval.id)` is \(approval.state): \(approval.summary)")
                + "\n"
        }
    }
}
