// SPDX-License-Identifier: Apache-2.0
import CLinux
import Glibc
import Platform
import Synchronization

/// Accepts in one place and hands each connection to the loop that has the fewest: a kernel that
/// spreads by hash often gives both of Envoy's two connections to one loop.
final class Acceptor: Sendable {
    private let epoll: Int32
    private let stopEvent: Int32
    /// Holds the stop event only: what a pause waits for.
    private let pauseEpoll: Int32
    private let loops: [LoopMailbox]
    private let limit: Int
    let accepted = Atomic<UInt64>(0)
    let refused = Atomic<UInt64>(0)

    init(loops: [LoopMailbox], limit: Int) throws(SystemError) {
        self.loops = loops
        self.limit = limit
        let epoll = Descriptor(owning: try checked(linux_epoll_create(), "epoll_create1"))
        let pause = Descriptor(owning: try checked(linux_epoll_create(), "epoll_create1"))
        let stop = Descriptor(owning: try checked(linux_eventfd_create(), "eventfd"))
        for set in [epoll.number, pause.number] {
            _ = try checked(
                linux_epoll_add(set, stop.number, Self.readable, Self.stopKey), "epoll_ctl")
        }
        self.epoll = epoll.release()
        pauseEpoll = pause.release()
        stopEvent = stop.release()
    }

    deinit {
        for number in [epoll, pauseEpoll, stopEvent] { _ = Glibc.close(number) }
    }

    /// - Parameter isEncrypted: its connections speak TLS.
    func add(_ listener: borrowing Listener, isEncrypted: Bool) throws(SystemError) {
        let number = listener.descriptor.number
        let key = UInt64(number) | (isEncrypted ? Self.encryptedKey : 0)
        _ = try checked(linux_epoll_add(epoll, number, Self.readable, key), "epoll_ctl")
    }

    /// Makes `run` return. From any thread.
    func stop() { _ = linux_eventfd_signal(stopEvent) }

    /// Accepts until it is stopped.
    func run() {
        withUnsafeTemporaryAllocation(
            of: linux_event.self, capacity: LINUX_EPOLL_BATCH
        ) { events in
            while true {
                let count = linux_epoll_wait(epoll, events.baseAddress, -1)
                precondition(count >= 0, "epoll_wait failed with errno \(-count)")
                for index in 0..<Int(count) {
                    let key = events[index].data
                    if key == Self.stopKey { return }
                    accept(
                        Int32(truncatingIfNeeded: key), isEncrypted: key & Self.encryptedKey != 0)
                }
            }
        }
    }

    private func accept(_ listener: Int32, isEncrypted: Bool) {
        for _ in 0..<Self.batch {
            let result = linux_accept(listener)
            if result >= 0 {
                hand(result, isEncrypted)
            } else if Self.isExhaustion(-result) {
                // The connection stays in the backlog and the listener ready: without a pause
                // this would spin.
                pause()
                return
            } else if result == -EAGAIN {
                return
            }
        }
    }

    private func hand(_ descriptor: Int32, _ isEncrypted: Bool) {
        accepted.add(1, ordering: .relaxed)
        var total = 0
        var best: LoopMailbox?
        var least = Int.max
        for loop in loops {
            let load = loop.load.load(ordering: .relaxed)
            total += load
            if load < least {
                least = load
                best = loop
            }
        }
        guard total < limit, let best else {
            refused.add(1, ordering: .relaxed)
            _ = Glibc.close(descriptor)
            return
        }
        // A Unix socket has no such option, and needs none.
        _ = linux_set_no_delay(descriptor)
        best.load.add(1, ordering: .relaxed)
        let accepted = LoopMailbox.Accepted(descriptor: descriptor, isEncrypted: isEncrypted)
        best.post { $0.connections.append(accepted) }
    }

    private func pause() {
        withUnsafeTemporaryAllocation(
            of: linux_event.self, capacity: LINUX_EPOLL_BATCH
        ) { events in
            _ = linux_epoll_wait(pauseEpoll, events.baseAddress, TransportLimits.acceptPause)
        }
    }

    private static func isExhaustion(_ number: Int32) -> Bool {
        number == EMFILE || number == ENFILE || number == ENOMEM || number == ENOBUFS
    }

    private static let readable = UInt32(LINUX_EPOLL_READABLE)
    private static let stopKey = UInt64.max
    /// Beside the descriptor of a listener.
    private static let encryptedKey: UInt64 = 1 << 32
    /// Connections accepted before other listeners get their turn.
    private static let batch = 64
}
