// SPDX-License-Identifier: Apache-2.0
import COpenSSL
import Synchronization

/// Certificate, key and authorities, ready for connections. Immutable: other files make another
/// one, with other keys for its session tickets, so that no session outlives what it was admitted
/// by.
public final class ServerCredentials: @unchecked Sendable {
    /// OpenSSL counts its references itself and changes nothing in it but counters.
    let context: OpaquePointer
    let clients: [ClientPattern]?
    let requiresCertificate: Bool
    let refused: RefusedClients?
    private let authorities: [UInt8]?

    /// - Parameter refused: is told of clients that are none of `texts.clients`.
    public init(
        _ texts: CredentialTexts, refused: RefusedClients? = nil
    ) throws(CredentialError) {
        ERR_clear_error()
        guard let context = SSL_CTX_new(TLS_server_method()) else {
            throw CredentialError(code: .setup, reason: "OpenSSL gives no context")
        }
        self.context = context
        self.refused = refused
        clients = texts.clients
        authorities = texts.clientAuthorities
        requiresCertificate = texts.clientAuthorities != nil
        // From here on `deinit` frees the context when this throws.
        defer { ERR_clear_error() }
        try useCertificate(texts.certificate)
        try useKey(texts.key)
        if let text = texts.clientAuthorities { try trust(text) }
        guard prepare() else {
            throw CredentialError(code: .setup, reason: "OpenSSL refuses the settings of TLS")
        }
    }

    deinit { SSL_CTX_free(context) }

    /// The same clients get in as with `other`.
    public func admitsSame(as other: ServerCredentials) -> Bool {
        authorities == other.authorities && clients == other.clients
    }

    // MARK: files

    private func useCertificate(_ text: [UInt8]) throws(CredentialError) {
        var isExpired = false
        let count = PEM.certificates(text, maximum: Limits.chain) { index, certificate in
            if index > 0 {
                let command = SSL_CTRL_CHAIN_CERT
                return SSL_CTX_ctrl(context, command, 1, UnsafeMutableRawPointer(certificate)) == 1
            }
            isExpired = X509_cmp_current_time(X509_get0_notAfter(certificate)) <= 0
            return SSL_CTX_use_certificate(context, certificate) == 1
        }
        guard let count, count > 0 else {
            throw CredentialError(
                code: .certificate,
                reason: "expected PEM certificates, at most \(Limits.chain), ours first")
        }
        if isExpired {
            throw CredentialError(code: .certificate, reason: "the certificate has expired")
        }
    }

    private func useKey(_ text: [UInt8]) throws(CredentialError) {
        guard let key = PEM.key(text) else {
            throw CredentialError(
                code: .key, reason: "expected a private key as PEM that is not encrypted")
        }
        defer { EVP_PKEY_free(key) }
        guard SSL_CTX_use_PrivateKey(context, key) == 1, SSL_CTX_check_private_key(context) == 1
        else { throw CredentialError(code: .key, reason: "the key is not the certificate's") }
    }

    private func trust(_ text: [UInt8]) throws(CredentialError) {
        let store = SSL_CTX_get_cert_store(context)
        let count = PEM.certificates(text, maximum: Limits.authorities) { _, certificate in
            X509_STORE_add_cert(store, certificate) == 1
        }
        guard let count, count > 0 else {
            throw CredentialError(
                code: .authorities,
                reason: "expected PEM certificates, 1 to \(Limits.authorities)")
        }
        // An intermediate authority may be trusted alone, as in Envoy.
        X509_STORE_set_flags(store, UInt(X509_V_FLAG_PARTIAL_CHAIN))
    }

    // MARK: settings

    private func prepare() -> Bool {
        SSL_CTX_set_options(context, openssl_server_options())
        SSL_CTX_set_security_level(context, Self.securityLevel)
        // Buffers of idle connections are given back.
        _ = SSL_CTX_ctrl(context, SSL_CTRL_MODE, Int(SSL_MODE_RELEASE_BUFFERS), nil)
        _ = SSL_CTX_ctrl(context, SSL_CTRL_SET_MAX_CERT_LIST, Limits.peerChainBytes, nil)
        let least = Int(TLS1_2_VERSION)
        guard SSL_CTX_ctrl(context, SSL_CTRL_SET_MIN_PROTO_VERSION, least, nil) == 1,
            SSL_CTX_set_cipher_list(context, Self.ciphers) == 1,
            setResumption()
        else { return false }
        let address = Unmanaged.passUnretained(self).toOpaque()
        SSL_CTX_set_client_hello_cb(context, requireProtocols, nil)
        SSL_CTX_set_alpn_select_cb(context, selectProtocol, nil)
        SSL_CTX_set_msg_callback(context, countMessage)
        if requiresCertificate {
            SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nil)
            SSL_CTX_set_cert_verify_callback(context, verifyPeer, address)
        }
        return true
    }

    /// Sessions live in tickets alone. Without a name for them OpenSSL ends every handshake in
    /// which a client with a certificate offers one.
    private func setResumption() -> Bool {
        _ = SSL_CTX_ctrl(context, SSL_CTRL_SET_SESS_CACHE_MODE, Int(SSL_SESS_CACHE_OFF), nil)
        SSL_CTX_set_timeout(context, Limits.resumption)
        let name = Array("portcullis".utf8)
        return SSL_CTX_set_session_id_context(context, name, UInt32(name.count)) == 1
            && SSL_CTX_set_num_tickets(context, 1) == 1
            && SSL_CTX_set_session_ticket_cb(context, nil, admitTicket, nil) == 1
    }

    /// 112 bits: RSA of 2048 bits, no SHA-1.
    private static let securityLevel: Int32 = 2
    /// For TLS 1.2: forward secrecy and authenticated encryption only.
    private static let ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20"
}

/// The credentials of new connections; those that are open keep theirs.
public final class CurrentCredentials: Sendable {
    private let held: Mutex<ServerCredentials>

    public init(_ credentials: ServerCredentials) { held = Mutex(credentials) }

    public var now: ServerCredentials { held.withLock { $0 } }

    /// - Returns: those before.
    public func replace(_ next: ServerCredentials) -> ServerCredentials {
        held.withLock { held in
            defer { held = next }
            return held
        }
    }
}
