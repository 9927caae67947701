// SPDX-License-Identifier: Apache-2.0
import Authorization
import Cryptography
import Glibc
import MemoryPlatform
import Platform
import Synchronization
import Testing

@testable import DecisionLog

@Suite("content store")
struct ContentTests {
    private let storage = StorageMemory("content")
    private let clock = ManualClock(wall: 1_000_000_000_000)
    private let id = DecisionID(milliseconds: 1, random: (2, 3))

    private func store(
        _ change: (inout ContentConfiguration) -> Void = { _ in }
    ) throws -> ContentStore {
        var configuration = ContentConfiguration()
        change(&configuration)
        return try ContentStore(storage, configuration, clock: clock)
    }

    private func add(_ text: StaticString, _ writer: ContentWriter) throws -> ContentReference {
        try writer.add(
            Bytes(text), arguments: .empty, isPartial: false, id: id, now: clock.wall()
        ).0
    }

    private func read(_ reference: ContentReference) throws -> String {
        let reader = ContentReader(storage)
        return try withExtendedLifetime(reader) {
            switch try reader.read(reference, of: id) {
            case .kept(let bytes): String(decoding: bytes, as: UTF8.self)
            case .erased: "(erased)"
            case .missing: "(missing)"
            case .damaged: "(damaged)"
            }
        }
    }

    @Test("texts come back, from one writer and several, across restarts")
    func roundTrip() throws {
        let first = try store()
        let (one, two) = (first.makeWriter(), first.makeWriter())
        let references = [
            try add("a", one), try add("bb", two), try add("", one), try add("dddd", one),
        ]
        try one.commit()
        try two.commit()
        let later = try store().makeWriter()
        let last = try add("later", later)
        try later.commit()
        let texts = try (references + [last]).map(read)
        #expect(texts == ["a", "bb", "", "dddd", "later"])
        #expect(Set(references.map(\.segment)).count == 2)
    }

    @Test("equal texts have different hashes")
    func salted() throws {
        let writer = try store().makeWriter()
        let digests = [try add("same", writer).digest, try add("same", writer).digest]
        #expect(digests[0] != digests[1])
        #expect(digests[0] != SHA256.hash(Array("same".utf8)))
    }

    @Test("a full store is told once, leaves no files, and recovers by itself")
    func full() throws {
        let faults = StorageFaults()
        let texts = StorageMemory("texts", faults: faults)
        let fixture = LogFixture()
        let seen = Events()
        let content = try ContentStore(texts)
        let log = try LocalLog.open(
            fixture.folders, signer: LogFixture.signer, fixture.configuration, content: content,
            onEvent: { seen.add($0) })
        let writer = log.makeWriter()
        let kept = try #require(writer.content)
        for place in 0..<6 {
            // Opening, looking and appending fail in turn, and then the removal too.
            faults.plan(.lost, at: place % 3, number: ENOSPC, isLasting: place >= 3)
            #expect(throws: LogError.self) { try add("text", kept) }
            faults.clear()
            #expect(texts.contents.count <= 1)
            #expect(log.status.failure?.code == .storageFull)
        }
        #expect(seen.all == ["failing log_storage_full"])
        faults.plan(.lost, at: 0, number: ENOSPC, isLasting: true)
        content.probe()
        #expect(log.status.failure?.code == .storageFull)
        faults.clear()
        content.probe()
        #expect(log.status.failure == nil)
        #expect(seen.all == ["failing log_storage_full", "recovered"])
        #expect(try add("text", kept).segment == 1)
        try fixture.append(Array("record".utf8), writer)
        faults.plan(.torn, at: 0, number: ENOSPC)
        #expect(throws: LogError.self) { try writer.commit() }
        #expect(log.status.failure?.code == .storageFull)
        _ = try add("more", kept)
        try kept.commit()
        #expect(log.status.failure == nil)
        #expect(texts.contents.count == 1)
        try log.close()
    }

    @Test("a sweep or an erasure that fails is told, and denies nothing")
    func sweepFails() throws {
        let faults = StorageFaults()
        let texts = StorageMemory("texts", faults: faults)
        let fixture = LogFixture()
        let seen = Events()
        let log = try LocalLog.open(
            fixture.folders, signer: LogFixture.signer, fixture.configuration,
            content: try ContentStore(texts), onEvent: { seen.add($0) })
        try ContentEraser(texts).leaveNote(ErasureRecord(id: id, time: 1))
        faults.plan(.lost, at: 0, number: EIO, isLasting: true)
        try log.start()
        #expect(seen.all.first == "failing log_storage_failed")
        #expect(log.status.failure == nil)
        faults.clear()
        try log.close()
    }

