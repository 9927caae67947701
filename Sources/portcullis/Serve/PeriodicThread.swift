// SPDX-License-Identifier: Apache-2.0
import Platform
import Synchronization

/// A thread that does something again and again until it is stopped.
final class PeriodicThread: Sendable {
    private let isStopped = Atomic<Bool>(false)
    private let signal = Signal()
    private let thread = Mutex<SystemThread?>(nil)

    /// - Parameters:
    ///   - name: at most 15 bytes.
    ///   - interval: nanoseconds before each call of `body`.
    func start(
        name: String, interval: Int64, _ body: @escaping @Sendable () -> Void
    ) throws(SystemError) {
        let started = try SystemThread.start(name: name) { [self] in run(interval, body) }
        thread.withLock { $0 = started }
    }

    /// Returns when the call of `body` that goes on, if one does, has ended.
    func stop() {
        isStopped.store(true, ordering: .releasing)
        signal.raise()
        thread.withLock { thread in
            thread?.join()
            thread = nil
        }
    }

    private func run(_ interval: Int64, _ body: () -> Void) {
        let clock = SystemClock()
        while true {
            signal.wait(until: clock.monotonic() + interval)
            if isStopped.load(ordering: .acquiring) { return }
            body()
        }
    }
}
