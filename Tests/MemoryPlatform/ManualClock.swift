// SPDX-License-Identifier: Apache-2.0
import Platform
import Synchronization

/// A clock that stands still until it is moved.
public final class ManualClock: Clock {
    private let state: Mutex<(wall: Int64, monotonic: Int64)>

    public init(wall: Int64 = 0, monotonic: Int64 = 0) {
        state = Mutex((wall, monotonic))
    }

    public func wall() -> Int64 { state.withLock { $0.wall } }
    public func monotonic() -> Int64 { state.withLock { $0.monotonic } }

    /// Moves both clocks by `nanoseconds`, which is not negative.
    public func advance(by nanoseconds: Int64) {
        precondition(nanoseconds >= 0)
        state.withLock {
            $0.wall += nanoseconds
            $0.monotonic += nanoseconds
        }
    }
}
