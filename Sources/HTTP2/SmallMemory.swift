// SPDX-License-Identifier: Apache-2.0
import CNghttp2
import Glibc

/// Small blocks for nghttp2, kept by size and reused: a call in a steady state allocates nothing.
/// One thread only. What is larger than the largest class comes from malloc.
struct SmallMemory {
    /// Before each block: its class, or `classes` for malloc. Keeps blocks aligned to 16.
    private static let headBytes = 16
    private static let classShift = 6
    private static let classes = 17
    private static let slabBytes = 32 << 10

    /// The first word of a free block links to the next of its class.
    private let free: UnsafeMutablePointer<UnsafeMutableRawPointer?>
    private var slabs: [UnsafeMutableRawPointer] = []
    private var slab: UnsafeMutableRawPointer?
    private var slabLeft = 0

    init() {
        free = .allocate(capacity: Self.classes)
        free.initialize(repeating: nil, count: Self.classes)
    }

    func destroy() {
        for slab in slabs { slab.deallocate() }
        free.deallocate()
    }

    mutating func allocate(_ count: Int) -> UnsafeMutableRawPointer? {
        let total = count + Self.headBytes
        let index = (total - 1) >> Self.classShift
        guard index < Self.classes else { return allocateLarge(total) }
        if let block = free[index] {
            free[index] = block.load(as: UnsafeMutableRawPointer?.self)
            return block
        }
        let block = carve((index + 1) << Self.classShift) + Self.headBytes
        (block - Self.headBytes).storeBytes(of: index, as: Int.self)
        return block
    }

    mutating func release(_ block: UnsafeMutableRawPointer) {
        let head = block - Self.headBytes
        let index = head.load(as: Int.self)
        if index == Self.classes { return Glibc.free(head) }
        block.storeBytes(of: free[index], as: UnsafeMutableRawPointer?.self)
        free[index] = block
    }

    mutating func resize(_ block: UnsafeMutableRawPointer, to count: Int)
        -> UnsafeMutableRawPointer?
    {
        let head = block - Self.headBytes
        let index = head.load(as: Int.self)
        if index == Self.classes {
            return realloc(head, count + Self.headBytes).map { $0 + Self.headBytes }
        }
        let room = (index + 1) << Self.classShift - Self.headBytes
        if count <= room { return block }
        guard let grown = allocate(count) else { return nil }
        memcpy(grown, block, room)
        release(block)
        return grown
    }

    private func allocateLarge(_ total: Int) -> UnsafeMutableRawPointer? {
        guard let head = malloc(total) else { return nil }
        head.storeBytes(of: Self.classes, as: Int.self)
        return head + Self.headBytes
    }

    private mutating func carve(_ count: Int) -> UnsafeMutableRawPointer {
        if slabLeft < count {
            let fresh = UnsafeMutableRawPointer.allocate(
                byteCount: Self.slabBytes, alignment: 64)
            slabs.append(fresh)
            slab = fresh
            slabLeft = Self.slabBytes
        }
        let block = slab.unsafelyUnwrapped
        slab = block + count
        slabLeft -= count
        return block
    }
}

/// nghttp2's allocator over the context's pool. nghttp2 copies the structure.
func pooledMemory(of context: UnsafeMutablePointer<SessionContext>) -> nghttp2_mem {
    nghttp2_mem(
        mem_user_data: context,
        malloc: { count, user in pool(user).pointee.memory.allocate(count) },
        free: { block, user in
            if let block { pool(user).pointee.memory.release(block) }
        },
        calloc: { count, size, user in
            let (total, overflow) = count.multipliedReportingOverflow(by: size)
            guard !overflow, let block = pool(user).pointee.memory.allocate(total) else {
                return nil
            }
            return memset(block, 0, total)
        },
        realloc: { block, count, user in
            guard let block else { return pool(user).pointee.memory.allocate(count) }
            return pool(user).pointee.memory.resize(block, to: count)
        })
}

private func pool(_ user: UnsafeMutableRawPointer?) -> UnsafeMutablePointer<SessionContext> {
    user.unsafelyUnwrapped.assumingMemoryBound(to: SessionContext.self)
}
