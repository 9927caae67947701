// SPDX-License-Identifier: Apache-2.0
import COpenSSL
import Glibc

/// One TLS connection (RFC 8446, RFC 5246), server side, without IO: ciphertext in, plaintext out,
/// and the other way. A trivial handle to memory of its own.
public struct TLSSession {
    public enum Status: Sendable {
        case handshaking
        case open
        /// The peer said that nothing more comes (close_notify).
        case closed
        /// The handshake came to nothing (`failure` says why), or later the peer broke the rules.
        case failed
    }

    struct State {
        let ssl: OpaquePointer
        let credentials: Unmanaged<ServerCredentials>
        var status = Status.handshaking
        var failure: HandshakeFailure?
        /// What one of our callbacks refused, and OpenSSL has other words for.
        var refusal: HandshakeFailure?
        var handshakeBytes = 0
        /// Handshake messages that came in this call, after the handshake.
        var laterMessages = 0
        var transfer = Transfer()
    }

    let state: UnsafeMutablePointer<State>

    private var ssl: OpaquePointer { state.pointee.ssl }

    /// - Returns: nil when memory is short.
    public static func open(_ credentials: ServerCredentials) -> TLSSession? {
        ERR_clear_error()
        guard let ssl = SSL_new(credentials.context) else { return nil }
        let state = UnsafeMutablePointer<State>.allocate(capacity: 1)
        state.initialize(to: State(ssl: ssl, credentials: .passRetained(credentials)))
        let session = TLSSession(state: state)
        guard let bio = TransferBIO.make(session.transfer), SSL_set_ex_data(ssl, 0, state) == 1
        else {
            session.close()
            return nil
        }
        SSL_set_bio(ssl, bio, bio)
        SSL_set_accept_state(ssl)
        return session
    }

    /// Frees the session; it says nothing to the peer.
    public func close() {
        SSL_free(ssl)
        state.pointee.credentials.release()
        state.deinitialize(count: 1)
        state.deallocate()
    }

    public var status: Status { state.pointee.status }
    public var isOpen: Bool { state.pointee.status == .open }
    /// Why the handshake failed; nil for what came later.
    public var failure: HandshakeFailure? { state.pointee.failure }
    /// The session goes on from an earlier one, without certificates.
    public var isResumed: Bool { SSL_session_reused(ssl) == 1 }
    public var credentials: ServerCredentials { state.pointee.credentials.takeUnretainedValue() }

    // MARK: receiving

    /// Takes bytes from the peer.
    ///
    /// - Parameters:
    ///   - plaintext: gets what they hold; has room for `Limits.plaintext(input:)` of them.
    ///   - output: gets what is to be sent at once: the handshake's part of ours, or an alert.
    /// - Returns: how many bytes the two got.
    public func receive(
        _ bytes: UnsafeRawBufferPointer, plaintext: UnsafeMutableRawBufferPointer,
        output: UnsafeMutableRawBufferPointer
    ) -> (plaintext: Int, output: Int) {
        state.pointee.transfer.begin(input: bytes, output: output)
        if status == .handshaking { shakeHands(bytes.count) }
        let opened = status == .open ? read(into: plaintext) : 0
        return (opened, state.pointee.transfer.end())
    }

    private func read(into plaintext: UnsafeMutableRawBufferPointer) -> Int {
        var opened = 0
        state.pointee.laterMessages = 0
        // No call without something to read: one that finds nothing costs as much as a record.
        while state.pointee.transfer.inputLeft > 0 || SSL_pending(ssl) > 0 {
            guard let start = plaintext.baseAddress, opened < plaintext.count else {
                state.pointee.status = .failed
                break
            }
            var count = 0
            ERR_clear_error()
            let result = SSL_read_ex(ssl, start + opened, plaintext.count - opened, &count)
            if result == 1 {
                opened += count
                continue
            }
            switch SSL_get_error(ssl, result) {
            case SSL_ERROR_WANT_READ: break
            case SSL_ERROR_ZERO_RETURN: state.pointee.status = .closed
            default: state.pointee.status = .failed
            }
            break
        }
        return opened
    }

