// SPDX-License-Identifier: Apache-2.0
import COpenSSL

/// Why a handshake came to nothing. The raw value is stable: it is the metric label.
public enum HandshakeFailure: String, Error, Sendable, CaseIterable {
    /// What came is no TLS: plain HTTP/2, or garbage.
    case notTLS = "not_tls"
    /// No version or cipher suite in common; we speak TLS 1.2 and 1.3.
    case version
    /// The peer did not offer `h2` (ALPN, RFC 7301).
    case protocolMissing = "no_h2"
    case certificateMissing = "certificate_missing"
    /// Expired, or not valid yet.
    case certificateExpired = "certificate_expired"
    /// Of none of the authorities, or not for clients, or broken.
    case certificateUntrusted = "certificate_untrusted"
    /// Not exactly one SPIFFE ID as the only URI name, or no leaf certificate (X509-SVID).
    case clientUnnamed = "client_unnamed"
    /// Its SPIFFE ID is none of the configured clients.
    case clientUnknown = "client_unknown"
    /// The peer sent an alert: it may not trust our certificate.
    case refusedByPeer = "refused_by_peer"
    /// More bytes than `Limits.handshakeBytes`.
    case tooLong = "too_long"
    case timeout
    /// The peer went away, or we end.
    case closed
    /// Anything else that breaks the protocol.
    case protocolError = "protocol_error"
    case internalError = "internal_error"

    /// What OpenSSL's last words mean.
    ///
    /// - Parameters:
    ///   - error: of the thread's queue.
    ///   - verification: the result of verifying the peer's certificate.
    init(error: UInt, verification: Int) {
        switch ERR_GET_REASON(error) {
        case SSL_R_HTTP_REQUEST, SSL_R_HTTPS_PROXY_REQUEST, SSL_R_WRONG_VERSION_NUMBER,
            SSL_R_BAD_PROTOCOL_VERSION_NUMBER:
            self = .notTLS
        case SSL_R_UNSUPPORTED_PROTOCOL, SSL_R_NO_PROTOCOLS_AVAILABLE, SSL_R_VERSION_TOO_LOW,
            SSL_R_VERSION_TOO_HIGH, SSL_R_UNKNOWN_PROTOCOL, SSL_R_NO_SHARED_CIPHER,
            SSL_R_NO_SHARED_GROUPS, SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS:
            self = .version
        case SSL_R_NO_APPLICATION_PROTOCOL: self = .protocolMissing
        case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE: self = .certificateMissing
        case SSL_R_CERTIFICATE_VERIFY_FAILED: self.init(verification: verification)
        case Int32(SSL_AD_REASON_OFFSET)...Int32(SSL_AD_REASON_OFFSET) + 255:
            self = .refusedByPeer
        case Int32(ERR_R_MALLOC_FAILURE), Int32(ERR_R_INTERNAL_ERROR): self = .internalError
        default: self = .protocolError
        }
    }

    private init(verification: Int) {
        switch Int32(truncatingIfNeeded: verification) {
        case X509_V_ERR_CERT_HAS_EXPIRED, X509_V_ERR_CERT_NOT_YET_VALID:
            self = .certificateExpired
        default: self = .certificateUntrusted
        }
    }
}
