// SPDX-License-Identifier: Apache-2.0
import Cryptography
import TestSupport
import Testing

@testable import TransparencyLog

@Suite("entries that a pruned log keeps")
struct KeptEntriesTests {
    private func log(_ kept: KeptEntries, firstKept: Int = 512) throws -> MemoryTiles {
        let tiles = MemoryTiles()
        try tiles.publish(at: [700])
        try keep(kept, firstKept: firstKept, in: tiles)
        return tiles
    }

    private func keep(_ kept: KeptEntries, firstKept: Int, in tiles: MemoryTiles) throws {
        let digest = SHA256.hash(kept.encoded)
        let statement = PruningStatement(
            origin: tiles.signer.verifierKey.name, firstKept: firstKept, kept: digest)
        tiles.files[TilePath.pruned] = try statement.signed(by: tiles.signer).bytes
        tiles.files[TilePath.kept(digest)] = kept.encoded
    }

    private func entries(_ indexes: [Int]) -> KeptEntries {
        KeptEntries(indexes.map { .init(index: $0, bytes: Example.entry($0)) })
    }

    private func keptPath(_ tiles: MemoryTiles) throws -> String {
        try #require(tiles.files.keys.first { $0.hasPrefix(TilePath.keptFolder) })
    }

    @Test func roundTrip() throws {
        let kept = entries([400, 0, 17, 511])
        #expect(kept.entries.map(\.index) == [0, 17, 400, 511])
        let tiles = try log(kept)
        #expect(try tiles.verify().kept == 4)
        let note = try #require(tiles.files[TilePath.pruned])
        let statement = try PruningStatement(
            note: note, keys: [tiles.signer.verifierKey], at: nil)
        #expect(try KeptEntries(of: statement, in: tiles, size: 700) == kept)
    }

    @Test func withoutTheFileTheLogIsRefused() throws {
        let tiles = try log(entries([5]))
        tiles.files[try keptPath(tiles)] = nil
        let error = #expect(throws: TransparencyError.self) { try tiles.verify() }
        #expect(error?.code == .missing)
    }

    @Test func anyChangeIsRefused() throws {
        let whole = entries([5, 9]).encoded
        for place in whole.indices {
            let tiles = try log(entries([5, 9]))
            tiles.files[try keptPath(tiles)]?[place] ^= 1
            #expect(throws: TransparencyError.self) { try tiles.verify() }
        }
    }

    @Test(
        "a statement cannot make an entry of what is none",
        arguments: [
            KeptEntries([.init(index: 5, bytes: Array("another".utf8))]),
            KeptEntries([.init(index: 600, bytes: Example.entry(600))]),
            KeptEntries([.init(index: 900, bytes: Example.entry(900))]),
            KeptEntries([
                .init(index: 5, bytes: Example.entry(5)), .init(index: 5, bytes: Example.entry(5)),
            ]),
        ])
    func invented(_ kept: KeptEntries) throws {
        let tiles = try log(kept)
        #expect(throws: TransparencyError.self) { try tiles.verify() }
    }

    @Test func cutFilesAreRefused() throws {
        let whole = entries([5, 9]).encoded
        for length in 1..<whole.count {
            let first = KeptEntries([.init(index: 5, bytes: Example.entry(5))]).encoded.count
            guard length != first else { continue }
            #expect(throws: TransparencyError.self) {
                try KeptEntries(encoded: Array(whole[..<length]), at: "kept")
            }
        }
    }

    @Test(
        "statements that are none",
        arguments: [
            "portcullis pruned v1\nexample.org/decisions\n512\nkept\n",
            "portcullis pruned v1\nexample.org/decisions\n512\nkept AAAA\n",
            "portcullis pruned v1\nexample.org/decisions\n512\nlost x\n",
            "portcullis pruned v1\nexample.org/decisions\n511\n",
            "portcullis pruned v1\nexample.org/decisions\n512\nkept x\nmore\n",
            "portcullis pruned v1\nanother\n512\n",
        ])
    func malformed(_ text: String) throws {
        let text = Array(text.utf8)
        let note = SignedNote(text: text, signatures: [try Example.signer.sign(text)])
        #expect(throws: TransparencyError.self) {
            try PruningStatement(
                note: note.bytes, keys: [Example.signer.verifierKey], at: nil)
        }
    }
}