    // MARK: sending

    /// Turns plaintext into ciphertext.
    ///
    /// - Parameter output: has room for it (`Limits.plaintext(output:)`).
    /// - Returns: how many bytes `output` got; nil when the connection is broken.
    public func send(
        _ plaintext: UnsafeRawBufferPointer, output: UnsafeMutableRawBufferPointer
    ) -> Int? {
        // Who says that nothing more comes may still read.
        guard status == .open || status == .closed else { return nil }
        guard !plaintext.isEmpty else { return 0 }
        state.pointee.transfer.begin(input: .init(start: nil, count: 0), output: output)
        var count = 0
        ERR_clear_error()
        let result = SSL_write_ex(ssl, plaintext.baseAddress, plaintext.count, &count)
        let used = state.pointee.transfer.end()
        guard result == 1, count == plaintext.count else {
            state.pointee.status = .failed
            return nil
        }
        return used
    }

    /// Says that nothing more comes (close_notify).
    ///
    /// - Returns: how many bytes `output` got; none when a handshake or an error leaves nothing to
    ///   say.
    public func end(output: UnsafeMutableRawBufferPointer) -> Int {
        guard status == .open || status == .closed else { return 0 }
        state.pointee.transfer.begin(input: .init(start: nil, count: 0), output: output)
        ERR_clear_error()
        _ = SSL_shutdown(ssl)
        ERR_clear_error()
        return state.pointee.transfer.end()
    }

    // MARK: handshake

    private func shakeHands(_ count: Int) {
        ERR_clear_error()
        let result = SSL_do_handshake(ssl)
        if result == 1 { return welcome() }
        if SSL_get_error(ssl, result) == SSL_ERROR_WANT_READ {
            // Whatever came belongs to the handshake.
            state.pointee.handshakeBytes += count
            if state.pointee.handshakeBytes > Limits.handshakeBytes { fail(.tooLong) }
            return
        }
        let error = ERR_peek_error()
        let verification = SSL_get_verify_result(ssl)
        fail(state.pointee.refusal ?? HandshakeFailure(error: error, verification: verification))
        ERR_clear_error()
    }

    /// Asks once more for what OpenSSL was told to insist on.
    private func welcome() {
        if credentials.requiresCertificate {
            guard SSL_get0_peer_certificate(ssl) != nil else { return fail(.certificateMissing) }
            guard SSL_get_verify_result(ssl) == X509_V_OK else {
                return fail(.certificateUntrusted)
            }
        }
        var name: UnsafePointer<UInt8>?
        var count: UInt32 = 0
        SSL_get0_alpn_selected(ssl, &name, &count)
        guard count == 2, name?[0] == UInt8(ascii: "h"), name?[1] == UInt8(ascii: "2") else {
            return fail(.protocolMissing)
        }
        state.pointee.status = .open
    }

    private func fail(_ failure: HandshakeFailure) {
        state.pointee.failure = failure
        state.pointee.status = .failed
    }

    static func countMessage(_ ssl: OpaquePointer?) {
        let found = SSL_get_ex_data(ssl, 0)?.assumingMemoryBound(to: State.self)
        guard let found, found.pointee.status == .open else { return }
        found.pointee.laterMessages += 1
        guard found.pointee.laterMessages > Limits.laterMessages else { return }
        // A callback cannot end the call, but nothing more is there to be read.
        found.pointee.status = .failed
        found.pointee.transfer.stopReading()
    }

    /// Notes what a callback refused.
    static func refuse(_ ssl: OpaquePointer?, _ failure: HandshakeFailure) {
        let state = SSL_get_ex_data(ssl, 0)?.assumingMemoryBound(to: State.self)
        state?.pointee.refusal = failure
    }

    private var transfer: UnsafeMutablePointer<Transfer> {
        let offset = MemoryLayout<State>.offset(of: \.transfer).unsafelyUnwrapped
        return (UnsafeMutableRawPointer(state) + offset).assumingMemoryBound(to: Transfer.self)
    }
}
