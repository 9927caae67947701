// SPDX-License-Identifier: Apache-2.0
import Admin
import ArgumentParser

struct SignalsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "signals", abstract: "Tell Portcullis what a detector found.",
        subcommands: [SignalsSendCommand.self])
}

struct SignalsSendCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "send", abstract: "Say something about an agent; it counts at once.",
        discussion: """
            portcullis signals send spiffe://acme.example/agents/research prompt_injection \
            --severity 90 --confidence 80 --for 30m
            """)

    @OptionGroup var options: OperatorOptions
    @Argument(help: "The agent's id.")
    var agent: String
    @Argument(help: "What was found: lower-case words joined by `_`.")
    var kind: String
    @Option(name: .long, help: "How bad it is, 0 to 100.")
    var severity: Int64
    @Option(name: .long, help: "How sure the detector is, 0 to 100.")
    var confidence: Int64 = 100
    @Option(name: .customLong("for"), help: "How long it counts: `10m`, `1h`, `7d`.")
    var duration: DurationArgument
    @Option(name: .long, help: "The session; all of the agent's when none is named.")
    var session = ""
    @Option(name: .long, help: "The detector's own words.")
    var detail = ""

    func run() throws {
        let body = JSON.object([
            ("agent", .text(agent)), ("session", .text(session)), ("kind", .text(kind)),
            ("severity", .integer(severity)), ("confidence", .integer(confidence)),
            ("seconds", .integer(duration.seconds)), ("detail", .text(detail)),
        ])
        try options.run(OperatorRequest("POST", ["signals"], body: body)) { answer in
            let record = try answer.decoded(Receipt.self).record
            return "`\(PlainText.clean(kind))` counts for `\(PlainText.clean(agent))` for "
                + "\(duration.text), record \(PlainText.clean(record))\n"
        }
    }
}
