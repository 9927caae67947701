// SPDX-License-Identifier: Apache-2.0
import Compression
import Glibc
import Platform
import ThreatIntelligence

/// The threat lists that counted once, beside the log: each record names those of its decision, and
/// replay looks them up here.
struct ThreatHistory {
    /// Lists that are kept; the oldest go first.
    private static let maximum = 256
    /// Bytes of one, not compressed.
    private static let limit = 1 << 30
    private static let suffix = ".gz"

    let folder: String

    /// Keeps lists; those that are there already are not written again.
    func keep(_ snapshot: ThreatSnapshot) throws {
        guard !snapshot.bytes.isEmpty, snapshot.bytes.count <= Self.limit else { return }
        let path = self.path(snapshot.revision)
        guard try FileReplacement.read(path) == nil else { return }
        try FileReplacement.makeFolder(folder)
        try FileReplacement.write(try Gzip.compress(snapshot.bytes), to: path, mode: 0o600)
        try forgetOldest()
    }

    /// - Returns: nil when they are not there, or not what they were.
    func index(_ revision: String) throws -> ThreatIndex? {
        guard revision.allSatisfy(\.isHexDigit),
            let compressed = try FileReplacement.read(path(revision)),
            let bytes = try? Gunzip.read(compressed, limit: Self.limit)
        else { return nil }
        let snapshot = ThreatSnapshot(bytes: bytes)
        guard snapshot.revision == revision, let lists = try? snapshot.lists() else { return nil }
        return try? ThreatIndex(lists, revision: revision)
    }

    private func path(_ revision: String) -> String { folder + "/" + revision + Self.suffix }

    private func forgetOldest() throws {
        let names = try StorageFolder(folder, creating: false).list("")
            .filter { $0.hasSuffix(Self.suffix) }
        guard names.count > Self.maximum else { return }
        let byAge = names.sorted { age($0) < age($1) }
        for name in byAge.prefix(names.count - Self.maximum) {
            try FileReplacement.remove(folder + "/" + name)
        }
    }

    /// When it was written, in seconds since 1970.
    private func age(_ name: String) -> Int {
        var status = stat()
        return stat(folder + "/" + name, &status) == 0 ? Int(status.st_mtim.tv_sec) : 0
    }
}

/// Threat lists for replay: by their revision, read once each.
final class ReplayThreats {
    /// Indexes that are held at once.
    private static let maximum = 8

    private let history: ThreatHistory
    private var known: [String: ThreatIndex?] = [:]

    init(_ history: ThreatHistory) { self.history = history }

    func add(_ index: ThreatIndex, _ revision: String) { known[revision] = index }

    func index(_ revision: String) throws -> ThreatIndex? {
        if let found = known[revision] { return found }
        if known.count >= Self.maximum { known.removeAll() }
        let index = try history.index(revision)
        known[revision] = .some(index)
        return index
    }
}

extension Configuration {
    /// nil when no text is kept by which a decision could be replayed.
    var threatHistory: ThreatHistory? {
        guard log.isEnabled, log.content.kept != .none else { return nil }
        return ThreatHistory(folder: log.threats)
    }
}
