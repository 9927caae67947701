// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

@testable import TransparencyLog

@Suite("whole-log verification")
struct LogVerifierTests {
    private func refusal(_ log: MemoryTiles, saved: [Checkpoint] = []) -> TransparencyError? {
        do {
            _ = try log.verify(saved: saved)
            return nil
        } catch {
            return error as? TransparencyError
        }
    }

    @Test(
        "logs of many sizes, published in steps", arguments: [0, 1, 255, 256, 257, 1_000, 66_000])
    func good(size: Int) throws {
        let log = MemoryTiles()
        try log.publish(at: Array(Set([size / 3, size / 2, size])).sorted())
        let report = try log.verify()
        #expect(report.checkpoint.size == size)
    }

    @Test("any flipped byte of any file is found")
    func flipped() throws {
        let log = MemoryTiles()
        try log.publish(at: [600])
        for (path, bytes) in log.files {
            for index in stride(from: 0, to: bytes.count, by: max(1, bytes.count / 37)) {
                log.files[path]?[index] ^= 0x10
                #expect(refusal(log) != nil, "\(path) byte \(index)")
                log.files[path] = bytes
            }
        }
        #expect(refusal(log) == nil)
    }

    @Test("any missing or truncated file is found, and named")
    func missing() throws {
        let log = MemoryTiles()
        try log.publish(at: [600])
        for (path, bytes) in log.files {
            log.files[path] = nil
            #expect(refusal(log)?.location == path)
            log.files[path] = Array(bytes.dropLast())
            #expect(refusal(log)?.location == path)
            log.files[path] = bytes
        }
    }

    @Test("an entry that was taken out")
    func removed() throws {
        let log = MemoryTiles()
        try log.publish(at: [600])
        let bundle = try #require(log.files["tile/entries/001"])
        let first = Int(bundle[0]) << 8 | Int(bundle[1])
        log.files["tile/entries/001"] = Array(bundle[(2 + first)...])
        let error = try #require(refusal(log))
        #expect(error.code == .entryDiffers)
        #expect(
            error.description
                == "tile/0/001: hash 0 differs from its entry: entry 256, "
                + "`tile/entries/001` position 0")
    }

    @Test("an entry and its hash replaced, higher tiles left")
    func replaced() throws {
        let log = MemoryTiles()
        try log.publish(at: [600])
        let forged = MemoryTiles()
        try forged.publish(at: [600]) { $0 == 300 ? Array("forged".utf8) : Example.entry($0) }
        log.files["tile/entries/001"] = forged.files["tile/entries/001"]
        log.files["tile/0/001"] = forged.files["tile/0/001"]
        let error = try #require(refusal(log))
        #expect(error.description == "tile/1/000.p/2: hash 1 differs from the tiles of level 0")
        // And all tiles, with the old checkpoint.
        let checkpoint = log.files["checkpoint"]
        log.files = forged.files
        log.files["checkpoint"] = checkpoint
        #expect(refusal(log)?.code == .rootDiffers)
    }

    @Test("a saved checkpoint finds a shrunk tree and a forked one, and accepts a grown one")
    func saved() throws {
        let log = MemoryTiles()
        try log.publish(at: [300])
        let old = try log.verify().checkpoint
        try log.publish(at: [300, 700])
        #expect(try log.verify(saved: [old]).consistentWith == 1)
        let shrunk = MemoryTiles()
        try shrunk.publish(at: [299])
        #expect(refusal(shrunk, saved: [old])?.code == .shrunk)
        let forked = MemoryTiles()
        try forked.publish(at: [700]) { $0 == 299 ? Array("forged".utf8) : Example.entry($0) }
        #expect(refusal(forked) == nil)
        #expect(refusal(forked, saved: [old])?.code == .forked)
    }

    @Test("a wrong key, and a right key of another name")
    func wrongKey() throws {
        let log = MemoryTiles(signer: Example.makeSigner("other"))
        try log.publish(at: [10])
        let verifier = LogVerifier(key: Example.signer.verifierKey)
        #expect(throws: TransparencyError.self) { try verifier.verify(log) }
        let renamed = LogVerifier(key: Example.makeSigner("other", name: "else").verifierKey)
        #expect(throws: TransparencyError.self) { try renamed.verify(log) }
    }

    /// A log that is pruned while it is verified.
    private final class Pruned: TileSource {
        let tiles: MemoryTiles
        let statement: [UInt8]
        var reads = 0

        init(_ tiles: MemoryTiles, _ statement: [UInt8]) {
            self.tiles = tiles
            self.statement = statement
        }

        func read(_ path: String) -> [UInt8]? {
            reads += 1
            if path == "tile/entries/001" {
                tiles.files[TilePath.pruned] = statement
                tiles.files["tile/entries/001"] = nil
            }
            return tiles.read(path)
        }
    }

    @Test("a bundle that is pruned after the statement was read is no loss")
    func prunedMeanwhile() throws {
        for firstKept in [256, 512] {
            let tiles = MemoryTiles()
            try tiles.publish(at: [600])
            let statement = PruningStatement(
                origin: tiles.signer.verifierKey.name, firstKept: firstKept)
            let log = Pruned(tiles, try statement.signed(by: tiles.signer).bytes)
            let verifier = LogVerifier(key: tiles.signer.verifierKey)
            if firstKept == 512 {
                #expect(try verifier.verify(log).absent == 256)
            } else {
                #expect(throws: TransparencyError.self) { try verifier.verify(log) }
            }
        }
    }

    @Test("a full tile stands in for a partial one that was deleted")
    func fullForPartial() throws {
        let log = MemoryTiles()
        try log.publish(at: [200])
        let checkpoint = log.files["checkpoint"]
        try log.publish(at: [200, 300])
        log.files["checkpoint"] = checkpoint
        log.files["tile/0/000.p/200"] = nil
        log.files["tile/entries/000.p/200"] = nil
        #expect(try log.verify().checkpoint.size == 200)
    }
}
