// SPDX-License-Identifier: Apache-2.0
import Glibc
import Platform
import Testing
import TransparencyLog

@testable import DecisionLog

@Suite("writers")
struct WriterTests {
    @Test("records of all lengths, up to the limit, and no longer")
    func lengths() throws {
        let fixture = LogFixture()
        let log = try fixture.open()
        let writer = log.makeWriter()
        let records = [0, 1, 255, 256, 65_534, 65_535].map {
            [UInt8](repeating: UInt8(truncatingIfNeeded: $0), count: $0)
        }
        for record in records { try fixture.append(record, writer) }
        do {
            try fixture.append([UInt8](repeating: 0, count: 65_536), writer)
            Issue.record("a record of 65,536 bytes was taken")
        } catch {
            #expect(error.code == .recordTooLong)
        }
        #expect(try writer.commit().end == records.count)
        try log.close()
        #expect(try fixture.verifiedEntries() == records)
    }

    @Test("a turn of more than the sequencer reads at once")
    func largeBatch() throws {
        let fixture = LogFixture()
        let log = try fixture.open()
        let writer = log.makeWriter()
        let record = [UInt8](repeating: 7, count: 60_000)
        var count = 0
        do {
            while true {
                try fixture.append(record, writer)
                count += 1
            }
        } catch { #expect(error.code == .batchFull) }
        #expect(count == DecisionLogLimits.batchBytes / (record.count + 2))
        try writer.commit()
        try fixture.append(record, writer)
        try writer.commit()
        try log.close()
        #expect(try fixture.verifiedEntries().count == count + 1)
    }

    @Test("records that fit in memory and records that must be read back, in any order")
    func recentAndOlder() throws {
        let fixture = LogFixture()
        fixture.configuration.segmentBytes = 3 << 20
        fixture.configuration.journalBytes = 64 << 20
        let log = try fixture.open()
        let writer = log.makeWriter()
        var records: [[UInt8]] = []
        var generator = SystemRandomNumberGenerator()
        for turn in 0..<60 {
            let large = UInt8.random(in: 0..<4, using: &generator) == 0
            for _ in 0..<(large ? 40 : Int.random(in: 1..<400, using: &generator)) {
                let length = large ? 60_000 : Int.random(in: 0..<2000, using: &generator)
                let record = [UInt8](repeating: UInt8(turn), count: length)
                try fixture.append(record, writer)
                records.append(record)
            }
            try writer.commit()
            if Bool.random(using: &generator) { try log.publish() }
        }
        try log.close()
        #expect(try fixture.verifiedEntries() == records)
    }

    @Test("what several writers commit is in the order of their commits")
    func order() throws {
        let fixture = LogFixture()
        let log = try fixture.open()
        let writers = (0..<3).map { _ in log.makeWriter() }
        for turn in 0..<30 { try fixture.commit(turn % 5, log, writers[turn % 3]) }
        try log.close()
        #expect(try fixture.verifiedEntries() == fixture.acknowledged)
    }

    @Test("partial tiles of every published size stay until their full tile is published")
    func partials() throws {
        let fixture = LogFixture()
        let log = try fixture.open()
        let writer = log.makeWriter()
        for _ in 0..<3 {
            try fixture.commit(80, log, writer)
            try log.publish()
        }
        let tiles = fixture.log.contents.keys
        for width in [80, 160, 240] {
            #expect(tiles.contains("tile/0/000.p/\(width)"))
            #expect(tiles.contains("tile/entries/000.p/\(width)"))
        }
        try fixture.commit(20, log, writer)
        try log.publish()
        #expect(
            fixture.log.contents.keys.sorted() == [
                "checkpoint", "tile/0/000", "tile/0/001.p/4", "tile/1/000.p/1", "tile/entries/000",
                "tile/entries/001.p/4",
            ])
        try log.close()
    }

