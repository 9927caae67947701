// SPDX-License-Identifier: Apache-2.0
import Authorization
import DecisionLog
import Platform
import RegoVM
import TransparencyLog

/// Which decisions' texts are to be erased.
public struct ErasureSelection: Sendable {
    /// Ids of decisions or approvals; when there are any, agent and times are not looked at.
    public var decisions: Set<String> = []
    /// Which agents are meant; nil for every one.
    public var agent: (@Sendable (String) -> Bool)?
    /// Nanoseconds since 1970.
    public var from = Int64.min
    /// The first moment that is not meant.
    public var until = Int64.max
    /// The first entry of the log that is not meant.
    public var end = Int.max
    /// Entries that are not meant.
    public var except: Set<Int> = []

    public init() {}

    func selects(_ text: RecordedText, _ entry: ReplayEntry) -> Bool {
        guard entry.index < end, !except.contains(entry.index) else { return false }
        if !decisions.isEmpty { return !ids(text).isEmpty }
        return (agent?(entry.agent) ?? true) && holds(text.time)
    }

    func holds(_ time: Int64) -> Bool { time >= from && time < until }

    /// The ids of the selection that name the text.
    func ids(_ text: RecordedText) -> [String] {
        [text.owner.description, text.decision?.description ?? ""].filter(decisions.contains)
    }
}

/// Erases the texts of selected decisions.
public final class Erasure {
    /// What became of the selected texts.
    public struct Report: Equatable, Sendable {
        public var erased = 0
        /// Erased before, or removed by retention.
        public var missing = 0
        /// Texts that may be meant: their records, which name the agent, are not here.
        public var unknown = 0
        /// Ids of the selection that a text was found for, or the place of one.
        public var found: Set<String> = []

        public init() {}
    }

    /// Up to date also after a failure.
    public private(set) var report = Report()
    private let selection: ErasureSelection
    private let eraser: ContentEraser
    private let now: Int64
    /// Whose records were looked at.
    private var known: Set<DecisionID> = []
    /// Of the last record that was looked at.
    private var lastTime = Int64.min

    /// - Parameters:
    ///   - content: the texts beside the log.
    ///   - now: nanoseconds since 1970.
    public init(_ selection: ErasureSelection, in content: any Storage, now: Int64) {
        self.selection = selection
        eraser = ContentEraser(content)
        self.now = now
    }

    /// Looks at all records of a log that are there, then at texts whose records are not.
    ///
    /// - Parameters:
    ///   - bound: entries below it may be absent: the log says that it keeps them no more.
    ///   - kept: what it keeps of them.
    ///   - size: entries of the log's checkpoint.
    ///   - progress: is told of each entry that is looked at.
    /// - Throws: `ContextRebuild.Failure` for an entry that cannot be read; what reading the log
    ///   and writing to the texts throws.
    public func run(
        _ tiles: some TileSource, prunedBelow bound: Int = 0, keeping kept: KeptEntries = .init(),
        size: Int, progress: (_ index: Int, _ size: Int) -> Void = { _, _ in }
    ) throws {
        let arena = Arena()
        defer { arena.destroy() }
        let end = min(selection.end, size)
        var present = 0
        let reader = EntryReader(tiles, size: size, prunedBelow: bound, keeping: kept)
        try reader.scan(
            0..<end,
            kept: { index, bytes in
                try self.add(index, bytes, arena, isPruned: true)
                return true
            },
            while: { index, bytes in
                progress(index, end)
                if index < bound { present += 1 }
                try add(index, bytes, arena, isPruned: bound > 0)
                return true
            })
        guard selection.end == .max else { return }
        try eraseWithoutRecords(isPruned: present < min(bound, end))
    }

    private func add(
        _ index: Int, _ bytes: UnsafeRawBufferPointer, _ arena: Arena, isPruned: Bool
    ) throws {
        arena.reset()
        let entry: ReplayEntry?
        do throws(ContextRecord.Unreadable) {
            entry = try ReplayEntry(index, bytes, arena)
        } catch {
            throw ContextRebuild.Failure(entry: index, reason: error.reason)
        }
        guard let entry, let text = entry.text else { return }
        lastTime = max(lastTime, text.time)
        // Memory only where texts without records are looked for.
        if isPruned, selection.agent != nil { known.insert(text.owner) }
        guard selection.selects(text, entry) else { return }
        report.found.formUnion(selection.ids(text))
        count(try eraser.erase(text.reference, of: text.owner, at: now))
    }

    private func count(_ outcome: ContentEraser.Outcome) {
        switch outcome {
        case .erased: report.erased += 1
        case .erasedBefore, .missing: report.missing += 1
        }
    }

    /// Texts of records that the log has pruned, or not published yet: they bear an id and a time,
    /// and no agent.
    private func eraseWithoutRecords(isPruned: Bool) throws {
        let isByID = !selection.decisions.isEmpty
        let ids = selection.decisions.subtracting(report.found)
        guard isByID ? !ids.isEmpty : isPruned else { return }
        var texts: [ContentEraser.StoredText] = []
        try eraser.forEachText { text in
            if isByID {
                if ids.contains(text.id.description) { texts.append(text) }
            } else if !text.isErased, selection.holds(text.time) {
                guard selection.agent != nil else { return texts.append(text) }
                // What came after the last published record is not pruned.
                if !known.contains(text.id), text.time <= lastTime || known.isEmpty {
                    report.unknown += 1
                }
            }
        }
        for text in texts {
            if isByID { report.found.insert(text.id.description) }
            count(try eraser.erase(text, at: now))
        }
    }
}
