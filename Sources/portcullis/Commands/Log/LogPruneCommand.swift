// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import DecisionLog
import LogReading
import Platform
import TransparencyLog

struct LogPruneCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune",
        abstract: "Compress old records, move them away, or delete them; hashes stay.",
        discussion: """
            Works on whole bundles of 256 records, also while the server runs. Every proof that \
            was given still holds; `verify` says what is not there. What is deleted can no longer \
            be shown, replayed, or rebuilt from.

            portcullis log prune log --before 30d --compress
            portcullis log prune log --keep 1000000 --move-to /mnt/archive
            """)

    @Argument(help: "The log's folder: `checkpoint` and `tile/...`.")
    var directory: String

    @OptionGroup var configuration: ConfigurationOption

    @Option(name: .long, help: "Records older than this: `30d`, `12h`, or RFC 3339.")
    var before: String?

    @Option(name: .long, help: "All but so many of the newest records.")
    var keep: Int?

    @Flag(name: .long, help: "Compress them where they are (the default).")
    var compress = false

    @Option(name: .long, help: "Move them to this folder, compressed.")
    var moveTo: String?

    @Flag(name: .long, help: "Delete them.")
    var delete = false

    @Option(name: .long, help: "text or json.")
    var format = ReportFormat.text

    func validate() throws {
        guard (before == nil) != (keep == nil) else {
            throw ValidationError("expected either --before or --keep")
        }
        guard [compress, moveTo != nil, delete].count(where: { $0 }) <= 1 else {
            throw ValidationError("expected one of --compress, --move-to and --delete")
        }
        if let keep, keep < 0 { throw ValidationError("--keep: expected a number of records") }
    }

    func run() throws {
        try LogFailure.reported(format) {
            let settings = try configuration.load().log
            do {
                let signer = try LogKey.load(settings.key, origin: settings.origin)
                let end = try end([signer.verifierKey])
                let progress = Progress("pruned")
                let outcome = try LogRetention(directory, signer: signer).apply(
                    action, below: end, progress: { progress.report($0, $1) })
                report(outcome)
            } catch let error as LogError {
                throw Failure.report(error)
            }
        }
    }

    private var action: LogRetention.Action {
        if let moveTo { return .move(to: moveTo) }
        return delete ? .delete : .compress
    }

    private func end(_ keys: [VerifierKey]) throws -> Int {
        let view = try LogView(try LogFolder(directory), keys: keys)
        defer { view.destroy() }
        if let keep { return max(0, view.size - keep) }
        guard let before, let moment = Moment.parse(before, now: SystemClock().wall()) else {
            throw ValidationError(
                "--before: expected `30d` or a time such as `2026-11-22T15:00:00Z`, "
                    + "got `\(before ?? "")`")
        }
        return try view.firstIndex(since: moment)
    }

    private func report(_ outcome: LogRetention.Outcome) {
        switch format {
        case .text:
            Output.print(
                "\(outcome.bundles) bundles of 256 records: \(outcome.bytesBefore) bytes before, "
                    + "\(outcome.bytesAfter) in the log now\n")
        case .json:
            Output.print(LogJSON.text {
                $0.field("bundles", outcome.bundles)
                $0.field("bytes_before", outcome.bytesBefore)
                $0.field("bytes_after", outcome.bytesAfter)
            })
        }
    }
}
