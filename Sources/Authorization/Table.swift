// SPDX-License-Identifier: Apache-2.0

/// Elements in memory that is used again from check to check: an array without reference counting.
///
/// A copy is a view of the same memory, valid until the owner changes or frees it.
@frozen
public struct Table<Element: BitwiseCopyable> {
    @usableFromInline var start: UnsafeMutablePointer<Element>?
    @usableFromInline var capacity = 0
    @usableFromInline var used = 0

    @inlinable
    public init() {}

    @inlinable
    public mutating func append(_ element: Element) {
        if used == capacity { grow() }
        start.unsafelyUnwrapped[used] = element
        used &+= 1
    }

    /// Forgets all elements and keeps the memory.
    @inlinable
    public mutating func removeAll() { used = 0 }

    @usableFromInline
    mutating func grow() {
        capacity = capacity == 0 ? 8 : capacity * 2
        let larger = UnsafeMutablePointer<Element>.allocate(capacity: capacity)
        if let start {
            larger.update(from: start, count: used)
            start.deallocate()
        }
        start = larger
    }

    /// Gives the memory back. Only the owner may.
    mutating func free() {
        start?.deallocate()
        self = Table()
    }
}

extension Table: RandomAccessCollection {
    @inlinable public var startIndex: Int { 0 }
    @inlinable public var endIndex: Int { used }
    @inlinable public var count: Int { used }

    @inlinable
    public subscript(index: Int) -> Element {
        precondition(index >= 0 && index < used)
        return start.unsafelyUnwrapped[index]
    }
}

extension Table: @unchecked Sendable where Element: Sendable {}
