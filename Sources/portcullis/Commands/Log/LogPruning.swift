// SPDX-License-Identifier: Apache-2.0
import DecisionLog
import LogReading
import Platform
import Responders
import Server
import TransparencyLog

/// What may go of a log, and what must stay of it.
struct LogPruning {
    /// The first entry that is not touched.
    private(set) var end: Int
    /// What stays of the entries below.
    private(set) var kept = KeptEntries()
    /// The entry from which on responders need the log, when that is what bounds `end`.
    private(set) var responders: Int?
    /// Whether more stays because an agent is isolated for having too many marks.
    private(set) var isCrowded = false
    /// Entries below `end` that are younger than the agents' history reaches back.
    private(set) var young = 0
    /// The first record that is not older than what was asked for.
    private(set) var boundary: Int?
    /// Texts that were erased with their records; nil when texts were not looked for.
    private(set) var erased: Int?

    /// - Parameter end: what is wanted; only whole bundles go.
    init(_ view: LogView<LogFolder>, below end: Int) {
        self.end = min(end, view.size) / LogLimits.tileWidth * LogLimits.tileWidth
    }

    /// All that is older than a moment. Each record that is to go is read: the clock may have been
    /// set back.
    ///
    /// - Parameter moment: nanoseconds since 1970.
    init(_ view: LogView<LogFolder>, olderThan moment: Int64) throws {
        let first = try view.firstYoung(since: moment)
        self.init(view, below: first)
        if first < view.size { boundary = first }
    }

    /// Erases the texts of records that are about to be deleted: afterwards nobody could tell
    /// whose they are.
    ///
    /// - Parameter directory: the log's folder. Texts lie beside the configured log alone.
    mutating func eraseTexts(
        _ settings: Configuration, _ directory: String, _ view: LogView<LogFolder>
    ) throws {
        guard StorageFolder.isSame(directory, settings.log.directory),
            StorageFolder.exists(settings.log.contentDirectory)
        else { return }
        let content = try StorageFolder(settings.log.contentDirectory, creating: false)
        var selection = ErasureSelection()
        selection.end = end
        selection.except = Set(kept.entries.map(\.index))
        let erasure = Erasure(selection, in: content, now: SystemClock().wall())
        let progress = Progress("erased texts of")
        defer { erased = erasure.report.erased }
        do {
            try erasure.run(
                view.source, prunedBelow: view.prunedBelow, keeping: view.kept, size: view.size,
                progress: { progress.read($0, of: $1) })
        } catch {
            try Self.note(erasure.report, content)
            throw error
        }
        try Self.note(erasure.report, content)
    }

    /// The log's server, or its next start, makes a record of it.
    private static func note(_ report: Erasure.Report, _ content: StorageFolder) throws {
        guard report.erased > 0 else { return }
        var record = ErasureRecord(report)
        record.reason = "their records were pruned"
        try ContentEraser(content).leaveNote(record)
    }

    /// Finds out what the next start, and responders, still need of what is to go.
    mutating func protect(
        _ settings: Configuration, _ folder: LogFolder, _ view: LogView<LogFolder>
    ) throws {
        try stopBeforeResponders(settings)
        let now = SystemClock().wall()
        let progress = Progress("looked at")
        let plan = try LastingRecords.find(
            folder, from: try view.firstWhole(), keeping: view.kept, below: end, size: view.size,
            now: now, progress: { progress.report($0, $1) })
        isCrowded = plan.end < end
        end = min(end, plan.end / LogLimits.tileWidth * LogLimits.tileWidth)
        kept = plan.kept
        let recent = try view.firstIndex(since: now - settings.agents.lookBack)
        if settings.agents.maximum > 0 {
            young = max(0, end - max(recent, try view.firstPresent()))
        }
    }

    private mutating func stopBeforeResponders(_ settings: Configuration) throws {
        guard !settings.responders.isEmpty, StorageFolder.exists(settings.log.responders) else {
            return
        }
        let folder = try StorageFolder(settings.log.responders, creating: false)
        guard
            let position = try ResponderService.position(
                in: folder, origin: settings.log.origin), position < end
        else { return }
        end = position / LogLimits.tileWidth * LogLimits.tileWidth
        responders = position
    }

    /// For people.
    var lines: [String] {
        var lines: [String] = []
        if let boundary {
            lines.append("not touched: entries from \(end) on, because \(boundary) is not older")
        }
        if let erased { lines.append("erased: \(erased) texts of the records") }
        if !kept.entries.isEmpty {
            lines.append(
                "kept: \(kept.entries.count) of the records, because they still hold "
                    + "(restrictions, labels, signals, approvals)")
        }
        if let responders {
            lines.append(
                "not touched: entries from \(end) on, because responders are at \(responders)")
        }
        if isCrowded {
            lines.append(
                "not touched: entries from \(end) on, because an agent is isolated for having more "
                    + "labels or restrictions than there is room for, which only all of them show")
        }
        if young > 0 {
            lines.append(
                "note: some \(young) of the records are younger than agents.look_back; what the "
                    + "agents' history (counts, reputation, habits) owes to them is forgotten at "
                    + "the next start")
        }
        return lines
    }
}
