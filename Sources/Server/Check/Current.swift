// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// What all threads decide with until it is replaced: a policy, threat lists. Threads look at its
/// number before each check (`Changes`) and take the lock only when that has changed, so a reload
/// stalls nobody.
public final class Current<Value: Sendable>: Sendable {
    fileprivate let number = Atomic<Int>(1)
    private let held: Mutex<Value>

    public init(_ value: Value) { held = Mutex(value) }

    public var value: Value { held.withLock { $0 } }

    /// Decides with `next` from now on; checks under way finish with what they began with.
    public func replace(by next: Value) {
        // The old one is let go outside of the lock.
        let old = held.withLock { held in
            let old = held
            held = next
            return old
        }
        number.add(1, ordering: .releasing)
        withExtendedLifetime(old) {}
    }
}

/// What one thread has not seen yet of a `Current`, which must live longer: no check counts a
/// reference to it, because all threads would share the count.
struct Changes<Value: Sendable> {
    private let current: Unmanaged<Current<Value>>
    private var seen = 0

    init(_ current: Current<Value>) { self.current = .passUnretained(current) }

    /// The value, unless it is the one that the last call returned.
    mutating func next() -> Value? {
        number == seen ? nil : take()
    }

    /// The value; `next` returns those after it.
    mutating func take() -> Value {
        seen = number
        return current._withUnsafeGuaranteedRef { $0.value }
    }

    private var number: Int {
        current._withUnsafeGuaranteedRef { $0.number.load(ordering: .acquiring) }
    }
}
