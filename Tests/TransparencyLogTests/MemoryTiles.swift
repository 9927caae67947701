// SPDX-License-Identifier: Apache-2.0
import Cryptography
import TransparencyLog

/// A log in a dictionary, made as the sequencer makes it.
final class MemoryTiles: TileSource {
    var files: [String: [UInt8]] = [:]
    let signer: NoteSigner

    init(signer: NoteSigner = Example.signer) { self.signer = signer }

    func read(_ path: String) -> [UInt8]? { files[path] }

    /// Publishes at each of `sizes`, in order.
    func publish(at sizes: [Int], entry: (Int) -> [UInt8] = Example.entry) throws {
        let builder = LogBuilder()
        for size in sizes {
            while builder.size < size {
                try builder.writeFull { self.files[$0] = Array($1) }
                entry(builder.size).withUnsafeBytes { builder.append($0) }
            }
            try builder.writeFull { self.files[$0] = Array($1) }
            try builder.writePartial { self.files[$0] = Array($1) }
            let checkpoint = builder.checkpoint(origin: signer.verifierKey.name)
            files[TilePath.checkpoint] = try checkpoint.signed(by: signer).bytes
        }
    }

    func verify(saved: [Checkpoint] = []) throws -> LogVerifier.Report {
        var verifier = LogVerifier(key: signer.verifierKey)
        verifier.saved = saved
        return try verifier.verify(self)
    }
}

/// The key and the entries that the vectors were made with.
enum Example {
    static let signer = makeSigner("test")

    static func makeSigner(_ seed: String, name: String = "example.org/decisions") -> NoteSigner {
        do {
            let key = try Ed25519PrivateKey(seed: SHA256.hash(Array(seed.utf8)).bytes)
            return try NoteSigner(name: name, privateKey: key)
        } catch {
            fatalError("\(error)")
        }
    }

    static func entry(_ index: Int) -> [UInt8] {
        let item = index * 7919 % 1000
        let isAllowed = index % 3 != 0
        return Array(
            #"{"seq":\#(index),"path":"/v1/items/\#(item)","allow":\#(isAllowed)}"#.utf8)
    }
}
