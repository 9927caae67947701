// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import Cryptography
@testable import TransparencyLog

/// Many messages at once, with and without the library for that, against libcrypto one by one.
@Suite("hashes of many messages")
struct HashingTests {
    /// All lengths around the edges of a block and of what the library gets, and some large ones.
    private static let lengths =
        Array(0...200) + [511, 512, 1_007, 1_008, 4_095, 4_096, 4_097, 65_535, 65_536]
        + Array(stride(from: 201, to: 4_000, by: 41))

    /// Whether the library is there, and a processor that it is used on.
    private static var hasLibrary: Bool {
        let processor = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        return processor.contains(" avx512bw")
            && FileManager.default.fileExists(
                atPath: "/usr/lib/x86_64-linux-gnu/libIPSec_MB.so.1.3.0")
    }

    private func random(_ length: Int) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<length).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }

    private func hashes(
        _ messages: [[UInt8]], gap: Int, start: Int, usesLanes: Bool
    ) -> [UInt8] {
        var bytes = [UInt8](repeating: 0xAA, count: start)
        var ends: [Int] = []
        for message in messages {
            bytes += [UInt8](repeating: 0xAA, count: gap) + message
            ends.append(bytes.count)
        }
        var output = [UInt8](repeating: 0, count: messages.count * Digest.byteCount)
        let hasher = SHA256(usesLanes: usesLanes)
        bytes.withUnsafeBytes { bytes in
            ends.withUnsafeBufferPointer { ends in
                output.withUnsafeMutableBytes {
                    hasher.hashEach(in: bytes, from: start, ends: ends, gap: gap, into: $0)
                }
            }
        }
        return output
    }

    @Test("any lengths beside each other", arguments: [false, true])
    func lengths(usesLanes: Bool) {
        for order in [Self.lengths, Self.lengths.reversed(), Self.lengths.shuffled()] {
            let messages = order.map(random)
            #expect(
                hashes(messages, gap: 2, start: 0, usesLanes: usesLanes)
                    == messages.flatMap { SHA256.hash($0).bytes })
        }
    }

    @Test("few messages and many", arguments: [false, true])
    func counts(usesLanes: Bool) {
        for count in Array(0...40) + [255, 256, 257, 600] {
            let messages = (0..<count).map { random(63 + $0 % 70) }
            #expect(
                hashes(messages, gap: 0, start: 7, usesLanes: usesLanes)
                    == messages.flatMap { SHA256.hash($0).bytes })
        }
    }

    @Test("every length around the edges of a block, in every lane at once", arguments: 0...200)
    func block(length: Int) {
        let messages = (0..<16).map { _ in random(length) }
        #expect(
            hashes(messages, gap: 1, start: 3, usesLanes: true)
                == messages.flatMap { SHA256.hash($0).bytes })
    }

    @Test("the library is used where it is", .enabled(if: hasLibrary))
    func isUsed() {
        #expect(SHA256Lanes() != nil)
    }

    @Test("a library that answers one wrong hash, or none, is refused")
    func refused() {
        func rightHash(
            _ bytes: UnsafeRawBufferPointer, _ start: Int, _ ends: UnsafeBufferPointer<Int>,
            _ gap: Int, _ digests: UnsafeMutableRawBufferPointer
        ) -> Bool {
            SHA256(usesLanes: false)
                .hashEach(in: bytes, from: start, ends: ends, gap: gap, into: digests)
            return true
        }
        #expect(SHA256Lanes.isRight(rightHash))
        #expect(!SHA256Lanes.isRight { _, _, _, _, _ in true })
        #expect(
            !SHA256Lanes.isRight {
                _ = rightHash($0, $1, $2, $3, $4)
                return false
            })
        for message in 0..<(4 * SHA256Lanes.fewestMessages) {
            let isRight = SHA256Lanes.isRight {
                _ = rightHash($0, $1, $2, $3, $4)
                $4[message * Digest.byteCount + 5] ^= 1
                return true
            }
            #expect(!isRight)
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

    /// Where every single write fails once, too: what was taken is written when it is tried again.
    @Test("whole bundles, taken from where they lie", arguments: [false, true])
    func bundles(fails: Bool) throws {
        struct Failure: Error {}
        let appended = LogBuilder()
        let taken = LogBuilder()
        var expected: [String: [UInt8]] = [:]
        var files: [String: [UInt8]] = [:]
        var failed: Set<String> = []
        let write: LogBuilder.Write = { path, bytes in
            guard !fails || !failed.insert(path).inserted else { throw Failure() }
            files[path] = Array(bytes)
        }
        for first in stride(from: 0, to: 257 * 256, by: 256) {
            var bundle: [UInt8] = []
            var ends: [Int] = []
            for index in first..<(first + 256) {
                try Example.entry(index).withUnsafeBytes { entry in
                    try appended.writeFull { expected[$0] = Array($1) }
                    appended.append(entry)
                    EntryBundle.append(entry, to: &bundle)
                    ends.append(bundle.count)
                }
            }
            let whole = bundle
            do {
                try bundle.withUnsafeMutableBytes {
                    try taken.append(bundle: $0, ends: ends, write)
                }
                #expect(!fails)
            } catch is Failure {
                while taken.isBundleFull { try? taken.writeFull(write) }
            }
            #expect(bundle == whole, "hashing leaves them as they were")
            #expect(taken.size == first + 256)
        }
        try appended.writeFull { expected[$0] = Array($1) }
        #expect(files == expected)
        #expect(
            taken.checkpoint(origin: "o").root == appended.checkpoint(origin: "o").root)
    }
}
