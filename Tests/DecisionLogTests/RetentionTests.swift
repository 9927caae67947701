// SPDX-License-Identifier: Apache-2.0
import Glibc
import Platform
import TestSupport
import Testing
import TransparencyLog

@testable import DecisionLog

@Suite("pruning")
struct RetentionTests {
    private static let entries = 1_000

    /// A log of 1,000 entries on the disk, gone with the test.
    private final class Disk: TileSource {
        let path: String
        let storage: StorageFolder

        init() throws {
            let name = "/tmp/portcullis-retention-\(UInt64.random(in: 0...(.max)))"
            path = name
            storage = try StorageFolder(name, creating: true)
            let tiles = MemoryTiles(signer: LogFixture.signer)
            try tiles.publish(at: [RetentionTests.entries], entry: Disk.entry)
            for (name, bytes) in tiles.files {
                try FileReplacement.makeFolder(
                    path + "/" + name.split(separator: "/").dropLast().joined(separator: "/"))
                try FileReplacement.write(bytes, to: path + "/" + name)
            }
        }

        deinit {
            let names = (try? every("")) ?? []
            for name in names { unlink(path + "/" + name) }
            for name in Set(names.flatMap(Disk.folders)).sorted(by: { $0.count > $1.count }) {
                rmdir(path + "/" + name)
            }
            rmdir(path)
        }

        private func every(_ folder: String) throws -> [String] {
            try storage.list(folder).flatMap { name -> [String] in
                let path = folder.isEmpty ? name : folder + "/" + name
                return try storage.read(path) == nil ? [] : [path]
            }
        }

        private static func folders(_ name: String) -> [String] {
            let parts = name.split(separator: "/").dropLast()
            return parts.indices.map { parts[...$0].joined(separator: "/") }
        }

        func read(_ path: String) throws -> [UInt8]? { try storage.read(path) }

        static func entry(_ index: Int) -> [UInt8] {
            Array("entry \(index) ".utf8) + [UInt8](repeating: UInt8(ascii: "x"), count: 100)
        }

        func prune(
            _ action: LogRetention.Action, below end: Int, keeping kept: [Int] = []
        ) throws -> LogRetention.Outcome {
            try LogRetention(path, signer: LogFixture.signer).apply(
                action, below: end,
                keeping: KeptEntries(kept.map { .init(index: $0, bytes: Disk.entry($0)) }))
        }

        func verify() throws -> LogVerifier.Report {
            try LogVerifier(key: LogFixture.signer.verifierKey).verify(self)
        }

        func statement() throws -> PruningStatement {
            try PruningStatement(
                note: try #require(try read(TilePath.pruned)),
                keys: [LogFixture.signer.verifierKey], at: nil)
        }
    }

    @Test("compressed bundles are the same bytes, and nothing is said to be gone")
    func compress() throws {
        let disk = try Disk()
        let outcome = try disk.prune(.compress, below: 600)
        #expect(outcome.bundles == 2)
        #expect(outcome.bytesAfter * 10 < outcome.bytesBefore)
        #expect(try disk.read("tile/entries/000") == nil)
        #expect(try disk.read("tile/entries/000.gz")?.prefix(2) == [0x1F, 0x8B])
        #expect(try disk.read("tile/entries/002") != nil)
        #expect(try disk.read(TilePath.pruned) == nil)
        #expect(try disk.verify().absent == 0)
        // Again, and further.
        #expect(try disk.prune(.compress, below: 5_000).bundles == 3)
        #expect(try disk.verify().absent == 0)
    }

    @Test("moved bundles are gone here, and whole there")
    func move() throws {
        let disk = try Disk()
        _ = try disk.prune(.compress, below: 256)
        let archived = try Archive()
        let outcome = try disk.prune(.move(to: archived.path), below: 700)
        #expect(outcome.bundles == 2 && outcome.bytesAfter == 0)
        #expect(try disk.verify().absent == 512)
        #expect(try disk.statement().firstKept == 512)
        let archive = try LogArchive(disk.path, archived.path)
        #expect(try LogVerifier(key: LogFixture.signer.verifierKey).verify(archive).absent == 0)
        // Again: what is there is there.
        #expect(try disk.prune(.move(to: archived.path), below: 900).bundles == 1)
        #expect(try LogVerifier(key: LogFixture.signer.verifierKey).verify(archive).absent == 0)
    }

