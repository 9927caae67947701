// SPDX-License-Identifier: Apache-2.0

/// A deadline inside the thing that has it; linked into a wheel without allocation.
public struct TimerNode {
    public enum Kind: UInt8 { case stream, connection, service, loop }

    var previous: UnsafeMutablePointer<TimerNode>?
    var next: UnsafeMutablePointer<TimerNode>?
    var slot: Int32 = -1
    public let kind: Kind
    /// What the deadline belongs to: an address, or a token.
    public var owner: UInt
    /// Monotonic nanoseconds.
    public internal(set) var deadline: UInt64 = .max

    public init(kind: Kind, owner: UInt) {
        self.kind = kind
        self.owner = owner
    }

    /// A new node in memory of its own, for whoever sets few timers.
    public static func allocate(kind: Kind, owner: UInt) -> UnsafeMutablePointer<TimerNode> {
        let node = UnsafeMutablePointer<TimerNode>.allocate(capacity: 1)
        node.initialize(to: TimerNode(kind: kind, owner: owner))
        return node
    }

    public var isLinked: Bool { slot >= 0 }
}

/// Deadlines of one loop, to about 4 ms and never early; time is passed in.
///
/// Two wheels of 256 slots: the fine one turns once in about a second, the coarse one in about
/// 275 seconds. What lies farther waits in the last coarse slot and is sorted in again from there.
public struct TimerWheel {
    public typealias Node = UnsafeMutablePointer<TimerNode>

    /// A fine tick is 2^22 ns (4.2 ms), a coarse one 2^30 ns (1.07 s).
    static let tickShift: UInt64 = 22
    static let slots: UInt64 = 256

    /// The fine slots, then the coarse ones.
    private let heads: UnsafeMutablePointer<Node?>
    private var tick: UInt64
    private var fineCount = 0
    private var coarseCount = 0

    public init(now: UInt64) {
        heads = .allocate(capacity: Int(Self.slots) * 2)
        heads.initialize(repeating: nil, count: Int(Self.slots) * 2)
        tick = now >> Self.tickShift
    }

    public func destroy() { heads.deallocate() }

    /// Sets the node's deadline, whether it is linked or not.
    public mutating func set(_ node: Node, deadline: UInt64) {
        remove(node)
        node.pointee.deadline = deadline
        insert(node)
    }

    public mutating func remove(_ node: Node) {
        guard node.pointee.isLinked else { return }
        let slot = Int(node.pointee.slot)
        if let previous = node.pointee.previous {
            previous.pointee.next = node.pointee.next
        } else {
            heads[slot] = node.pointee.next
        }
        node.pointee.next?.pointee.previous = node.pointee.previous
        node.pointee.previous = nil
        node.pointee.next = nil
        node.pointee.slot = -1
        if slot < Int(Self.slots) { fineCount -= 1 } else { coarseCount -= 1 }
    }

    /// Unlinks and returns one node whose deadline has passed.
    public mutating func popExpired(now: UInt64) -> Node? {
        let target = now >> Self.tickShift
        while true {
            if let node = heads[Int(tick & (Self.slots - 1))] {
                remove(node)
                return node
            }
            if tick >= target { return nil }
            if fineCount + coarseCount == 0 {
                tick = target
                return nil
            }
            tick += 1
            if tick & (Self.slots - 1) == 0 { cascade() }
        }
    }

    /// Milliseconds until the next deadline can pass; -1 when there is none.
    public func timeout(now: UInt64) -> Int32 {
        guard let next = nextTick() else { return -1 }
        let moment = next << Self.tickShift
        if moment <= now { return 0 }
        return Int32(min((moment - now + 999_999) / 1_000_000, 60_000))
    }

    private mutating func insert(_ node: Node) {
        // Rounded up, and never into the slot that is being emptied.
        let due = (node.pointee.deadline >> Self.tickShift) + 1
        let wanted = max(due, tick + 1)
        let coarse = tick / Self.slots
        if wanted - tick < Self.slots {
            link(node, slot: Int(wanted & (Self.slots - 1)))
            fineCount += 1
        } else {
            let turns = min(wanted / Self.slots - coarse, Self.slots - 1)
            link(node, slot: Int(Self.slots + (coarse + turns) & (Self.slots - 1)))
            coarseCount += 1
        }
    }

    private func link(_ node: Node, slot: Int) {
        node.pointee.slot = Int32(slot)
        node.pointee.previous = nil
        node.pointee.next = heads[slot]
        heads[slot]?.pointee.previous = node
        heads[slot] = node
    }

    /// Sorts the nodes of the coarse slot whose second has begun into the fine slots.
    private mutating func cascade() {
        let slot = Int(Self.slots + (tick / Self.slots) & (Self.slots - 1))
        var next = heads[slot]
        while let node = next {
            next = node.pointee.next
            remove(node)
            if node.pointee.deadline >> Self.tickShift &+ 1 <= tick {
                link(node, slot: Int(tick & (Self.slots - 1)))
                fineCount += 1
            } else {
                insert(node)
            }
        }
    }

    private func nextTick() -> UInt64? {
        if fineCount > 0 {
            for step in 0..<Self.slots
            where heads[Int((tick + step) & (Self.slots - 1))] != nil {
                return min(tick + step, nextCoarse() ?? .max)
            }
        }
        return nextCoarse()
    }

    private func nextCoarse() -> UInt64? {
        guard coarseCount > 0 else { return nil }
        let coarse = tick / Self.slots
        for step in 1..<Self.slots
        where heads[Int(Self.slots + (coarse + step) & (Self.slots - 1))] != nil {
            return (coarse + step) * Self.slots
        }
        return nil
    }
}
