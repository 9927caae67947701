// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Full method paths (`/package.Service/Method`) and the number each has: built once, then read
/// without allocation by one hash and one comparison.
struct MethodTable {
    private struct Entry {
        var path: UnsafePointer<UInt8>?
        var count = 0
        var number: Int32 = 0
    }

    private let entries: UnsafeMutablePointer<Entry>
    private let mask: Int

    init(_ methods: [(path: String, number: Int32)]) {
        var size = 16
        while size < methods.count * 4 { size *= 2 }
        entries = .allocate(capacity: size)
        entries.initialize(repeating: Entry(), count: size)
        mask = size - 1
        for method in methods { add(Array(method.path.utf8), method.number) }
    }

    private func add(_ path: [UInt8], _ number: Int32) {
        let copy = UnsafeMutablePointer<UInt8>.allocate(capacity: path.count)
        copy.initialize(from: path, count: path.count)
        let text = UnsafeBufferPointer(start: UnsafePointer(copy), count: path.count)
        var index = Self.hash(text) & mask
        while entries[index].path != nil { index = (index + 1) & mask }
        entries[index] = Entry(path: UnsafePointer(copy), count: path.count, number: number)
    }

    func find(_ path: UnsafeBufferPointer<UInt8>) -> Int32? {
        var index = Self.hash(path) & mask
        while let candidate = entries[index].path {
            if entries[index].count == path.count && Self.equal(candidate, path) {
                return entries[index].number
            }
            index = (index + 1) & mask
        }
        return nil
    }

    func destroy() {
        for index in 0...mask { entries[index].path?.deallocate() }
        entries.deallocate()
    }

    /// Paths differ near their ends, so the last eight bytes and the length tell them apart.
    private static func hash(_ path: UnsafeBufferPointer<UInt8>) -> Int {
        guard path.count >= 8, let start = path.baseAddress else { return 0 }
        let tail = UnsafeRawPointer(start + path.count - 8).loadUnaligned(as: UInt64.self)
        let mixed = (tail ^ UInt64(path.count)) &* 0x9E37_79B9_7F4A_7C15
        return Int(truncatingIfNeeded: mixed >> 32)
    }

    private static func equal(
        _ left: UnsafePointer<UInt8>, _ right: UnsafeBufferPointer<UInt8>
    ) -> Bool {
        guard let start = right.baseAddress else { return true }
        return memcmp(left, start, right.count) == 0
    }
}
