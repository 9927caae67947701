// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Authorization
import DecisionLog
import Glibc
import LogReading
import Platform
import Server
import TransparencyLog

struct LogEraseCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "erase",
        abstract: "Erase texts beside the log: prompts, arguments, bodies.",
        discussion: """
            Overwrites the texts and their salts, so that their hashes in the log tell nothing. \
            The log stays as it is and gets a record of kind `erasure`: at once, or within a \
            minute from the server that has it open. Texts of records that were pruned are found \
            by --decision and by times; by --agent only with the --archive that has the records: \
            when some may be left, it says so (`erasure_incomplete`).

            Exits with 1 when nothing fits, when some may be left, and on errors.

            portcullis log erase --agent '*/researcher' --until 2026-11-01T00:00:00Z
            """)

    @OptionGroup var configuration: ConfigurationOption

    @Option(name: .long, parsing: .singleValue, help: "A decision's id. May be repeated.")
    var decision: [String] = []

    @Option(name: .long, help: "All decisions about this agent; `*` stands for any characters.")
    var agent = ""

    @Option(
        name: [.customLong("since"), .customLong("from")],
        help: "From here on: `10m`, `2h`, `7d` ago, or RFC 3339.")
    var since: String?

    @Option(name: .long, help: "Before here: as `--since`.")
    var until: String?

    @Option(name: .long, help: "A folder to which entry bundles were moved. May be repeated.")
    var archive: [String] = []

    @Option(name: .long, help: "Why; goes into the log.")
    var reason = ""

    func validate() throws {
        for text in decision where !Self.isID(text) {
            throw ValidationError("expected a decision id, got `\(text)`")
        }
        if decision.isEmpty && agent.isEmpty && since == nil && until == nil {
            throw ValidationError("expected --decision, --agent, --since or --until")
        }
        _ = try selection(SystemClock().wall())
    }

    /// Whether a text is a UUID, as ids are written.
    private static func isID(_ text: String) -> Bool {
        let lengths = text.split(separator: "-", omittingEmptySubsequences: false).map(\.utf8.count)
        return lengths == [8, 4, 4, 4, 12] && text.allSatisfy { $0 == "-" || $0.isHexDigit }
    }

    func run() throws {
        let settings = try configuration.load().log
        do {
            let now = SystemClock().wall()
            let selection = try selection(now)
            let content = try StorageFolder(settings.contentDirectory, creating: false)
            let erasure = Erasure(selection, in: content, now: now)
            do {
                try erase(settings, erasure)
            } catch {
                // What is gone is gone, and the log tells it.
                if erasure.report.erased > 0 {
                    try keep(erasure.report, selection, settings, content)
                }
                throw error
            }
            let report = erasure.report
            if report.erased + report.missing > 0 {
                try keep(report, selection, settings, content)
            }
            try judge(report, selection)
        } catch let code as ExitCode {
            throw code
        } catch {
            throw Failure.report(error)
        }
    }

    /// Leaves a record of what was erased, and says so.
    private func keep(
        _ report: Erasure.Report, _ selection: ErasureSelection, _ settings: Configuration.Log,
        _ content: StorageFolder
    ) throws {
        try ContentEraser(content).leaveNote(record(report, selection))
        let isRecorded = try addRecord(settings, content)
        Output.print(
            """
            erased: \(report.erased) texts; gone before: \(report.missing)
            \(isRecorded ? "recorded in the log" : "the server that has the log records it")

            """)
    }

    /// Whether all that was asked for was done.
    private func judge(_ report: Erasure.Report, _ selection: ErasureSelection) throws {
        if report.unknown > 0 {
            Output.error(
                "\(report.unknown) texts may be left: their records, which name the agent, are not "
                    + "in the log, because they were pruned (erasure_incomplete)\n"
                    + "  hint: give the --archive that has the records, or erase by --decision or "
                    + "by times alone\n")
            throw ExitCode(ExitStatus.failure)
        }
        guard report.erased + report.missing > 0 else {
            Output.error("nothing fits: no text was erased (erasure_empty)\n")
            throw ExitCode(ExitStatus.failure)
        }
        for id in selection.decisions.subtracting(report.found).sorted() {
            Output.error("note: no text of `\(id)` is there\n")
        }
    }

    private func selection(_ now: Int64) throws -> ErasureSelection {
        var selection = ErasureSelection()
        selection.decisions = Set(decision.map { $0.lowercased() })
        if !agent.isEmpty {
            let pattern = Pattern(agent)
            selection.agent = { pattern.matches($0) }
        }
        if let since { selection.from = try Moment.argument(since, "--since", now: now) }
        if let until { selection.until = try Moment.argument(until, "--until", now: now) }
        return selection
    }

    private func erase(_ settings: Configuration.Log, _ erasure: Erasure) throws {
        let tiles = try LogFolder(settings.directory, archives: archive)
        let key = try LogKey.load(settings).verifierKey
        guard try tiles.read(TilePath.checkpoint) != nil else {
            throw LogError(.missingLog, "no log at `\(settings.directory)`")
        }
        let view = try LogView(tiles, keys: LogKey.history(settings.key) + [key])
        defer { view.destroy() }
        let progress = Progress("looked at")
        try erasure.run(
            tiles, prunedBelow: view.prunedBelow, keeping: view.kept, size: view.size,
            progress: { progress.read($0, of: $1) })
    }

    private func record(
        _ report: Erasure.Report, _ selection: ErasureSelection
    ) -> ErasureRecord {
        var record = ErasureRecord(report)
        record.decisions = decision
        record.agent = agent
        // Records tell times since 1970.
        if since != nil { record.from = max(0, selection.from) }
        if until != nil { record.until = max(0, selection.until) }
        record.reason = reason
        return record
    }

    /// - Returns: false when a server has the log.
    private func addRecord(_ settings: Configuration.Log, _ content: StorageFolder) throws -> Bool {
        do throws(LogError) {
            let log = try Self.open(settings, content)
            try log.takeErasures()
            try log.close()
            return true
        } catch let error where error.code == .locked {
            return false
        }
    }

    private static func open(
        _ settings: Configuration.Log, _ content: StorageFolder
    ) throws(LogError) -> LocalLog {
        let folders: LocalLog.Folders
        do {
            folders = LocalLog.Folders(
                log: try StorageFolder(settings.directory, creating: false),
                journal: try StorageFolder(settings.journal, creating: false))
        } catch {
            throw LogError(.storage, error.description)
        }
        return try LocalLog.open(
            folders, signer: try LogKey.load(settings),
            settings.options, content: try ContentStore(content, settings.content))
    }
}

extension ErasureRecord {
    /// A record of what this user erased just now.
    init(_ report: Erasure.Report) {
        let now = SystemClock().wall()
        let random = (UInt64.random(in: 0...(.max)), UInt64.random(in: 0...(.max)))
        self.init(id: DecisionID(time: now, random: random), time: now)
        by = "unix:\(getuid())"
        erased = report.erased
        missing = report.missing
    }
}
