// SPDX-License-Identifier: Apache-2.0
import Cryptography
import Glibc
import MemoryPlatform
import Platform
import Synchronization
import Testing
import TransparencyLog

@testable import DecisionLog

/// A log on storage in memory, and everything that a test knows of it.
final class LogFixture {
    let faults = StorageFaults()
    let log: StorageMemory
    let journal: StorageMemory
    var configuration = LogConfiguration()
    /// Records whose commit returned, in order; in durable mode those that were flushed.
    var acknowledged: [[UInt8]] = []
    /// Records whose commit was tried.
    var attempted: Set<[UInt8]> = []
    /// Every checkpoint that was ever published.
    var witnessed: [Checkpoint] = []
    private var nextRecord = 0

    static let signer = makeSigner("test")

    static func makeSigner(_ seed: String, name: String = "example.org/decisions") -> NoteSigner {
        do {
            let key = try Ed25519PrivateKey(seed: SHA256.hash(Array(seed.utf8)).bytes)
            return try NoteSigner(name: name, privateKey: key)
        } catch {
            fatalError("\(error)")
        }
    }

    init(durability: LogConfiguration.Durability = .buffered) {
        log = StorageMemory("log", faults: faults)
        journal = StorageMemory("journal", faults: faults)
        configuration.durability = durability
        configuration.permissions = .create
        configuration.segmentBytes = 20_000
    }

    var folders: LocalLog.Folders { .init(log: log, journal: journal) }

    /// Opens without threads: tests call `publish` and `flush` themselves.
    func open(_ signer: NoteSigner = LogFixture.signer) throws(LogError) -> LocalLog {
        try LocalLog.open(folders, signer: signer, configuration, clock: ManualClock())
    }

    /// A crash: the process is gone, the kernel is not.
    func crash() {
        faults.clear()
        log.endProcess()
        journal.endProcess()
    }

    /// A power loss: of what was not flushed any part is gone.
    ///
    /// - Parameter seed: chooses which, and gives further numbers below a limit.
    @discardableResult
    func cutPower(_ seed: Int) -> (Int) -> Int {
        var state = UInt64(seed)
        func choose(_ limit: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % limit
        }
        log.cutPower(choose)
        journal.cutPower(choose)
        return choose
    }

    /// A start that is killed after an operation, if it comes to it, and another one.
    func start(killedAfter operation: Int) throws {
        faults.plan(.killedAfter, at: operation, number: EIO)
        try? open().close()
        crash()
        try open().close()
    }

    /// Commits `count` new records; those that are safe in the mode count as acknowledged.
    func commit(_ count: Int, _ log: LocalLog, _ writer: LogWriter) throws(LogError) {
        var records: [[UInt8]] = []
        for _ in 0..<count {
            let record =
                Array("record \(nextRecord) ".utf8)
                + [UInt8](repeating: UInt8(ascii: "x"), count: nextRecord * 37 % 101)
            nextRecord += 1
            try append(record, writer)
            attempted.insert(record)
            records.append(record)
        }
        let ticket = try writer.commit()
        if configuration.durability == .durable { log.flush() }
        if writer.isDurable(ticket) { acknowledged += records }
    }

    func append(_ record: [UInt8], _ writer: LogWriter) throws(LogError) {
        let result = record.withUnsafeBytes { bytes in
            Result { () throws(LogError) in try writer.append(bytes) }
        }
        try result.get()
    }

    /// Remembers the checkpoint that readers see now.
    func witness() throws {
        guard let note = log.contents["checkpoint"] else { return }
        let checkpoint = try Checkpoint(
            note: note, key: Self.signer.verifierKey, at: "checkpoint")
        if witnessed.last != checkpoint { witnessed.append(checkpoint) }
    }

    /// All entries of the published log, after checking it as an auditor would.
    func verifiedEntries() throws -> [[UInt8]] {
        var verifier = LogVerifier(key: Self.signer.verifierKey)
        verifier.saved = witnessed
        let report = try verifier.verify(StorageTiles(log))
        var entries: [[UInt8]] = []
        try EntryReader(StorageTiles(log), size: report.checkpoint.size)
            .forEach(in: 0..<report.checkpoint.size) { _, entry in entries.append([UInt8](entry)) }
        return entries
    }

    /// Checks that every acknowledged record is in the log once, in order, and nothing is there
    /// that nobody tried to commit.
    func check(_ comment: Comment) throws {
        let entries = try verifiedEntries()
        #expect(Set(entries).count == entries.count, comment)
        #expect(attempted.isSuperset(of: entries), comment)
        let expected = Set(acknowledged)
        #expect(entries.filter(expected.contains) == acknowledged, comment)
        // Only what readers may see lies in the folder.
        #expect(
            log.contents.keys.allSatisfy { $0 == "checkpoint" || $0.hasPrefix("tile/") }, comment)
    }
}
