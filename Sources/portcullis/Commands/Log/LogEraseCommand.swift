// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Authorization
import DecisionLog
import Foundation
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
            minute from the server that has it open.

            portcullis log erase --agent spiffe://acme.example/agent/a --until 2026-11-01T00:00:00Z
            """)

    @OptionGroup var configuration: ConfigurationOption

    @Option(name: .long, parsing: .singleValue, help: "A decision's id. May be repeated.")
    var decision: [String] = []

    @Option(name: .long, help: "All decisions about this agent.")
    var agent = ""

    @Option(name: .long, help: "From this time on: `2026-11-01T00:00:00Z`.")
    var from: String?

    @Option(name: .long, help: "Before this time.")
    var until: String?

    @Option(name: .long, help: "A folder to which entry bundles were moved. May be repeated.")
    var archive: [String] = []

    @Option(name: .long, help: "Why; goes into the log.")
    var reason = ""

    func validate() throws {
        for text in [from, until].compactMap({ $0 }) where Self.time(text) == nil {
            throw ValidationError("expected a time as `2026-11-01T00:00:00Z`, got `\(text)`")
        }
        for text in decision where UUID(uuidString: text) == nil {
            throw ValidationError("expected a decision id, got `\(text)`")
        }
        if decision.isEmpty && agent.isEmpty && from == nil && until == nil {
            throw ValidationError("expected --decision, --agent, --from or --until")
        }
    }

    func run() throws {
        let settings = try configuration.load().log
        do {
            let now = SystemClock().wall()
            let content = try StorageFolder(settings.contentDirectory, creating: false)
            let report = try erase(settings, content, now)
            try ContentEraser(content).leaveNote(record(report, now))
            let isRecorded = try addRecord(settings, content)
            Output.print(
                """
                erased: \(report.erased) texts; gone before: \(report.missing)
                \(isRecorded ? "recorded in the log" : "the server that has the log records it")

                """)
        } catch {
            throw Failure.report(error)
        }
    }

    private func erase(
        _ settings: Configuration.Log, _ content: StorageFolder, _ now: Int64
    ) throws -> Erasure.Report {
        var selection = ErasureSelection()
        selection.decisions = Set(decision.map { $0.lowercased() })
        selection.agent = agent
        selection.from = from.flatMap(Self.time) ?? .min
        selection.until = until.flatMap(Self.time) ?? .max
        let tiles = try LogFolder(settings.directory, archives: archive)
        let key = try LogKey.load(settings.key, origin: settings.origin).verifierKey
        guard try tiles.read(TilePath.checkpoint) != nil else {
            throw LogError(.missingLog, "no log at `\(settings.directory)`")
        }
        let view = try LogView(tiles, keys: LogKey.history(settings.key) + [key])
        defer { view.destroy() }
        let progress = Progress("looked at")
        return try Erasure.run(
            tiles, from: view.firstKept, size: view.size, selection, in: content, now: now,
            progress: { progress.read($0, of: $1) })
    }

    private func record(_ report: Erasure.Report, _ now: Int64) -> ErasureRecord {
        let random = (UInt64.random(in: 0...(.max)), UInt64.random(in: 0...(.max)))
        var record = ErasureRecord(
            id: DecisionID(milliseconds: UInt64(now / 1_000_000), random: random), time: now)
        record.decisions = decision
        record.agent = agent
        record.from = from.flatMap(Self.time)
        record.until = until.flatMap(Self.time)
        record.by = "unix:\(getuid())"
        record.reason = reason
        record.erased = report.erased
        record.missing = report.missing
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
            folders, signer: try LogKey.load(settings.key, origin: settings.origin),
            settings.options, content: try ContentStore(content, settings.content))
    }

    private static func time(_ text: String) -> Int64? {
        let styles = [
            Date.ISO8601FormatStyle(), Date.ISO8601FormatStyle(includingFractionalSeconds: true),
        ]
        for style in styles {
            if let date = try? style.parse(text) {
                return Int64((date.timeIntervalSince1970 * 1e9).rounded())
            }
        }
        return nil
    }
}