    @Test("partial tiles of checkpoints that were not published go too")
    func failedPartials() throws {
        for target in 0..<16 {
            let fixture = LogFixture()
            let log = try fixture.open()
            let writer = log.makeWriter()
            try fixture.commit(100, log, writer)
            try log.publish()
            try fixture.commit(800, log, writer)
            fixture.faults.plan(.lost, at: target, number: EIO)
            try? log.publish()
            fixture.faults.clear()
            for _ in 0..<2 {
                try fixture.commit(500, log, writer)
                try log.publish()
            }
            let partial = fixture.log.contents.keys.filter { $0.contains(".p/") }
            #expect(
                partial.allSatisfy { $0.contains("007.p/") || $0.hasPrefix("tile/1/000.p/") },
                "\(target): \(partial)")
            try log.close()
        }
    }

    @Test("a full disk refuses records, and takes them again when there is room")
    func full() throws {
        let fixture = LogFixture()
        let log = try fixture.open()
        let writer = log.makeWriter()
        try fixture.commit(20, log, writer)
        fixture.journal.limit(to: fixture.journal.used + 700)
        var refused = 0
        for _ in 0..<40 {
            do throws(LogError) {
                try fixture.commit(5, log, writer)
            } catch {
                #expect(error.code == .storageFull)
                refused += 1
            }
        }
        #expect(refused > 30)
        fixture.log.limit(to: fixture.log.used)
        #expect(throws: LogError.self) { try log.publish() }
        #expect(log.status.failure?.code == .storageFull)
        fixture.journal.limit(to: .max)
        fixture.log.limit(to: .max)
        try fixture.commit(5, log, writer)
        try log.publish()
        #expect(log.status.failure == nil)
        try log.close()
        try fixture.check("full disk")
    }

    @Test("a sequencer that cannot write bounds the journal")
    func bounded() throws {
        let fixture = LogFixture()
        fixture.configuration.journalBytes = 50_000
        let log = try fixture.open()
        let writer = log.makeWriter()
        fixture.log.limit(to: fixture.log.used)
        var last: LogError?
        for _ in 0..<100 {
            do throws(LogError) {
                try fixture.commit(20, log, writer)
            } catch { last = error }
        }
        #expect(last?.code == .journalFull)
        #expect(log.status.journalBytes <= 50_000)
        fixture.log.limit(to: .max)
        try log.publish()
        try fixture.commit(20, log, writer)
        try log.close()
        try fixture.check("bounded")
    }

    @Test("a failed flush refuses records until the tree holds all of them")
    func failedFlush() throws {
        let fixture = LogFixture(durability: .durable)
        let log = try fixture.open()
        let writer = log.makeWriter()
        try fixture.commit(10, log, writer)
        let ticket = try {
            try fixture.append(Array("unsure".utf8), writer)
            return try writer.commit()
        }()
        fixture.faults.plan(.lost, at: 0, number: EIO)
        log.flush()
        #expect(!writer.isDurable(ticket))
        #expect(writer.failure?.code == .storage)
        #expect(throws: LogError.self) { try fixture.commit(1, log, writer) }
        // The sequencer's next round.
        try log.publish()
        #expect(writer.isDurable(ticket) && writer.failure == nil)
        try fixture.commit(10, log, writer)
        try log.close()
        #expect(try fixture.verifiedEntries().count == 21)
    }

    @Test("nothing is taken after close")
    func closed() throws {
        let fixture = LogFixture()
        let log = try fixture.open()
        let writer = log.makeWriter()
        try log.close()
        #expect(throws: LogError.self) { try fixture.commit(1, log, writer) }
        #expect(throws: LogError.self) { try log.publish() }
    }

    @Test("checksums of the xxHash specification")
    func checksum() {
        func sum(_ text: String) -> UInt64 {
            Array(text.utf8).withUnsafeBytes { Checksum.of($0) }
        }
        #expect(sum("") == 0xEF46_DB37_51D8_E999)
        #expect(sum("a") == 0xD24E_C4F1_A98C_6E5B)
        #expect(sum("abc") == 0x44BC_2CF5_AD77_0999)
        #expect(
            sum("Call me Ishmael. Some years ago--never mind how long precisely-")
                == 0x02A2_E854_70D6_FD96)
    }
}
