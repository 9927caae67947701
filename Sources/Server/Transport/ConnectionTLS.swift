// SPDX-License-Identifier: Apache-2.0
import HTTP2
import TLS

/// What TLS needs of one loop, shared by its connections: a turn is over before the next one uses
/// the buffers.
struct LoopEncryption {
    let credentials: CurrentCredentials
    /// What came, decrypted.
    let opened: UnsafeMutableRawBufferPointer
    /// What goes, before it is encrypted into the loop's output.
    let produced: UnsafeMutableRawBufferPointer
    /// Handshakes that were worked on in this turn.
    var handshakes = 0

    init(_ credentials: CurrentCredentials) {
        self.credentials = credentials
        opened = .allocate(
            byteCount: TLS.Limits.plaintext(input: TransportLimits.inputBytes), alignment: 64)
        produced = .allocate(
            byteCount: TLS.Limits.plaintext(output: TransportLimits.outputBytes), alignment: 64)
    }

    func destroy() {
        opened.deallocate()
        produced.deallocate()
    }
}

/// The part of a connection that is there only when it is encrypted.
extension Connection {
    /// - Returns: false when memory is short.
    func beginHandshake() -> Bool {
        guard let encryption = loop.state.pointee.encryption else { return false }
        state.pointee.tls = TLSSession.open(encryption.credentials.now)
        return state.pointee.tls != nil
    }

    /// False when this turn has seen enough handshakes; the kernel reports again what is left.
    func mayRead(_ tls: TLSSession) -> Bool {
        if tls.status != .handshaking { return true }
        let begun = loop.state.pointee.encryption?.handshakes ?? 0
        guard begun < TransportLimits.handshakesPerTurn else { return false }
        loop.state.pointee.encryption?.handshakes = begun + 1
        return true
    }

    /// The plaintext of `bytes`; nil when there is none to read.
    func decrypt(
        _ bytes: UnsafeRawBufferPointer, _ tls: TLSSession
    ) -> UnsafeRawBufferPointer? {
        guard let encryption = loop.state.pointee.encryption else { return nil }
        let wasOpen = tls.isOpen
        let count = tls.receive(
            bytes, plaintext: encryption.opened, output: loop.state.pointee.output)
        // Nothing waits for the socket here: a stalled connection is not read.
        if count.output > 0, !write(count.output), !isOpen { return nil }
        switch tls.status {
        case .handshaking: return nil
        case .failed:
            refuse(tls)
            return nil
        case .open, .closed: break
        }
        if !wasOpen, !welcome(tls) { return nil }
        // Whoever says that nothing more comes is answered, and then left.
        if count.plaintext == 0 {
            if tls.status == .closed { markDirty() }
            return nil
        }
        return UnsafeRawBufferPointer(
            start: encryption.opened.baseAddress, count: count.plaintext)
    }

    /// The handshake is done.
    private func welcome(_ tls: TLSSession) -> Bool {
        loop.counters.handshakes.count(isResumed: tls.isResumed)
        guard loop.state.pointee.drain == .none, beginSession() else {
            linger()
            return false
        }
        // It began before other clients were let in than before.
        if isOutdated { dismiss() }
        markDirty()
        return true
    }

    /// The peer gets the alert, unless its socket takes nothing.
    private func refuse(_ tls: TLSSession) {
        if let failure = tls.failure {
            loop.counters.handshakes.failures.count(failure)
        } else {
            loop.counters.faults.count(.protocolError)
        }
        if state.pointee.pending == nil { linger() } else { close() }
    }

    // MARK: writing

    /// As `flush`, for a connection whose handshake is done.
    func flush(_ session: Session, _ tls: TLSSession) {
        guard let produced = loop.state.pointee.encryption?.produced else { return close() }
        while true {
            let count = session.produce(into: produced)
            if count == 0 { break }
            let plaintext = UnsafeRawBufferPointer(start: produced.baseAddress, count: count)
            guard let sealed = tls.send(plaintext, output: loop.state.pointee.output) else {
                return close()
            }
            guard write(sealed) else { return }
        }
        resumeReading()
        if session.isOver || tls.status == .closed { linger() }
    }

    // MARK: ending

    /// Tells the peer that nothing more comes, if the socket takes it.
    func sayClosed() {
        guard let tls = state.pointee.tls, state.pointee.pending == nil else { return }
        let count = tls.end(output: loop.state.pointee.output)
        if count > 0 { _ = send(loop.state.pointee.output.baseAddress, count) }
    }

    func endTLS() {
        guard let tls = state.pointee.tls else { return }
        if tls.status == .handshaking { loop.counters.handshakes.failures.count(.closed) }
        state.pointee.tls = nil
        tls.close()
    }

    /// The time for the handshake is over.
    func noteTimeout() {
        guard let tls = state.pointee.tls, tls.status == .handshaking else { return }
        loop.counters.handshakes.failures.count(.timeout)
        state.pointee.tls = nil
        tls.close()
    }

    // MARK: other credentials

    private var isOutdated: Bool {
        guard let tls = state.pointee.tls, let encryption = loop.state.pointee.encryption else {
            return false
        }
        return !encryption.credentials.now.admitsSame(as: tls.credentials)
    }

    /// Has the peer connect anew, so that it shows its certificate again: calls on their way are
    /// answered, and after a short notice no others are taken.
    ///
    /// A peer that has not greeted is told a little later than it does: a client that learns it
    /// while it connects may take the connection for a good one (gRPC's does, and asks there again
    /// and again until it is closed).
    private func dismiss() {
        state.pointee.flags.insert(.outdated)
        if let session = state.pointee.session, beginDismissal(session) { announceShutdown() }
    }

    /// Sets the timer for the next step of an outdated connection.
    ///
    /// - Returns: false when that was done before, or when the peer has not greeted.
    @discardableResult
    func beginDismissal(_ session: Session) -> Bool {
        guard session.isGreeted, !state.pointee.flags.contains(.dismissed) else { return false }
        state.pointee.flags.insert(.dismissed)
        setTimer(after: loop.limits.drainNotice)
        return true
    }

    fileprivate func dismissIfOutdated() {
        if isOutdated { dismiss() }
    }
}

extension EventLoop {
    /// Other clients get in than before; so who came in before has to ask again.
    func dismissOutdated() {
        forEachConnection { $0.dismissIfOutdated() }
    }
}
