// SPDX-License-Identifier: Apache-2.0
import Authorization

/// Memory for `Bytes` in tests, alive as long as the pool.
final class Memory {
    private var blocks: [UnsafeMutableBufferPointer<UInt8>] = []

    deinit { for block in blocks { block.deallocate() } }

    func bytes(_ content: some Collection<UInt8>) -> Bytes {
        let block = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: max(content.count, 1))
        _ = block.initialize(from: content)
        blocks.append(block)
        return Bytes(start: UnsafePointer(block.baseAddress), count: content.count)
    }

    func bytes(_ text: String) -> Bytes { bytes(Array(text.utf8)) }
}

/// SplitMix64: the same sequence for the same seed, on every machine.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}
