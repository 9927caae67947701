// SPDX-License-Identifier: Apache-2.0
import Glibc
import MemoryPlatform
import Platform
import Testing

@testable import DecisionLog

@Suite("several journal segments between two checkpoints")
struct RotationTests {
    private func segments(_ fixture: LogFixture) -> [String] {
        fixture.journal.contents.keys.filter { $0.hasSuffix(".journal") }.sorted()
    }

    /// What loops commit between two checkpoints, with the sequencer's rounds.
    private func load(_ fixture: LogFixture, _ log: LocalLog, _ writer: LogWriter) throws {
        for _ in 0..<6 {
            try fixture.commit(20, log, writer)
            log.sequenceTurn()
        }
    }

    /// A log with several segments of records that are not published, whose files are those of
    /// published ones; `files` as many as lay there when they were published.
    private func loaded() throws -> (
        fixture: LogFixture, log: LocalLog, writer: LogWriter, files: Int
    ) {
        let fixture = LogFixture()
        fixture.configuration.segmentBytes = 2_000
        let log = try fixture.open()
        let writer = log.makeWriter()
        for _ in 0..<2 {
            try load(fixture, log, writer)
            try log.publish()
            try fixture.witness()
        }
        let files = segments(fixture).count
        try load(fixture, log, writer)
        return (fixture, log, writer, files)
    }

    /// Checks that the log has the records that were committed first, whatever their number.
    private func checkBeginning(_ fixture: LogFixture, _ comment: Comment) throws {
        let entries = try fixture.verifiedEntries()
        #expect(Set(entries).count == entries.count, comment)
        #expect(fixture.attempted.isSuperset(of: entries), comment)
        let expected = Set(fixture.acknowledged)
        let known = entries.filter(expected.contains)
        #expect(known == Array(fixture.acknowledged.prefix(known.count)), comment)
    }

    @Test("they take the files of published ones, and no file is made or removed")
    func steady() throws {
        let (fixture, log, writer, files) = try loaded()
        #expect(files > 3 && log.status.published == 240)
        for _ in 0..<3 {
            #expect(segments(fixture).count == files)
            try log.publish()
            #expect(segments(fixture).count == files)
            try load(fixture, log, writer)
        }
        try log.close()
        try fixture.check("steady")
    }

    @Test("in durable mode a segment ends at a checkpoint")
    func durable() throws {
        let fixture = LogFixture(durability: .durable)
        fixture.configuration.segmentBytes = 2_000
        let log = try fixture.open()
        try load(fixture, log, log.makeWriter())
        #expect(segments(fixture).count == 1)
        try log.close()
        try fixture.check("durable")
    }

    @Test("a rotation that fails keeps nothing from being published")
    func failed() throws {
        let (fixture, log, writer, _) = try loaded()
        for kind in [StorageFaults.Kind.lost, .torn] {
            var target = 0
            var count = 0
            while count <= target, target < 12 {
                try fixture.commit(60, log, writer)
                let before = fixture.faults.count
                fixture.faults.plan(kind, at: target, number: EIO)
                try? log.publish()
                count = fixture.faults.count - before
                fixture.faults.clear()
                try log.publish()
                #expect(log.status.published == log.status.committed)
                try fixture.witness()
                target += 1
            }
        }
        try log.close()
        try fixture.check("failed")
    }

    @Test("a crash at any operation, and again at the start that follows")
    func killed() throws {
        var target = 0
        var isDone = false
        while !isDone {
            for second in stride(from: target % 5, to: 80, by: 5) {
                let (fixture, log, writer, _) = try loaded()
                fixture.faults.plan(.killedAfter, at: target, number: EIO)
                try? load(fixture, log, writer)
                try? log.publish()
                isDone = !fixture.faults.isDead
                fixture.crash()
                try fixture.start(killedAfter: second)
                try fixture.check("killed after operation \(target), then \(second)")
            }
            target += 1
        }
        #expect(target > 20)
    }

    @Test("a power loss at any operation, and a crash at the start that follows")
    func power() throws {
        var target = 0
        var isDone = false
        while !isDone {
            for seed in 0..<12 {
                let (fixture, log, writer, _) = try loaded()
                fixture.faults.plan(.killedAfter, at: target, number: EIO)
                try? load(fixture, log, writer)
                try? log.publish()
                isDone = !fixture.faults.isDead
                fixture.crash()
                try fixture.witness()
                let choose = fixture.cutPower(target * 31 + seed * 7 + 1)
                let comment: Comment = "power loss after \(target), seed \(seed)"
                do {
                    try fixture.start(killedAfter: choose(90))
                    try checkBeginning(fixture, comment)
                } catch {
                    Issue.record("\(comment.rawValue): \(error)")
                }
            }
            target += 1
        }
    }

    @Test("a segment whose header is lost ends the log after a power loss, and is damage otherwise")
    func lostHeader() throws {
        for isPowerLost in [false, true] {
            let (fixture, _, _, _) = try loaded()
            fixture.crash()
            let names = segments(fixture)
            let victim = names[names.count - 2]
            var bytes = try #require(fixture.journal.contents[victim])
            bytes[9] ^= 1
            if isPowerLost { fixture.journal.cutPower { $0 - 1 } }
            fixture.journal.tamper(victim, bytes)
            guard isPowerLost else {
                #expect(throws: LogError.self) { try fixture.open() }
                continue
            }
            let log = try fixture.open()
            #expect(log.recovery.published == 240 && log.recovery.recovered < 120)
            try checkBeginning(fixture, "header lost")
            fixture.acknowledged.removeLast(120 - log.recovery.recovered)
            try fixture.commit(30, log, log.makeWriter())
            fixture.crash()
            try fixture.open().close()
            try fixture.check("header lost, numbers used again")
        }
    }
}
