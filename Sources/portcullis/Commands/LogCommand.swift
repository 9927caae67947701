// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import DecisionLog
import Platform
import TransparencyLog

struct LogCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "log", abstract: "Print the log's key, check a log, or begin one.",
        discussion: """
            portcullis log verify log --vkey "$(portcullis log vkey)"
            """,
        subcommands: [LogVerifierKeyCommand.self, LogVerifyCommand.self, LogCreateCommand.self,
            LogEraseCommand.self,
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
            Output.print(try LogKey.load(log.key, origin: log.origin).verifierKey.text + "\n")
        } catch {
            throw Failure.report(error)
        }
    }
}

struct LogVerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check a whole log: signature, every entry, every tile, the root.",
        discussion: """
            Exits with 0 when the log is whole, with 3 when something is wrong with it.

            portcullis log verify /var/lib/portcullis/log --vkey example.org/log+33ee33cf+AZ...
            """)

    @Argument(help: "The log's folder: `checkpoint` and `tile/...`.")
    var directory: String

    @Option(name: .long, help: "The verifier key, as `log vkey` prints it.")
    var vkey: String

    @Option(
        name: .long, parsing: .singleValue,
        help: "A checkpoint seen before, with which the log must begin. May be repeated.")
    var checkpoint: [String] = []

    func run() throws {
        do {
            let key = try VerifierKey(vkey)
            var verifier = LogVerifier(key: key)
            for path in checkpoint {
                let note = try InputBytes.read(path)
                verifier.saved.append(try Checkpoint(note: note, key: key, at: path))
            }
            let storage = try StorageFolder(directory, creating: false)
            let report = try verifier.verify(StorageTiles(storage))
            Output.print(
                """
                log verified: \(report.checkpoint.size) entries of `\(report.checkpoint.origin)`
                root \(report.checkpoint.rootText)

                """)
        } catch let error as TransparencyError {
            Output.error("log refused: \(error) (\(error.code.rawValue))\n")
            throw ExitCode(ExitStatus.invalid)
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
            if try SecretFile.read(settings.key) == nil { try LogKey.create(settings.key) }
            let signer = try LogKey.load(settings.key, origin: settings.origin)
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

/// Errors that end a command.
enum Failure {
    /// Prints the error with its advice.
    static func report(_ error: any Error) -> ExitCode {
        Output.error("\(error)\n")
        if let hint = (error as? LogError)?.hint { Output.error("  hint: \(hint)\n") }
        return ExitCode(ExitStatus.failure)
    }
}
