// SPDX-License-Identifier: Apache-2.0
import CLinux
import Platform
import Synchronization

/// What other threads have for one loop. The only state of a loop that is shared.
final class LoopMailbox: Sendable {
    /// A connection; whoever takes it owns its descriptor.
    struct Accepted {
        let descriptor: Int32
        let isEncrypted: Bool
    }

    struct Letters {
        var connections: [Accepted] = []
        /// Who may connect has changed.
        var isAdmissionRenewed = false
        var isDraining = false
        var isServing = true
    }

    private let letters = Mutex(Letters())
    private let signalled = Atomic<Bool>(false)
    /// Connections that the loop has or will have.
    let load = Atomic<Int>(0)
    let event: Int32

    init() throws(SystemError) {
        event = try checked(linux_eventfd_create(), "eventfd")
    }

    deinit {
        let event = Descriptor(owning: event)
        _ = consume event
    }

    /// Makes the loop's wait return soon; cheap when it was woken already.
    func wake() {
        if signalled.exchange(true, ordering: .acquiringAndReleasing) { return }
        // One that did not arrive is no reason to leave out the next.
        if linux_eventfd_signal(event) < 0 { signalled.store(false, ordering: .releasing) }
    }

    func post(_ change: (inout Letters) -> Void) {
        letters.withLock { change(&$0) }
        wake()
    }

    /// Takes everything; later letters wake the loop again.
    func collect() -> Letters {
        _ = linux_eventfd_drain(event)
        signalled.store(false, ordering: .sequentiallyConsistent)
        return letters.withLock { letters in
            let taken = letters
            letters.connections = []
            letters.isAdmissionRenewed = false
            return taken
        }
    }
}

/// A loop, as its service and other threads see it.
public struct LoopHandle: @unchecked Sendable {
    let mailbox: LoopMailbox
    let loop: EventLoop
    /// 0 up to the number of loops.
    public let index: Int

    /// Makes the loop call `UnaryService.woken` soon. From any thread.
    public func wake() { mailbox.wake() }

    /// Makes the loop call `UnaryService.timerFired(token:)` at or a few milliseconds after
    /// `moment` (monotonic nanoseconds). Only on the loop's thread.
    public func schedule(at moment: UInt64, token: UInt64) {
        loop.schedule(at: moment, token: token)
    }

    /// Monotonic nanoseconds when this turn began. Only on the loop's thread.
    public var now: UInt64 { loop.state.pointee.now }
}