    @Test("an erased text is gone with its salt, and says when it went")
    func erasure() throws {
        let writer = try store().makeWriter()
        let kept = try add("kept", writer)
        let erased = try add("hunter2", writer)
        try writer.commit()
        let eraser = ContentEraser(storage)
        #expect(try eraser.erase(erased, of: id, at: 7) == .erased)
        #expect(try eraser.erase(erased, of: id, at: 8) == .erasedBefore)
        #expect(try read(erased) == "(erased)")
        #expect(try read(kept) == "kept")
        let file = try #require(storage.contents.values.first)
        #expect(!String(decoding: file, as: UTF8.self).contains("hunter2"))
        let salt = file[(erased.offset + 32)..<(erased.offset + 48)]
        #expect(salt.allSatisfy { $0 == 0 })
        let other = DecisionID(milliseconds: 9, random: (9, 9))
        #expect(try eraser.erase(kept, of: other, at: 7) == .missing)
        #expect(try read(kept) == "kept")
    }

    @Test("texts are found and erased without their records")
    func orphans() throws {
        let writer = try store().makeWriter()
        let texts = [try add("a", writer), try add("", writer), try add("cc", writer)]
        try writer.commit()
        let eraser = ContentEraser(storage)
        var found: [ContentEraser.StoredText] = []
        try eraser.forEachText { found.append($0) }
        #expect(found.count == 3)
        #expect(found.allSatisfy { $0.id == id && $0.time == clock.wall() })
        #expect(try eraser.erase(found[2], at: 7) == .erased)
        #expect(try texts.map(read) == ["a", "", "(erased)"])
        found.removeAll()
        try eraser.forEachText { found.append($0) }
        #expect(found.map(\.isErased) == [false, false, true])
        #expect(try eraser.erase(found[2], at: 8) == .erasedBefore)
    }

    @Test("a changed text is noticed")
    func damage() throws {
        let writer = try store().makeWriter()
        let reference = try add("text", writer)
        try writer.commit()
        let (name, content) = try #require(storage.contents.first)
        var changed = content
        changed[changed.count - 1] ^= 1
        storage.tamper(name, changed)
        #expect(try read(reference) == "(damaged)")
        storage.tamper(name, Array(changed.dropLast()))
        #expect(try read(reference) == "(missing)")
        storage.tamper(name, nil)
        #expect(try read(reference) == "(missing)")
    }

    @Test("retention removes the oldest, by age and by size, and never what is written to")
    func retention() throws {
        let content = try store { $0.age = 3_200_000_000_000 }
        let writer = content.makeWriter()
        let old = try add("old", writer)
        try writer.commit()
        clock.advance(by: 200_000_000_000)
        let young = try add("young", writer)
        try writer.commit()
        #expect(old.segment != young.segment)
        try content.flush()
        clock.advance(by: 3_150_000_000_000)
        try content.sweep()
        #expect(try read(old) == "(missing)")
        #expect(try read(young) == "young")
        clock.advance(by: 9_000_000_000_000)
        try content.sweep()
        #expect(try read(young) == "young")
        let small = try store { $0.size = 1 }
        try small.sweep()
        #expect(storage.contents.isEmpty)
    }

    @Test("a record whose text cannot be written is refused, and the next one is whole")
    func failedWrite() throws {
        let fixture = LogFixture()
        let faults = StorageFaults()
        let texts = StorageMemory("content", faults: faults)
        let content = try ContentStore(texts, clock: clock)
        let log = try LocalLog.open(
            fixture.folders, signer: LogFixture.signer, fixture.configuration,
            clock: ManualClock(), content: content)
        let writer = log.makeWriter()
        let store = try #require(writer.content)
        for kind in [StorageFaults.Kind.lost, .torn, .reportedLost] {
            // The segment is there after the first round.
            _ = try add("lost", store)
            try fixture.append(Array("record".utf8), writer)
            faults.plan(kind, at: 0, number: 28)
            #expect(throws: LogError.self) { try writer.commit() }
            faults.clear()
            let reference = try add("whole", store)
            try fixture.append(Array("record".utf8), writer)
            try writer.commit()
            let reader = ContentReader(texts)
            guard case .kept(let bytes) = try reader.read(reference, of: id) else {
                Issue.record("not kept after \(kind)")
                continue
            }
            #expect(String(decoding: bytes, as: UTF8.self) == "whole")
        }
        #expect(log.status.committed == 3)
    }

    @Test("an erasure becomes a record of the log, once")
    func note() throws {
        let fixture = LogFixture()
        let log = try LocalLog.open(
            fixture.folders, signer: LogFixture.signer, fixture.configuration,
            clock: ManualClock(), content: try store())
        var record = ErasureRecord(id: id, time: 5)
        record.decisions = ["a"]
        record.erased = 1
        try ContentEraser(storage).leaveNote(record)
        try log.takeErasures()
        try log.takeErasures()
        try log.publish()
        let entries = try fixture.verifiedEntries()
        #expect(entries == [record.encoded()])
        #expect(String(decoding: entries[0], as: UTF8.self).contains(#""kind":"erasure""#))
    }
}

/// What a log told, as words.
private final class Events: Sendable {
    private let words = Mutex<[String]>([])

    var all: [String] { words.withLock { $0 } }

    func add(_ event: LocalLog.Event) {
        switch event {
        case .failing(let error): words.withLock { $0.append("failing \(error.code.rawValue)") }
        case .recovered: words.withLock { $0.append("recovered") }
        case .published, .lossRecorded, .lossUnrecorded: break
        }
    }
}
