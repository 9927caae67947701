// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import DecisionLog
import LogReading
import Platform
import Server
import TransparencyLog

struct LogPruneCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune",
        abstract: "Compress old records, move them away, or delete them; hashes stay.",
        discussion: """
            Works on whole bundles of 256 records, also while the server runs. Every proof that \
            was given still holds; `verify` says what is not there. Records that still hold \
            (restrictions, labels, signals, open approvals) are kept, and what responders have \
            not done with is not touched. All else that is deleted can no longer be shown, \
            replayed, or counted in an agent's history.

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
        if let before { _ = try Moment.argument(before, "--before", now: SystemClock().wall()) }
    }

    func run() throws {
        try LogFailure.reported(format) {
            let settings = try configuration.load()
            do {
                let signer = try LogKey.load(settings.log)
                let folder = try LogFolder(directory)
                let view = try LogView(folder, keys: [signer.verifierKey])
                defer { view.destroy() }
                var plan = try plan(view)
                if action != .compress { try plan.protect(settings, folder, view) }
                if action == .delete { try plan.eraseTexts(settings, directory, view) }
                let progress = Progress("pruned")
                let outcome = try LogRetention(directory, signer: signer).apply(
                    action, below: plan.end, keeping: plan.kept,
                    progress: { progress.report($0, $1) })
                report(outcome, plan)
            } catch let error as LogError {
                throw Failure.report(error)
            } catch let error as ContextRebuild.Failure {
                Output.error("nothing was pruned: \(error)\n  hint: \(error.hint)\n")
                throw ExitCode(ExitStatus.failure)
            }
        }
    }

    private var action: LogRetention.Action {
        if let moveTo { return .move(to: moveTo) }
        return delete ? .delete : .compress
    }

    private func plan(_ view: LogView<LogFolder>) throws -> LogPruning {
        if let keep { return LogPruning(view, below: max(0, view.size - keep)) }
        let moment = try Moment.argument(before ?? "", "--before", now: SystemClock().wall())
        // Compressing takes nothing away, so that it need not be exact.
        guard action != .compress else {
            return LogPruning(view, below: try view.likelyIndex(since: moment))
        }
        return try LogPruning(view, olderThan: moment)
    }

    private func report(_ outcome: LogRetention.Outcome, _ plan: LogPruning) {
        switch format {
        case .text:
            Output.print(
                "\(outcome.bundles) bundles of 256 records: \(outcome.bytesBefore) bytes before, "
                    + "\(outcome.bytesAfter) in the log now\n")
            for line in plan.lines { Output.print(line + "\n") }
        case .json:
            Output.print(
                LogJSON.text {
                    $0.field("bundles", outcome.bundles)
                    $0.field("bytes_before", outcome.bytesBefore)
                    $0.field("bytes_after", outcome.bytesAfter)
                    $0.field("kept_records", plan.kept.entries.count)
                    if let position = plan.responders { $0.field("responders_need", position) }
                    $0.field("young_records", plan.young)
                    if let erased = plan.erased { $0.field("erased_texts", erased) }
                })
        }
    }
}
