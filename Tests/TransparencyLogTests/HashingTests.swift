// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Cryptography
@testable import TransparencyLog

/// Every way of hashing many messages, where this processor has it, against libcrypto one by one.
@Suite("hashes of many messages")
struct HashingTests {
    /// All lengths around the edges of a block, and some large ones.
    private static let lengths =
        Array(0...200) + [511, 512, 1_007, 1_008, 4_095, 65_535]
        + Array(stride(from: 201, to: 3_000, by: 41))

    private func expected(_ messages: [[UInt8]], prefix: UInt8) -> [UInt8] {
        messages.flatMap { SHA256.hash([prefix] + $0).bytes }
    }

    private func hashes(
        _ messages: [[UInt8]], gap: Int, start: Int, prefix: UInt8, usesLanes: Bool
    ) -> [UInt8] {
        var bytes = [UInt8](repeating: 0xAA, count: start)
        var ends: [Int] = []
        for message in messages {
            bytes += [UInt8](repeating: 0xAA, count: gap) + message
            ends.append(bytes.count)
        }
        var output = [UInt8](repeating: 0, count: messages.count * Digest.byteCount)
        let hasher = SHA256(usesLanes: usesLanes && SHA256().usesLanes)
        bytes.withUnsafeBytes { bytes in
            ends.withUnsafeBufferPointer { ends in
                output.withUnsafeMutableBytes {
                    hasher.hashEach(
                        in: bytes, from: start, ends: ends, gap: gap, prefix: prefix, into: $0)
                }
            }
        }
        return output
    }

    @Test("any lengths beside each other", arguments: [false, true])
    func lengths(usesLanes: Bool) {
        var generator = SystemRandomNumberGenerator()
        func random(_ length: Int) -> [UInt8] {
            (0..<length).map { _ in UInt8.random(in: 0...255, using: &generator) }
        }
        for order in [Self.lengths, Self.lengths.reversed(), Self.lengths.shuffled()] {
            let messages = order.map(random)
            #expect(
                hashes(messages, gap: 2, start: 0, prefix: 0, usesLanes: usesLanes)
                    == expected(messages, prefix: 0))
        }
        for count in 0...5 {
            let messages = (0..<count).map { random(63 + $0) }
            #expect(
                hashes(messages, gap: 0, start: 7, prefix: 1, usesLanes: usesLanes)
                    == expected(messages, prefix: 1))
        }
    }

    @Test("the entries of a bundle, appended in any portions", arguments: [1, 3, 100, 256])
    func builder(portion: Int) throws {
        let hasher = MerkleHasher()
        let builder = LogBuilder()
        var edge = TreeEdge()
        for index in 0..<700 {
            let entry = Example.entry(index)
            try builder.writeFull { _, _ in }
            entry.withUnsafeBytes { builder.append($0) }
            edge.append(entry.withUnsafeBytes { hasher.leaf($0) })
            edge.roll(edge.completedTiles(hasher) { _, _, _ in })
            #expect(builder.size == index + 1)
            if index % portion == 0, !builder.isBundleFull {
                try builder.writePartial { _, _ in }
                #expect(builder.checkpoint(origin: "o").root == edge.root(hasher))
            }
        }
    }
}
