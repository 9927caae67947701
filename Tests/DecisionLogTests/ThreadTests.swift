// SPDX-License-Identifier: Apache-2.0
import Foundation
import Platform
import Synchronization
import Testing
import TransparencyLog

@testable import DecisionLog

@Suite("the log's own threads")
struct ThreadTests {
    /// Every record that one of the threads was told is safe.
    private final class Tally: Sendable {
        let acknowledged = Mutex<[[UInt8]]>([])
        let published = Mutex<[Int]>([])
        let isOver = Atomic(false)
    }

    private func write(_ log: LocalLog, _ name: Int, _ tally: Tally) throws {
        let writer = log.makeWriter()
        for turn in 0..<120 {
            let records = (0...(turn % 4)).map { Array("\(name).\(turn).\($0)".utf8) }
            for record in records { try record.withUnsafeBytes { try writer.append($0) } }
            let ticket = try writer.commit()
            repeat { usleep(200) } while !writer.isDurable(ticket)
            tally.acknowledged.withLock { $0 += records }
        }
    }

    /// Waits until `condition` holds, at most ten seconds.
    private func wait(_ condition: () -> Bool) {
        var left = 10_000
        while !condition(), left > 0 {
            usleep(1_000)
            left -= 1
        }
    }

    @Test(
        "loops write while the sequencer publishes and the flusher flushes",
        arguments: [
            LogConfiguration.Durability.buffered, .durable,
        ])
    func concurrent(durability: LogConfiguration.Durability) throws {
        let fixture = LogFixture(durability: durability)
        fixture.configuration.checkpointInterval = 5_000_000
        fixture.configuration.segmentBytes = 2_000
        let tally = Tally()
        let log = try LocalLog.open(
            fixture.folders, signer: LogFixture.signer, fixture.configuration,
            onEvent: { event in
                if case .published(let size) = event {
                    tally.published.withLock { $0.append(size) }
                }
            })
        try log.start()
        let threads = try (0..<4).map { name in
            try SystemThread.start(name: "writer") {
                do {
                    try write(log, name, tally)
                } catch {
                    Issue.record("\(error)")
                }
            }
        }
        for thread in threads { thread.join() }
        try log.close()
        let entries = try fixture.verifiedEntries()
        let acknowledged = tally.acknowledged.withLock { $0 }
        #expect(entries.count == acknowledged.count)
        #expect(Set(entries) == Set(acknowledged))
        let published = tally.published.withLock { $0 }
        #expect(published.count > 1 && published == published.sorted())
        #expect(published.last == entries.count)
    }

    @Test("a record is published by itself, without further commits")
    func idle() throws {
        let fixture = LogFixture()
        fixture.configuration.checkpointInterval = 10_000_000
        let log = try LocalLog.open(
            fixture.folders, signer: LogFixture.signer, fixture.configuration)
        try log.start()
        let writer = log.makeWriter()
        for count in 1...3 {
            try fixture.append([UInt8(count)], writer)
            try writer.commit()
            wait { log.status.published >= count }
            #expect(log.status.published == count)
        }
        try log.close()
    }

    @Test("the sequencer goes on by itself once the disk has room")
    func healing() throws {
        let fixture = LogFixture()
        fixture.configuration.checkpointInterval = 1_000_000
        let tally = Tally()
        let log = try LocalLog.open(
            fixture.folders, signer: LogFixture.signer, fixture.configuration,
            onEvent: { event in
                if case .recovered = event { tally.isOver.store(true, ordering: .releasing) }
            })
        fixture.log.limit(to: fixture.log.used)
        try log.start()
        try fixture.commit(20, log, log.makeWriter())
        wait { log.status.failure != nil }
        #expect(log.status.failure?.code == .storageFull)
        fixture.log.limit(to: .max)
        wait { tally.isOver.load(ordering: .acquiring) }
        #expect(log.status.failure == nil)
        try log.close()
        try fixture.check("healed")
    }

    @Test("a key is made once, read back, and names the log")
    func key() throws {
        let path = NSTemporaryDirectory() + "portcullis-key-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        do {
            _ = try LogKey.load(path, origin: LogKey.defaultOrigin)
            Issue.record("a key from nowhere")
        } catch {
            #expect(error.code == .key && error.hint != nil)
        }
        try LogKey.create(path)
        let text = try LogKey.load(path, origin: LogKey.defaultOrigin).verifierKey.text
        #expect(text.hasPrefix("portcullis.local/decisions+"))
        #expect(throws: LogError.self) { try LogKey.create(path) }
        #expect(try LogKey.load(path, origin: LogKey.defaultOrigin).verifierKey.text == text)
        #expect(throws: LogError.self) { try LogKey.load(path, origin: "with space") }
    }
}
