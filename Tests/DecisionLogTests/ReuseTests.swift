// SPDX-License-Identifier: Apache-2.0
import Glibc
import Platform
import Testing

@testable import DecisionLog

@Suite("journal files that are written over")
struct ReuseTests {
    private static let reused = "0000000000000003.journal"

    private func segments(_ fixture: LogFixture) -> [String] {
        fixture.journal.contents.keys.filter { $0.hasSuffix(".journal") }.sorted()
    }

    /// A log whose active segment, the third, is shorter than what its file held before. Half of
    /// its records are published.
    private func reusing(
        _ durability: LogConfiguration.Durability = .buffered
    ) throws -> (fixture: LogFixture, log: LocalLog, writer: LogWriter) {
        let fixture = LogFixture(durability: durability)
        fixture.configuration.segmentBytes = 2_000
        let log = try fixture.open()
        let writer = log.makeWriter()
        for _ in 0..<2 {
            for _ in 0..<10 { try fixture.commit(10, log, writer) }
            try log.publish()
        }
        for _ in 0..<3 { try fixture.commit(7, log, writer) }
        try log.publish()
        for _ in 0..<3 { try fixture.commit(7, log, writer) }
        try fixture.witness()
        return (fixture, log, writer)
    }

    /// Where the batches of the reused segment begin.
    private func batches(_ bytes: [UInt8]) -> [Int] {
        var starts: [Int] = []
        var offset = SegmentHeader.length
        bytes.withUnsafeBytes {
            while let header = BatchHeader(
                UnsafeRawBufferPointer(rebasing: $0[offset...]), ordinal: 3)
            {
                starts.append(offset)
                offset += header.totalLength
            }
        }
        return starts + [offset]
    }

    @Test("a published segment's file becomes the next one, with what it held after the records")
    func reuse() throws {
        let (fixture, log, _) = try reusing()
        #expect(segments(fixture).last == Self.reused)
        let bytes = try #require(fixture.journal.contents[Self.reused])
        #expect(try #require(batches(bytes).last) < bytes.count)
        try log.close()
        try fixture.check("reused")
    }

    @Test("what an older use left ends the reading, and counts as nothing")
    func stale() throws {
        let (fixture, _, _) = try reusing()
        fixture.crash()
        let log = try fixture.open()
        #expect(log.recovery == .init(published: 221, recovered: 21, droppedBytes: 0))
        try log.close()
        try fixture.check("stale batches")
        #expect(segments(fixture).count == 1)
    }

    @Test("a commit cut short over older bytes loses that commit alone")
    func torn() throws {
        let (fixture, log, writer) = try reusing()
        fixture.faults.plan(.torn, at: 0, number: EIO, isLasting: true)
        #expect(throws: LogError.self) { try fixture.commit(40, log, writer) }
        fixture.crash()
        let again = try fixture.open()
        #expect(again.recovery.recovered == 21)
        try again.close()
        try fixture.check("torn")
    }

    @Test("damage before whole commits stops the start, as in any segment")
    func damaged() throws {
        let (fixture, _, _) = try reusing()
        fixture.crash()
        var bytes = try #require(fixture.journal.contents[Self.reused])
        bytes[batches(bytes)[4] + BatchHeader.length + 1] ^= 1
        fixture.journal.tamper(Self.reused, bytes)
        #expect(throws: LogError.self) { try fixture.open() }
        fixture.journal.endProcess()
        fixture.log.endProcess()
        bytes[batches(bytes)[4] + BatchHeader.length + 1] ^= 1
        fixture.journal.tamper(Self.reused, bytes)
        try fixture.open().close()
        try fixture.check("restored")
    }

