// SPDX-License-Identifier: Apache-2.0
import COpenSSL

/// A TLS client for tests, without IO: OpenSSL's own side of a handshake over memory.
public final class TestClient {
    public struct Options {
        public var identity: TestIdentity?
        /// PEM; nil trusts anybody.
        public var authorities: [UInt8]?
        public var protocols = ["h2"]
        public var version: Int32?
        /// Of an earlier client.
        public var session: TestSession?

        public init(_ identity: TestIdentity? = nil) { self.identity = identity }
    }

    public private(set) var isOpen = false
    /// The alert that the server sent, or -1 for a failure of ours.
    public private(set) var alert: Int32?
    /// The server said that nothing more comes.
    public private(set) var isClosed = false
    public private(set) var received: [UInt8] = []
    private var waiting: [UInt8] = []
    private let context: OpaquePointer?
    private let ssl: OpaquePointer?
    private let incoming = BIO_new(BIO_s_mem())
    private let outgoing = BIO_new(BIO_s_mem())

    public init(_ options: Options) {
        context = SSL_CTX_new(TLS_client_method())
        SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nil)
        if let pem = options.authorities { trust(context, pem) }
        if let identity = options.identity { use(context, identity) }
        if let version = options.version {
            SSL_CTX_ctrl(context, SSL_CTRL_SET_MIN_PROTO_VERSION, Int(version), nil)
            SSL_CTX_ctrl(context, SSL_CTRL_SET_MAX_PROTO_VERSION, Int(version), nil)
        }
        // What a server must refuse, a client must be able to offer.
        SSL_CTX_set_security_level(context, 0)
        SSL_CTX_set_cipher_list(context, "ALL:@SECLEVEL=0")
        ssl = SSL_new(context)
        SSL_set_bio(ssl, incoming, outgoing)
        let names = options.protocols.flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }
        if !names.isEmpty { SSL_set_alpn_protos(ssl, names, UInt32(names.count)) }
        if let session = options.session { SSL_set_session(ssl, session.pointer) }
        SSL_set_connect_state(ssl)
    }

    deinit {
        SSL_free(ssl)
        SSL_CTX_free(context)
    }

    public var isResumed: Bool { SSL_session_reused(ssl) == 1 }
    public var session: TestSession? { SSL_get1_session(ssl).map { TestSession($0) } }

    // MARK: bytes

    /// Takes ciphertext from the server.
    public func input(_ bytes: [UInt8]) {
        if !bytes.isEmpty { BIO_write(incoming, bytes, Int32(bytes.count)) }
        advance()
    }

    /// Ciphertext for the server.
    public func output() -> [UInt8] {
        advance()
        var bytes = [UInt8](repeating: 0, count: BIO_ctrl_pending(outgoing))
        if !bytes.isEmpty { BIO_read(outgoing, &bytes, Int32(bytes.count)) }
        return bytes
    }

    /// Sends plaintext as soon as the handshake is done.
    public func send(_ bytes: [UInt8]) {
        waiting += bytes
        advance()
    }

    /// Takes what was received.
    public func take() -> [UInt8] {
        defer { received = [] }
        return received
    }

    // MARK: deeds

    public func close() { SSL_shutdown(ssl) }
    public func updateKeys(isAnswered: Bool) {
        SSL_key_update(ssl, isAnswered ? SSL_KEY_UPDATE_REQUESTED : SSL_KEY_UPDATE_NOT_REQUESTED)
    }
    /// Sends what is due without a text.
    public func flush() { SSL_do_handshake(ssl) }
    public func renegotiate() {
        SSL_renegotiate(ssl)
        SSL_do_handshake(ssl)
    }

    private func advance() {
        guard alert == nil else { return }
        ERR_clear_error()
        if !isOpen {
            guard check(SSL_do_handshake(ssl)) else { return }
            isOpen = true
        }
        if !waiting.isEmpty {
            guard check(SSL_write(ssl, waiting, Int32(waiting.count))) else { return }
            waiting = []
        }
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while true {
            ERR_clear_error()
            let count = SSL_read(ssl, &buffer, Int32(buffer.count))
            guard check(count) else { return }
            received += buffer.prefix(Int(count))
        }
    }

    private func check(_ result: Int32) -> Bool {
        if result > 0 { return true }
        switch SSL_get_error(ssl, result) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: break
        case SSL_ERROR_ZERO_RETURN: isClosed = true
        default:
            let reason = ERR_GET_REASON(ERR_peek_error()) - Int32(SSL_AD_REASON_OFFSET)
            alert = (0...255).contains(reason) ? reason : -1
        }
        return false
    }
}

/// What a client takes up a connection again with.
public final class TestSession {
    let pointer: OpaquePointer
    init(_ pointer: OpaquePointer) { self.pointer = pointer }
    deinit { SSL_SESSION_free(pointer) }
}

private func memory(_ bytes: [UInt8]) -> OpaquePointer? {
    let memory = BIO_new(BIO_s_mem())
    BIO_write(memory, bytes, Int32(bytes.count))
    return memory
}

private func use(_ context: OpaquePointer?, _ identity: TestIdentity) {
    let pem = memory(identity.certificate)
    let secret = memory(identity.key)
    let certificate = PEM_read_bio_X509(pem, nil, nil, nil)
    let key = PEM_read_bio_PrivateKey(secret, nil, nil, nil)
    SSL_CTX_use_certificate(context, certificate)
    SSL_CTX_use_PrivateKey(context, key)
    X509_free(certificate)
    EVP_PKEY_free(key)
    BIO_free_all(pem)
    BIO_free_all(secret)
}

private func trust(_ context: OpaquePointer?, _ pem: [UInt8]) {
    let text = memory(pem)
    let certificate = PEM_read_bio_X509(text, nil, nil, nil)
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context), certificate)
    X509_free(certificate)
    BIO_free_all(text)
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
}
