// SPDX-License-Identifier: Apache-2.0
import HTTP2
import Testing

@Suite struct TimerWheelTests {
    private let second: UInt64 = 1_000_000_000

    @Test func everyDeadlineFiresOnceNeverEarlyAndInTime() {
        var random = SystemRandomNumberGenerator()
        let start: UInt64 = 12_345_678_901
        var wheel = TimerWheel(now: start)
        defer { wheel.destroy() }
        var nodes: [UnsafeMutablePointer<TimerNode>] = []
        for index in 0..<2000 {
            let node = TimerNode.allocate(kind: .service, owner: UInt(index))
            nodes.append(node)
            let far = index % 3 == 0 ? 1000 * second : 2 * second
            wheel.set(node, deadline: start + UInt64.random(in: 0..<far, using: &random))
        }
        defer { for node in nodes { node.deallocate() } }
        var fired = 0
        var now = start
        while fired < nodes.count && now < start + 1100 * second {
            let wait = wheel.timeout(now: now)
            #expect(wait >= 0)
            now += UInt64(max(wait, 1)) * 1_000_000
            while let node = wheel.popExpired(now: now) {
                #expect(node.pointee.deadline <= now)
                #expect(now - node.pointee.deadline < 20_000_000)
                fired += 1
            }
        }
        #expect(fired == nodes.count)
        #expect(wheel.timeout(now: now) == -1)
    }

    @Test func removedNodesDoNotFire() {
        var wheel = TimerWheel(now: 0)
        defer { wheel.destroy() }
        let node = TimerNode.allocate(kind: .service, owner: 1)
        defer { node.deallocate() }
        wheel.set(node, deadline: second)
        wheel.set(node, deadline: 5 * second)
        wheel.remove(node)
        wheel.remove(node)
        #expect(wheel.popExpired(now: 100 * second) == nil)
        #expect(wheel.timeout(now: 0) == -1)
    }

    @Test func tokensComeBackAtTheirRate() {
        var bucket = TokenBucket(.init(burst: 3, perSecond: 2), now: 0)
        func takes(_ count: Int, at now: UInt64) -> Int {
            (0..<count).count { _ in bucket.take(now: now) }
        }
        #expect(takes(4, at: 0) == 3)
        #expect(takes(1, at: second / 4) == 0)
        #expect(takes(2, at: second / 2) == 1)
        #expect(takes(4, at: 100 * second) == 3)
    }
}
