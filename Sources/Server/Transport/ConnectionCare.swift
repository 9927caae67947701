// SPDX-License-Identifier: Apache-2.0
import HTTP2

/// What is looked at now and then: connections that say nothing, read nothing, or do nothing.
extension Connection {
    func timerFired() {
        guard isOpen else { return }
        guard let session = state.pointee.session else {
            noteTimeout()
            return close()
        }
        let limits = loop.limits
        let now = loop.state.pointee.now
        guard session.isGreeted else { return close() }
        if state.pointee.pending != nil && now - state.pointee.wrote >= limits.stallTime {
            loop.counters.stalls.bump()
            return close()
        }
        session.resetStuckAnswers()
        if state.pointee.flags.contains(.dismissed) {
            guard state.pointee.flags.contains(.leaving) else {
                announceShutdown()
                return setTimer(after: limits.drainNotice)
            }
            session.refuseNewStreams()
        }
        leaveWhenIdle(session, now: now)
        markDirty()
        setTimer(after: limits.stallTime)
    }

    /// The two steps of RFC 9113 section 6.8, one look apart: a stream that is on its way when the
    /// first GOAWAY leaves is still taken.
    private func leaveWhenIdle(_ session: Session, now: UInt64) {
        guard session.openStreams == 0 else { return }
        if state.pointee.flags.contains(.leaving) { return session.refuseNewStreams() }
        guard now - state.pointee.heard >= loop.limits.idleTime else { return }
        announceShutdown()
    }

    /// Tells the peer to open its streams elsewhere.
    func announceShutdown() {
        guard let session = state.pointee.session else { return }
        state.pointee.flags.insert(.leaving)
        session.announceShutdown()
        markDirty()
    }

    func refuseNewStreams() {
        if let session = state.pointee.session {
            session.refuseNewStreams()
            markDirty()
        } else if state.pointee.tls != nil {
            // A handshake that is not done: nobody has asked anything yet.
            close()
        }
    }
}
