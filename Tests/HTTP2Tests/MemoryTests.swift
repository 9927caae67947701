// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import HTTP2

@Suite struct MemoryTests {
    private struct Block {
        let start: UnsafeMutableRawPointer
        let count: Int
        let pattern: UInt8
    }

    private func fill(_ start: UnsafeMutableRawPointer, _ count: Int, _ pattern: UInt8) {
        start.initializeMemory(as: UInt8.self, repeating: pattern, count: count)
    }

    private func holds(_ block: Block, first count: Int) -> Bool {
        UnsafeRawBufferPointer(start: block.start, count: count).allSatisfy { $0 == block.pattern }
    }

    @Test func smallBlocksKeepWhatIsWrittenAndDoNotOverlap() throws {
        var memory = SmallMemory()
        defer { memory.destroy() }
        var blocks: [Block] = []
        for round in 0..<20_000 {
            let pattern = UInt8(truncatingIfNeeded: round)
            let count = Int.random(in: 1...(round % 50 == 0 ? 5000 : 300))
            if blocks.count < 100 || Bool.random() && blocks.count < 400 {
                let fresh = memory.allocate(count)
                let start = try #require(fresh)
                #expect(UInt(bitPattern: start) % 16 == 0)
                fill(start, count, pattern)
                blocks.append(Block(start: start, count: count, pattern: pattern))
            } else {
                let old = blocks.remove(at: Int.random(in: 0..<blocks.count))
                #expect(holds(old, first: old.count))
                guard round % 3 == 0 else {
                    memory.release(old.start)
                    continue
                }
                let resized = memory.resize(old.start, to: count)
                let start = try #require(resized)
                let moved = Block(start: start, count: count, pattern: old.pattern)
                #expect(holds(moved, first: min(count, old.count)))
                fill(start, count, pattern)
                blocks.append(Block(start: start, count: count, pattern: pattern))
            }
        }
        for block in blocks {
            #expect(holds(block, first: block.count))
            memory.release(block.start)
        }
    }

    @Test func buffersAreReusedBySize() {
        var pool = BufferPool(spareLimit: 64 << 10)
        defer { pool.destroy() }
        let first = pool.take(5000)
        #expect(first.capacity == 8192)
        pool.give(first)
        let again = pool.take(8192)
        #expect(again.start == first.start)
        pool.give(again)
        let large = pool.take(4 << 20)
        #expect(large.capacity == 4 << 20)
        // Above what is kept: freed at once.
        pool.give(large)
        let small = pool.take(1)
        #expect(small.capacity == 4096)
        pool.give(small)
    }
}
