// SPDX-License-Identifier: Apache-2.0
import Admin
import ArgumentParser

struct AgentsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "agents",
        abstract: "See what agents did, and take things from them or give them back.",
        discussion: """
            portcullis agents isolate spiffe://acme.example/agents/research --for 1h
            """,
        subcommands: [
            AgentsListCommand.self, AgentsShowCommand.self, AgentsRestrictCommand.self,
            AgentsIsolateCommand.self, AgentsReleaseCommand.self,
        ])
}

/// An agent as the API lists it.
struct AgentRow: Decodable {
    struct Mark: Decodable {
        var name: String
        var expires: String
    }

    var id: String
    var lastSeen: String?
    var requests: Int64
    var restrictions: [Mark]
    var labels: [Mark]
}

struct AgentsListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List agents, the most recently seen first.")

    @OptionGroup var options: OperatorOptions

    @Flag(name: .long, help: "Only agents under a restriction.")
    var restricted = false

    @Option(name: .long, help: "Only agents whose id contains this.")
    var contains: String?

    @Option(name: .long, help: "At most so many, 1 to 1000.")
    var limit = 100

    func run() throws {
        var query = [(name: "limit", value: String(limit))]
        if restricted { query.append(("restricted", "true")) }
        if let contains { query.append(("contains", contains)) }
        struct List: Decodable { var agents: [AgentRow] }
        try options.run(OperatorRequest("GET", ["agents"], query: query)) { answer in
            var table = Columns("AGENT", "SEEN", "REQUESTS", "RESTRICTIONS", "LABELS")
            for agent in try answer.decoded(List.self).agents {
                table.add(
                    agent.id, agent.lastSeen.map { RelativeTime.text($0) } ?? "never",
                    String(agent.requests), Self.text(agent.restrictions),
                    Self.text(agent.labels))
            }
            return table.text(empty: "no agents")
        }
    }

    private static func text(_ marks: [AgentRow.Mark]) -> String {
        marks.map { "\($0.name) (ends \(RelativeTime.text($0.expires)))" }.joined(separator: ", ")
    }
}

struct AgentsShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show what is known of an agent.")

    @OptionGroup var options: OperatorOptions
    @Argument(help: "The agent's id.")
    var agent: String

    func run() throws {
        try options.run(OperatorRequest("GET", ["agents", agent])) { answer in
            try AgentText.text(answer)
        }
    }
}

struct AgentsRestrictCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restrict", abstract: "Take something from an agent for a time.",
        discussion: """
            Restrictions: read_only, no_egress, no_delegation, no_tool:<name>, \
            strip_scopes:<scope>,<scope>, isolate.

            portcullis agents restrict spiffe://acme.example/agents/research read_only --for 10m
            """)

    @OptionGroup var options: OperatorOptions
    @Argument(help: "The agent's id.")
    var agent: String
    @Argument(help: "What is taken from it.")
    var restriction: String
    @Option(name: .customLong("for"), help: "How long: `10m`, `1h`, `7d`.")
    var duration: DurationArgument
    @Option(name: .long, help: "Why, for the log.")
    var reason = ""

    func run() throws {
        try Restricting.run(options, agent, restriction, duration, reason)
    }
}

struct AgentsIsolateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "isolate", abstract: "Refuse everything of an agent for a time.",
        discussion: """
            portcullis agents isolate spiffe://acme.example/agents/research --for 1h \
            --reason "seen exfiltrating"
            """)

    @OptionGroup var options: OperatorOptions
    @Argument(help: "The agent's id.")
    var agent: String
    @Option(name: .customLong("for"), help: "How long: `10m`, `1h`, `7d`.")
    var duration: DurationArgument
    @Option(name: .long, help: "Why, for the log.")
    var reason = ""

    func run() throws {
        try Restricting.run(options, agent, "isolate", duration, reason)
    }
}

private enum Restricting {
    static func run(
        _ options: OperatorOptions, _ agent: String, _ restriction: String,
        _ duration: DurationArgument, _ reason: String
    ) throws {
        let body = JSON.object([
            ("name", .text(restriction)), ("seconds", .integer(duration.seconds)),
            ("reason", .text(reason)),
        ])
        let request = OperatorRequest("POST", ["agents", agent, "restrictions"], body: body)
        options.warnUnlessSeen(agent)
        try options.run(request) { answer in
            let record = try answer.decoded(Receipt.self).record
            return "`\(PlainText.clean(agent))` is under `\(PlainText.clean(restriction))` for "
                + "\(duration.text), record \(PlainText.clean(record))\n"
        }
    }
}

/// What the API answers to a deed.
struct Receipt: Decodable {
    var record: String
}

struct AgentsReleaseCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "release", abstract: "Lift one restriction of an agent, or all.")

    @OptionGroup var options: OperatorOptions
    @Argument(help: "The agent's id.")
    var agent: String
    @Argument(help: "The restriction to lift; all when none is named.")
    var restriction: String?
    @Option(name: .long, help: "Why, for the log.")
    var reason = ""

    func run() throws {
        var request = OperatorRequest("DELETE", ["agents", agent, "restrictions"])
        if let restriction { request.path.append(restriction) }
        if !reason.isEmpty { request.query = [("reason", reason)] }
        try options.run(request) { answer in
            let record = try answer.decoded(Receipt.self).record
            let what = restriction.map { "`\(PlainText.clean($0))`" } ?? "every restriction"
            return "`\(PlainText.clean(agent))` is released from \(what), record "
                + "\(PlainText.clean(record))\n"
        }
    }
}
