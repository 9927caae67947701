// SPDX-License-Identifier: Apache-2.0
import HTTP2

/// How far a loop has come with ending.
enum DrainPhase {
    case none
    /// Peers were told; streams that were on their way are still taken.
    case announced
    /// No new streams; those in flight have until the drain time is over.
    case refusing
    case over
}

/// Ending without losing a call: RFC 9113 section 6.8, then a bounded time for what is in flight.
extension EventLoop {
    func beginDrain() {
        state.pointee.drain = .announced
        setServing(false)
        endWatches()
        forEachConnection { $0.announceShutdown() }
        setDrainTimer(after: limits.drainNotice)
        state.pointee.service?.drainBegan()
    }

    /// The drain's timer fired.
    func continueDrain() {
        switch state.pointee.drain {
        case .announced:
            state.pointee.drain = .refusing
            forEachConnection { $0.refuseNewStreams() }
            setDrainTimer(after: limits.drainTime)
        case .refusing: state.pointee.drain = .over
        case .none, .over: break
        }
    }

    private func setDrainTimer(after time: UInt64) {
        let node = TimerNode.allocate(kind: .loop, owner: 0)
        context.pointee.wheel.set(node, deadline: state.pointee.now + time)
    }

    func forEachConnection(_ body: (Connection) -> Void) {
        var next = state.pointee.connections
        while let slot = next {
            next = slot.pointee.next
            body(Connection(state: slot))
        }
    }
}