    @Test("an interrupted move is taken up")
    func movedTwice() throws {
        let disk = try Disk()
        let archived = try Archive()
        let bundle = try #require(try disk.read("tile/entries/001"))
        _ = try disk.prune(.move(to: archived.path), below: 512)
        try FileReplacement.write(bundle, to: disk.path + "/tile/entries/001")
        #expect(try disk.prune(.move(to: archived.path), below: 512).bundles == 1)
        #expect(try disk.verify().absent == 512)
    }

    @Test(
        "the log's own folder is no archive, whatever its name",
        arguments: ["", "/", "/.", "/archive", "/tile", "/tile/..", "/new/../tile", "/../LINK/x"])
    func movedIntoItself(_ end: String) throws {
        let disk = try Disk()
        let link = disk.path + "-link"
        symlink(disk.path, link)
        defer { unlink(link) }
        let name = String(link.split(separator: "/").last ?? "")
        let target = disk.path + end.replacing("LINK", with: name)
        #expect(throws: LogError.self) { try disk.prune(.move(to: target), below: 512) }
        rmdir(disk.path + "/new")
        #expect(try disk.read(TilePath.pruned) == nil)
        #expect(try disk.verify().absent == 0)
    }

    @Test("another log's archive is left alone")
    func foreignArchive() throws {
        let disk = try Disk()
        let archived = try Archive()
        try FileReplacement.makeFolder(archived.path + "/tile/entries")
        let place = archived.path + "/tile/entries/001.gz"
        let other = Array("another".utf8)
        try FileReplacement.write(other, to: place)
        #expect(throws: LogError.self) { try disk.prune(.move(to: archived.path), below: 512) }
        #expect(try FileReplacement.read(place) == other)
        #expect(try disk.read(TilePath.pruned) == nil)
        #expect(try disk.verify().absent == 0)
    }

    @Test("deleted bundles are gone, their hashes and proofs are not")
    func delete() throws {
        let disk = try Disk()
        _ = try disk.prune(.delete, below: 512)
        let report = try disk.verify()
        #expect(report.absent == 512 && report.checkpoint.size == Self.entries)
        // What is not whole stays, and the bound never goes back.
        _ = try disk.prune(.delete, below: 300)
        #expect(try disk.statement().firstKept == 512)
        _ = try disk.prune(.delete, below: Self.entries)
        #expect(try disk.verify().absent == 768)
    }

    @Test("what is kept is named by the statement, and replaced with it")
    func keeps() throws {
        let disk = try Disk()
        _ = try disk.prune(.delete, below: 256, keeping: [3, 200])
        #expect(try disk.verify().kept == 2)
        let first = try #require(try disk.statement().kept)
        _ = try disk.prune(.delete, below: 512, keeping: [200, 300])
        let second = try #require(try disk.statement().kept)
        #expect(try disk.verify().kept == 2)
        #expect(try disk.read(TilePath.kept(first)) == nil)
        let kept = try KeptEntries(of: disk.statement(), in: disk, size: Self.entries)
        #expect(kept.entries.map(\.index) == [200, 300])
        #expect(kept.entries[1].bytes == Disk.entry(300))
        _ = try disk.prune(.delete, below: 512)
        #expect(try disk.statement().kept == nil)
        #expect(try disk.read(TilePath.kept(second)) == nil)
    }

    @Test("no log, and a log of another key")
    func refused() throws {
        let disk = try Disk()
        #expect(throws: LogError.self) {
            try LogRetention("/tmp/portcullis-none", signer: LogFixture.signer)
                .apply(.delete, below: 512)
        }
        #expect(throws: LogError.self) {
            try LogRetention(disk.path, signer: LogFixture.makeSigner("other"))
                .apply(.delete, below: 512)
        }
        #expect(try disk.verify().absent == 0)
    }

    /// A folder for bundles, gone with the test.
    private final class Archive {
        let path = "/tmp/portcullis-archive-\(UInt64.random(in: 0...(.max)))"

        init() throws { try FileReplacement.makeFolder(path) }

        deinit {
            for name in (try? StorageFolder(path, creating: false).list("tile/entries")) ?? [] {
                unlink(path + "/tile/entries/" + name)
            }
            for folder in ["/tile/entries", "/tile", ""] { rmdir(path + folder) }
        }
    }

    /// A log and its archive.
    private struct LogArchive: TileSource {
        let log: StorageFolder
        let archive: StorageFolder

        init(_ path: String, _ archived: String) throws {
            log = try StorageFolder(path, creating: false)
            archive = try StorageFolder(archived, creating: false)
        }

        func read(_ path: String) throws -> [UInt8]? {
            try log.read(path) ?? archive.read(path)
        }
    }
}
