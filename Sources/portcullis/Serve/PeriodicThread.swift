// SPDX-License-Identifier: Apache-2.0
import Glibc
import Platform
import Synchronization

/// A thread that does something again and again until it is stopped.
final class PeriodicThread: Sendable {
    /// How long stopping may take, in nanoseconds.
    private static let step: Int64 = 100_000_000

    private let isStopped = Atomic<Bool>(false)
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

    func stop() {
        isStopped.store(true, ordering: .releasing)
        thread.withLock { thread in
            thread?.join()
            thread = nil
        }
    }

    private func run(_ interval: Int64, _ body: () -> Void) {
        var waited: Int64 = 0
        while !isStopped.load(ordering: .acquiring) {
            usleep(useconds_t(Self.step / 1000))
            waited += Self.step
            guard waited >= interval else { continue }
            waited = 0
            body()
        }
    }
}
