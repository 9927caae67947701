// SPDX-License-Identifier: Apache-2.0
import Glibc
import Platform
import Testing
import TransparencyLog

@testable import DecisionLog

@Suite("starts that must work, and starts that must not")
struct RecoveryTests {
    private func code(_ fixture: LogFixture) -> LogError.Code? {
        do throws(LogError) {
            try fixture.open().close()
            return nil
        } catch {
            return error.code
        }
    }

    /// A log with published and journaled records, whose process crashed.
    private func crashed() throws -> LogFixture {
        let fixture = LogFixture()
        let log = try fixture.open()
        let writer = log.makeWriter()
        try fixture.commit(300, log, writer)
        try log.publish()
        try fixture.witness()
        try fixture.commit(20, log, writer)
        try fixture.commit(30, log, writer)
        fixture.crash()
        return fixture
    }

    private func lastSegment(_ fixture: LogFixture) throws -> (path: String, bytes: [UInt8]) {
        let path = try #require(
            fixture.journal.contents.keys.filter { $0.hasSuffix(".journal") }.max())
        return (path, try #require(fixture.journal.contents[path]))
    }

    @Test("journaled records are in the log after a crash, and the report says how many")
    func crash() throws {
        let fixture = try crashed()
        let log = try fixture.open()
        #expect(log.recovery == .init(published: 300, recovered: 50, droppedBytes: 0))
        try log.close()
        try fixture.check("crash")
    }

    @Test("a journal torn anywhere in its last commit loses that commit alone")
    func torn() throws {
        let whole = try lastSegment(try crashed()).bytes
        let lastBatch = try #require(
            whole.indices.dropLast(4).last {
                Array(whole[$0..<($0 + 4)]) == Array("PJB1".utf8)
            })
        for cut in stride(from: lastBatch, to: whole.count, by: 13) {
            let fixture = try crashed()
            fixture.journal.tamper(try lastSegment(fixture).path, Array(whole[..<cut]))
            fixture.acknowledged.removeLast(30)
            let log = try fixture.open()
            #expect(log.recovery.recovered == 20)
            #expect(log.recovery.droppedBytes == cut - lastBatch)
            try log.close()
            try fixture.check("cut at \(cut)")
        }
    }

    @Test("a journal damaged before whole commits stops the start")
    func damaged() throws {
        let fixture = try crashed()
        let (path, bytes) = try lastSegment(fixture)
        let batches = bytes.indices.dropLast(4).filter {
            Array(bytes[$0..<($0 + 4)]) == Array("PJB1".utf8)
        }
        var bad = bytes
        bad[batches[batches.count - 2] + 60] ^= 1
        fixture.journal.tamper(path, bad)
        #expect(code(fixture) == .journalDamaged)
        #expect(code(fixture) == .journalDamaged)
        fixture.journal.tamper(path, bytes)
        #expect(code(fixture) == nil)
        try fixture.check("restored")
    }

    @Test("damage to what is published already does no harm")
    func damagedBefore() throws {
        let fixture = try crashed()
        let segments = fixture.journal.contents.filter { $0.key.hasSuffix(".journal") }
        let (path, bytes) = try #require(segments.min { $0.key < $1.key })
        var bad = bytes
        bad[SegmentHeader.length + 60] ^= 1
        fixture.journal.tamper(path, bad)
        #expect(code(fixture) == nil)
        try fixture.check("damaged before")
    }

    @Test("no log, and no permission to make one")
    func absent() throws {
        let fixture = LogFixture()
        fixture.configuration.permissions = []
        #expect(code(fixture) == .missingLog)
        #expect(fixture.log.contents.isEmpty && fixture.journal.contents.isEmpty)
    }

    @Test("a log whose folder vanished is not made anew, even with permission")
    func vanishedLog() throws {
        let fixture = try crashed()
        for path in fixture.log.contents.keys { fixture.log.tamper(path, nil) }
        #expect(code(fixture) == .missingLog)
    }

    @Test("a lost checkpoint, with tiles left and the journal gone")
    func lostCheckpoint() throws {
        let fixture = try crashed()
        for path in fixture.journal.contents.keys { fixture.journal.tamper(path, nil) }
        fixture.log.tamper("checkpoint", nil)
        #expect(code(fixture) == .missingLog)
    }

    @Test("a log without its journal needs a decision")
    func vanishedJournal() throws {
        let fixture = try crashed()
        for path in fixture.journal.contents.keys { fixture.journal.tamper(path, nil) }
        #expect(code(fixture) == .missingJournal)
        fixture.configuration.permissions = [.newJournal]
        #expect(code(fixture) == nil)
        fixture.configuration.permissions = []
        #expect(code(fixture) == nil)
        fixture.acknowledged.removeLast(50)
        try fixture.check("new journal")
    }

    @Test("a log rolled back to an older copy is refused")
    func rolledBack() throws {
        let fixture = LogFixture()
        var log = try fixture.open()
        try fixture.commit(100, log, log.makeWriter())
        try log.close()
        let copy = fixture.log.contents
        log = try fixture.open()
        try fixture.commit(100, log, log.makeWriter())
        try log.close()
        let now = fixture.log.contents
        for path in now.keys where copy[path] == nil { fixture.log.tamper(path, nil) }
        for (path, bytes) in copy { fixture.log.tamper(path, bytes) }
        #expect(code(fixture) == .checkpointDiffers)
        for (path, bytes) in now { fixture.log.tamper(path, bytes) }
        #expect(code(fixture) == nil)
    }

    @Test(
        "a file at the right edge that was changed stops the start",
        arguments: [
            "checkpoint", "tile/0/001.p/94", "tile/1/000.p/1", "tile/entries/001.p/94",
        ])
    func changed(path: String) throws {
        let fixture = LogFixture()
        let log = try fixture.open()
        try fixture.commit(350, log, log.makeWriter())
        try log.close()
        var bytes = try #require(fixture.log.contents[path])
        bytes[bytes.count / 2] ^= 1
        fixture.log.tamper(path, bytes)
        #expect(code(fixture) == .checkpointDiffers)
    }

    @Test("another key, another origin")
    func otherKey() throws {
        let fixture = try crashed()
        for signer in [
            LogFixture.makeSigner("other"), LogFixture.makeSigner("test", name: "example.org/else"),
        ] {
            #expect(throws: LogError.self) { try fixture.open(signer) }
        }
        #expect(code(fixture) == nil)
    }

    @Test("a second instance is refused while the first is open")
    func twoWriters() throws {
        let fixture = LogFixture()
        let log = try fixture.open()
        #expect(code(fixture) == .locked)
        try log.close()
        #expect(code(fixture) == nil)
    }
}
