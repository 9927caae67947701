// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Glibc

/// The program. Each verb is a file.
struct Portcullis: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "portcullis",
        abstract: "Decides what AI agents may do, for Envoy's ext_authz.",
        discussion: """
            Exit codes: 0 done or allowed, 1 failure, 2 denied, 3 invalid configuration, policy or \
            arguments.

            portcullis serve --config portcullis.yaml
            portcullis eval --data policies --input request.json data.portcullis.authz.decision
            """,
        version: Version.text,
        subcommands: [
            ServeCommand.self, ValidateCommand.self, EvalCommand.self, InputCommand.self,
            DisassembleCommand.self, ExplainCommand.self,
            LogCommand.self, ReplayCommand.self,
            AgentsCommand.self, ApprovalsCommand.self, SignalsCommand.self,
            VersionCommand.self,
        ])
}

/// How the program ends.
enum ExitStatus {
    static let failure: Int32 = 1
    static let denied: Int32 = 2
    static let invalid: Int32 = 3
    /// What is wrong with verbs that compare or judge, and never deny.
    static let trouble: Int32 = 2

    /// Verbs that end with `trouble` when their arguments are wrong, as their help says.
    private static let judging = [
        LogCommand._commandName, EvalCommand._commandName, ReplayCommand._commandName,
    ]

    /// How a verb ends whose arguments are wrong.
    static func wrongArguments(of verb: String?) -> Int32 {
        verb.map(judging.contains) == true ? trouble : invalid
    }
}

@main
enum Main {
    /// Free of the main actor, so that nothing started from here is bound to it.
    nonisolated static func main() {
        var verb: any ParsableCommand.Type = Portcullis.self
        do {
            var command = try Portcullis.parseAsRoot()
            verb = type(of: command)
            try command.run()
        } catch {
            end(error, of: verb)
        }
    }

    private nonisolated static func end(
        _ error: any Error, of verb: any ParsableCommand.Type
    ) -> Never {
        if let failure = error as? ConfigurationFailure {
            Output.error("\(failure)\n")
            exit(ExitStatus.invalid)
        }
        if error is Invalid { exit(ExitStatus.invalid) }
        guard let message = ArgumentMessage.text(error, of: verb) else {
            Portcullis.exit(withError: error)
        }
        Output.error(message)
        exit(ExitStatus.wrongArguments(of: CommandLine.arguments.dropFirst().first))
    }
}

/// What is wrong with arguments, and how to use the verb: the same whether the parser finds it or
/// the verb itself, later.
enum ArgumentMessage {
    /// - Parameter verb: the one that was parsed, or the program when none was.
    /// - Returns: nil when the error is about something else.
    static func text(_ error: any Error, of verb: any ParsableCommand.Type) -> String? {
        guard let late = error as? ValidationError else {
            guard Portcullis.exitCode(for: error) == .validationFailure else { return nil }
            let text = Portcullis.fullMessage(for: error)
            let prefix = "Error: "
            return (text.hasPrefix(prefix) ? "error: " + text.dropFirst(prefix.count) : text) + "\n"
        }
        let usage = Portcullis.usageString(for: verb)
        let name = usage.split(separator: " ").prefix { !$0.hasPrefix("<") && !$0.hasPrefix("[") }
            .joined(separator: " ")
        return """
            error: \(late.message)
            Usage: \(usage)
              See '\(name) --help' for more information.

            """
    }
}

enum Version {
    static let number = "0.1.0"
    static let text = "portcullis \(number)"
}
