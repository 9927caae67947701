// SPDX-License-Identifier: Apache-2.0
import Glibc
import MemoryPlatform
import Platform
import Testing
import TransparencyLog

@testable import DecisionLog

@Suite("every storage operation goes wrong in turn")
struct FaultSweepTests {
    /// A short life of a log: batches over several bundles and segments, checkpoints in between.
    /// Failures of single steps are lived with, as the server does.
    private func live(_ fixture: LogFixture) {
        guard let log = try? fixture.open() else { return }
        let writer = log.makeWriter()
        for turn in 0..<14 {
            try? fixture.commit(turn % 4 == 0 ? 70 : 5, log, writer)
            if turn % 3 == 2 {
                try? log.publish()
                try? fixture.witness()
            }
        }
        try? log.close()
        try? fixture.witness()
    }

    /// Segments that are never replaced, and segments whose files are written over by others.
    static let segments = [20_000, 2_000]

    private func make(
        _ durability: LogConfiguration.Durability, segmentBytes: Int
    ) -> LogFixture {
        let fixture = LogFixture(durability: durability)
        fixture.configuration.segmentBytes = segmentBytes
        return fixture
    }

    private func operations(
        _ durability: LogConfiguration.Durability, segmentBytes: Int
    ) throws -> Int {
        let fixture = make(durability, segmentBytes: segmentBytes)
        live(fixture)
        #expect(fixture.acknowledged.count == 4 * 70 + 10 * 5)
        let count = fixture.faults.count
        fixture.crash()
        try fixture.open().close()
        try fixture.check("no fault")
        #expect(count > 80)
        return count
    }

    @Test(
        "lost, done but reported lost, torn, killed",
        arguments: [
            LogConfiguration.Durability.buffered, .durable,
        ], segments)
    func sweep(durability: LogConfiguration.Durability, segmentBytes: Int) throws {
        let count = try operations(durability, segmentBytes: segmentBytes)
        for kind in StorageFaults.Kind.allCases {
            for target in 0..<count {
                let fixture = make(durability, segmentBytes: segmentBytes)
                fixture.faults.plan(kind, at: target, number: target % 2 == 0 ? EIO : ENOSPC)
                live(fixture)
                fixture.crash()
                let comment: Comment = "\(kind) at operation \(target)"
                do {
                    try fixture.open().close()
                    try fixture.check(comment)
                } catch {
                    Issue.record("\(comment.rawValue): \(error)")
                }
            }
        }
    }

    @Test("storage that fails for good: nothing is acknowledged from then on, then it heals")
    func lasting() throws {
        for target in stride(from: 12, to: 100, by: 3) {
            let fixture = LogFixture()
            fixture.faults.plan(.lost, at: target, number: EIO, isLasting: true)
            let log: LocalLog
            do {
                log = try fixture.open()
            } catch { continue }
            let writer = log.makeWriter()
            while fixture.faults.count <= target { try? fixture.commit(9, log, writer) }
            let before = fixture.acknowledged.count
            for _ in 0..<5 { #expect(throws: LogError.self) { try fixture.commit(9, log, writer) } }
            #expect(fixture.acknowledged.count == before)
            fixture.faults.clear()
            try fixture.commit(9, log, writer)
            try log.close()
            try fixture.check("failing from \(target) on")
        }
    }

    @Test(
        "a power loss at every operation",
        arguments: [
            LogConfiguration.Durability.buffered, .durable,
        ], segments)
    func power(durability: LogConfiguration.Durability, segmentBytes: Int) throws {
        let count = try operations(durability, segmentBytes: segmentBytes)
        for target in 0..<count {
            for seed in 0..<4 {
                let fixture = make(durability, segmentBytes: segmentBytes)
                fixture.faults.plan(.killedAfter, at: target, number: EIO)
                live(fixture)
                fixture.crash()
                fixture.cutPower(target * 31 + seed * 7 + 1)
                do {
                    try fixture.open().close()
                    if durability == .durable {
                        try fixture.check("power loss after \(target), seed \(seed)")
                    } else {
                        // Records since the last checkpoint may be gone, no signed tree is.
                        _ = try fixture.verifiedEntries()
                    }
                } catch {
                    Issue.record("power loss after \(target), seed \(seed): \(error)")
                }
            }
        }
    }

    @Test("a crash during recovery, at every operation")
    func recovery() throws {
        var target = 0
        var isDone = false
        while !isDone {
            let fixture = LogFixture()
            let log = try fixture.open()
            let writer = log.makeWriter()
            for _ in 0..<8 { try fixture.commit(50, log, writer) }
            fixture.crash()
            fixture.faults.plan(.killedAfter, at: target, number: EIO)
            try? fixture.open().close()
            isDone = !fixture.faults.isDead
            fixture.crash()
            try fixture.open().close()
            try fixture.check("recovery killed at \(target)")
            target += 1
        }
        #expect(target > 20)
    }
}
