// SPDX-License-Identifier: Apache-2.0
import Synchronization
import ThreatIntelligence

/// The threat lists that count now. As with `CurrentPolicy`, loops look at the number before each
/// check and take the lock only when it has changed, so a reload stalls nobody.
public final class CurrentThreats: Sendable {
    private let number = Atomic<Int>(1)
    private let index: Mutex<ThreatIndex>

    public init(_ index: ThreatIndex) { self.index = Mutex(index) }

    /// Looks up in `index` from the next check on.
    public func replace(by index: ThreatIndex) {
        // The old one is let go outside of the lock.
        let old = self.index.withLock { current in
            let old = current
            current = index
            return old
        }
        number.add(1, ordering: .releasing)
        withExtendedLifetime(old) {}
    }

    public var current: ThreatIndex { index.withLock { $0 } }

    /// The current lists when they are not number `seen`, which is then updated. The first lists
    /// are number 1.
    func change(since seen: inout Int) -> ThreatIndex? {
        let now = number.load(ordering: .acquiring)
        guard now != seen else { return nil }
        seen = now
        return current
    }
}
