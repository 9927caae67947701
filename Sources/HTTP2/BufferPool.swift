// SPDX-License-Identifier: Apache-2.0

/// A buffer of a pool's size class; whoever holds it gives it back.
public struct PooledBuffer {
    public let start: UnsafeMutableRawPointer
    public let capacity: Int
}

/// Buffers in powers of two, kept for reuse up to a number of bytes. One thread only.
public struct BufferPool {
    static let smallestShift = 12
    static let classes = 20
    private static let alignment = 16

    /// The first word of a free buffer links to the next of its class.
    private let free: UnsafeMutablePointer<UnsafeMutableRawPointer?>
    private let spareLimit: Int
    private var spare = 0

    public init(spareLimit: Int) {
        free = .allocate(capacity: Self.classes)
        free.initialize(repeating: nil, count: Self.classes)
        self.spareLimit = spareLimit
    }

    /// A buffer of at least `count` bytes.
    public mutating func take(_ count: Int) -> PooledBuffer {
        let index = Self.classIndex(count)
        let capacity = 1 << (index + Self.smallestShift)
        if let start = free[index] {
            free[index] = start.load(as: UnsafeMutableRawPointer?.self)
            spare -= capacity
            return PooledBuffer(start: start, capacity: capacity)
        }
        let start = UnsafeMutableRawPointer.allocate(
            byteCount: capacity, alignment: Self.alignment)
        return PooledBuffer(start: start, capacity: capacity)
    }

    public mutating func give(_ buffer: PooledBuffer) {
        guard spare + buffer.capacity <= spareLimit else { return buffer.start.deallocate() }
        let index = Self.classIndex(buffer.capacity)
        buffer.start.storeBytes(of: free[index], as: UnsafeMutableRawPointer?.self)
        free[index] = buffer.start
        spare += buffer.capacity
    }

    /// Frees all spare buffers; the pool is not used afterwards.
    public func destroy() {
        for index in 0..<Self.classes {
            while let start = free[index] {
                free[index] = start.load(as: UnsafeMutableRawPointer?.self)
                start.deallocate()
            }
        }
        free.deallocate()
    }

    private static func classIndex(_ count: Int) -> Int {
        let wanted = max(count, 1 << smallestShift)
        let index = Int.bitWidth - (wanted - 1).leadingZeroBitCount - smallestShift
        precondition(index < classes, "a buffer of \(count) bytes is above every limit")
        return index
    }
}
