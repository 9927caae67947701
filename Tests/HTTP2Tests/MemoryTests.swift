// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import HTTP2

@Suite struct MemoryTests {
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
