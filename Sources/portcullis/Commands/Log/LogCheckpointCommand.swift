// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import CheckpointSharing
import DecisionLog
import Platform
import TransparencyLog

struct LogCheckpointCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "checkpoint",
        abstract: "Print the log's checkpoint, and share it now.",
        discussion: """
            With --share it goes where `log.checkpoints` and `log.witnesses` say, also while the \
            server runs. Exits with 1 when one of them fails.

            portcullis log checkpoint --share --config portcullis.yaml >kept.checkpoint
            """)

    @OptionGroup var configuration: ConfigurationOption

    @Flag(name: .long, help: "Send it to the configured file, URL and witnesses.")
    var share = false

    func run() throws {
        let log = try configuration.load().log
        let outcome: ([SharingError], [String])
        do {
            let key = try LogKey.load(log).verifierKey
            outcome = share ? try sharing(log, key) : ([], [])
            let tiles = StorageTiles(try StorageFolder(log.directory, creating: false))
            let note = try tiles.read(TilePath.checkpoint) ?? []
            _ = try Checkpoint(note: note, key: key, at: TilePath.checkpoint)
            Output.print(note)
        } catch {
            throw Failure.report(error)
        }
        for label in outcome.1 { Output.error("cosigned by `\(label)`\n") }
        for error in outcome.0 { Output.error("\(error) (\(error.code.rawValue))\n") }
        if !outcome.0.isEmpty { throw ExitCode(ExitStatus.failure) }
    }

    private func sharing(
        _ log: Configuration.Log, _ key: VerifierKey
    ) throws -> ([SharingError], [String]) {
        guard let sharer = try log.sharer(key) else {
            throw LogError(
                .content, "nowhere to share it with",
                hint: "set `log.checkpoints.file`, `log.checkpoints.push` or `log.witnesses`")
        }
        let outcome = sharer.share()
        return (outcome.errors, outcome.cosigned)
    }
}
