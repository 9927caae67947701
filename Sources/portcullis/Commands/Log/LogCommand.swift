// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import DecisionLog
import Platform
import TransparencyLog

struct LogCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "log", abstract: "Check, read and keep the log of decisions.",
        discussion: """
            Exit codes of these verbs: 0 done, 1 not verified or failed, 2 wrong arguments.

            portcullis log verify log --vkey "$(portcullis log vkey)"
            portcullis log tail log -f --decision refused
            """,
        groupedSubcommands: [
            CommandGroup(
                name: "Checking",
                subcommands: [
                    LogVerifyCommand.self, LogProveCommand.self, LogVerifyProofCommand.self,
                ]),
            CommandGroup(
                name: "Reading",
                subcommands: [
                    LogShowCommand.self, LogTailCommand.self, LogGrepCommand.self,
                    LogExportCommand.self, LogGraphCommand.self, LogStatsCommand.self,
                ]),
            CommandGroup(
                name: "Keeping",
                subcommands: [
                    LogCreateCommand.self, LogVerifierKeyCommand.self,
                    LogCheckpointCommand.self, LogRotateKeyCommand.self, LogPruneCommand.self,
                    LogEraseCommand.self,
                ]),
        ])
}

struct LogVerifierKeyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vkey", abstract: "Print the key that checks this log's checkpoints.",
        discussion: "portcullis log vkey --config portcullis.yaml")

    @OptionGroup var configuration: ConfigurationOption

    func run() throws {
        let log = try configuration.load().log
        do {
            Output.print(try LogKey.load(log).verifierKey.text + "\n")
        } catch {
            throw Failure.report(error)
        }
    }
}

struct LogCreateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Make a signing key, if there is none, and an empty log.",
        discussion: """
            Never touches a log that is there.

            portcullis log create --config portcullis.yaml
            """)

    @OptionGroup var configuration: ConfigurationOption

    func run() throws {
        var settings = try configuration.load().log
        settings.options.permissions = .create
        do {
            if try !settings.hasLog && SecretFile.read(settings.key) == nil {
                try LogKey.create(settings.key)
            }
            let signer = try LogKey.load(settings)
            let log = try LocalLog.open(
                LocalLog.Folders(
                    log: try StorageFolder(settings.directory, creating: true),
                    journal: try StorageFolder(settings.journal, creating: true)),
                signer: signer, settings.options)
            try log.close()
            Output.print("log `\(settings.directory)`, key \(signer.verifierKey.text)\n")
        } catch {
            throw Failure.report(error)
        }
    }
}

extension LogKey {
    /// Reads the configured key.
    static func load(_ log: Configuration.Log) throws(LogError) -> NoteSigner {
        try load(log.key, origin: log.origin, hasLog: log.hasLog)
    }
}

extension Configuration.Log {
    /// Whether a log was begun here, of which at least a part is left.
    var hasLog: Bool {
        [directory, journal].contains { StorageFolder.exists($0 + "/" + TilePath.checkpoint) }
    }
}

/// Errors that end a command.
enum Failure {
    /// Prints the error with its advice.
    static func report(_ error: any Error) -> ExitCode {
        Output.error("\(error)\n")
        if let hint = (error as? LogError)?.hint { Output.error("  hint: \(hint)\n") }
        return ExitCode(ExitStatus.failure)
    }
}
