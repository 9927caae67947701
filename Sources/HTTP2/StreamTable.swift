// SPDX-License-Identifier: Apache-2.0

/// The open streams of a session by their number: open addressing, at most half full.
struct StreamTable {
    private static let initialSlots = 16

    private var slots: UnsafeMutablePointer<UnsafeMutablePointer<StreamState>?>
    private var mask = Self.initialSlots - 1
    private(set) var count = 0

    init() {
        slots = .allocate(capacity: Self.initialSlots)
        slots.initialize(repeating: nil, count: Self.initialSlots)
    }

    func destroy() { slots.deallocate() }

    /// Clients number their streams with odd numbers.
    @inline(__always)
    private func home(_ id: Int32) -> Int { Int(id >> 1) & mask }

    @inline(__always)
    func find(_ id: Int32) -> UnsafeMutablePointer<StreamState>? {
        var slot = home(id)
        while let stream = slots[slot] {
            if stream.pointee.id == id { return stream }
            slot = (slot + 1) & mask
        }
        return nil
    }

    mutating func insert(_ stream: UnsafeMutablePointer<StreamState>) {
        if (count + 1) * 2 > mask + 1 { grow() }
        put(stream)
        count += 1
    }

    private func put(_ stream: UnsafeMutablePointer<StreamState>) {
        var slot = home(stream.pointee.id)
        while slots[slot] != nil { slot = (slot + 1) & mask }
        slots[slot] = stream
    }

    mutating func remove(_ id: Int32) {
        var slot = home(id)
        while let stream = slots[slot], stream.pointee.id != id { slot = (slot + 1) & mask }
        guard slots[slot] != nil else { return }
        count -= 1
        // Whatever stands behind moves up to where it is looked for.
        var hole = slot
        while true {
            slot = (slot + 1) & mask
            guard let stream = slots[slot] else { break }
            let distance = (slot - home(stream.pointee.id)) & mask
            if distance >= (slot - hole) & mask {
                slots[hole] = stream
                hole = slot
            }
        }
        slots[hole] = nil
    }

    private mutating func grow() {
        let former = slots
        let size = mask + 1
        mask = size * 2 - 1
        slots = .allocate(capacity: size * 2)
        slots.initialize(repeating: nil, count: size * 2)
        for slot in 0..<size { if let stream = former[slot] { put(stream) } }
        former.deallocate()
    }
}