    @Test("after a power loss a gap takes what follows it, and nothing that is published")
    func gap() throws {
        let (fixture, _, _) = try reusing()
        fixture.crash()
        var bytes = try #require(fixture.journal.contents[Self.reused])
        bytes[batches(bytes)[4] + BatchHeader.length + 1] ^= 1
        fixture.journal.cutPower { $0 - 1 }
        fixture.journal.tamper(Self.reused, bytes)
        let log = try fixture.open()
        #expect(log.recovery.published == 221 && log.recovery.recovered == 7)
        fixture.acknowledged.removeLast(14)
        // Numbers of lost records are used again.
        try fixture.commit(30, log, log.makeWriter())
        fixture.crash()
        try fixture.open().close()
        try fixture.check("gap")
    }

    @Test("a gap around the last checkpoint, and a crash at the start that follows")
    func gapAroundCheckpoint() throws {
        var target = 0
        var isDone = false
        while !isDone {
            let (fixture, _, _) = try reusing()
            fixture.crash()
            var bytes = try #require(fixture.journal.contents[Self.reused])
            let starts = batches(bytes)
            for batch in [2, 3] { bytes[starts[batch] + BatchHeader.length + 1] ^= 1 }
            fixture.journal.cutPower { $0 - 1 }
            fixture.journal.tamper(Self.reused, bytes)
            fixture.faults.plan(.killedAfter, at: target, number: EIO)
            try? fixture.open().close()
            isDone = !fixture.faults.isDead
            fixture.crash()
            try fixture.open().close()
            fixture.acknowledged.removeLast(21)
            try fixture.check("killed after operation \(target)")
            target += 1
        }
        #expect(target > 20)
    }

    @Test("a crash at any operation of a rotation, and again at the start that follows")
    func killed() throws {
        var target = 0
        var isDone = false
        while !isDone {
            for second in stride(from: 0, to: 70, by: 3) {
                let (fixture, log, writer) = try reusing()
                try fixture.commit(40, log, writer)
                fixture.faults.plan(.killedAfter, at: target, number: EIO)
                try? log.publish()
                isDone = !fixture.faults.isDead
                fixture.crash()
                try fixture.start(killedAfter: second)
                try fixture.check("killed after operation \(target), then \(second)")
            }
            target += 1
        }
        #expect(target > 8)
    }

    @Test("a header under a wrong name is damage when records of that name follow it")
    func wrongName() throws {
        let (fixture, _, _) = try reusing()
        fixture.crash()
        let bytes = try #require(fixture.journal.contents[Self.reused])
        let origin = try #require(bytes.withUnsafeBytes { SegmentHeader($0)?.origin })
        var old = [UInt8](repeating: 0, count: SegmentHeader.length)
        old.withUnsafeMutableBytes {
            SegmentHeader(ordinal: 1, first: 0, origin: origin).write(to: $0)
        }
        fixture.journal.tamper(Self.reused, old + bytes[SegmentHeader.length...])
        #expect(throws: LogError.self) { try fixture.open() }
    }

    @Test("in durable mode no file is written over")
    func durable() throws {
        let (fixture, log, _) = try reusing(.durable)
        let bytes = try #require(fixture.journal.contents[Self.reused])
        #expect(batches(bytes).last == bytes.count)
        #expect(fixture.journal.contents["boot"] == nil)
        try log.close()
        // From one mode to the other and back.
        fixture.configuration.durability = .buffered
        try fixture.open().close()
        #expect(fixture.journal.contents["boot"] != nil)
        fixture.configuration.durability = .durable
        try fixture.open().close()
        #expect(fixture.journal.contents["boot"] == nil)
        try fixture.check("durable")
    }

    @Test("no more bytes wait than a share of what records may fill")
    func bounds() throws {
        let (fixture, log, _) = try reusing()
        #expect(segments(fixture).count <= 2)
        fixture.configuration.journalBytes = 20_000
        try log.close()
        let bounded = try fixture.open()
        let writer = bounded.makeWriter()
        for _ in 0..<5 {
            try fixture.commit(120, bounded, writer)
            try bounded.publish()
            // 5,000 bytes may wait; these have more.
            #expect(segments(fixture).count == 1)
        }
        try bounded.close()
        try fixture.check("bounds")
    }
}
