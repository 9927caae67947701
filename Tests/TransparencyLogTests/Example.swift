// SPDX-License-Identifier: Apache-2.0
import Cryptography
import TestSupport
import TransparencyLog

extension MemoryTiles {
    convenience init() { self.init(signer: Example.signer) }

    /// Publishes entries of the example.
    func publish(at sizes: [Int]) throws { try publish(at: sizes, entry: Example.entry) }

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
