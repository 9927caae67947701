// SPDX-License-Identifier: Apache-2.0
import Authorization
import DecisionLog
import Platform
import RegoVM
import TransparencyLog

/// Which decisions' texts are to be erased.
public struct ErasureSelection: Sendable {
    /// Decision ids; when there are any, nothing else is looked at.
    public var decisions: Set<String> = []
    /// Empty: every agent's.
    public var agent = ""
    /// Nanoseconds since 1970.
    public var from = Int64.min
    /// The first moment that is not meant.
    public var until = Int64.max

    public init() {}

    /// Without any condition everything would be meant.
    public var isEmpty: Bool {
        decisions.isEmpty && agent.isEmpty && from == .min && until == .max
    }

    func selects(_ decision: RecordedDecision, of agent: String) -> Bool {
        if !decisions.isEmpty { return decisions.contains(decision.id.description) }
        return (self.agent.isEmpty || self.agent == agent) && decision.time >= from
            && decision.time < until
    }
}

/// Erases the texts of selected decisions.
public enum Erasure {
    /// What became of the selected texts.
    public struct Report: Equatable, Sendable {
        public var erased = 0
        public var missing = 0
        public init() {}
    }

    /// - Parameters:
    ///   - first: entries below it are not there any more.
    ///   - size: entries of the log's checkpoint.
    ///   - now: nanoseconds since 1970.
    ///   - progress: is told of each entry that is looked at.
    public static func run(
        _ tiles: some TileSource, from first: Int = 0, size: Int, _ selection: ErasureSelection,
        in content: any Storage, now: Int64,
        progress: (_ index: Int, _ size: Int) -> Void = { _, _ in }
    ) throws -> Report {
        var report = Report()
        let eraser = ContentEraser(content)
        let arena = Arena()
        defer { arena.destroy() }
        try EntryReader(tiles, size: size).forEach(in: min(first, size)..<size) { index, bytes in
            progress(index, size)
            arena.reset()
            let entry: ReplayEntry?
            do throws(ContextRecord.Unreadable) {
                entry = try ReplayEntry(index, bytes, arena)
            } catch {
                throw ContextRebuild.Failure(entry: index, reason: error.reason)
            }
            guard let entry, let decision = entry.decision,
                selection.selects(decision, of: entry.agent), let reference = decision.content
            else { return }
            switch try eraser.erase(reference, of: decision.id, at: now) {
            case .erased: report.erased += 1
            case .missing: report.missing += 1
            }
        }
        return report
    }
}
