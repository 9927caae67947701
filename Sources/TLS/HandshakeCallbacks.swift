// SPDX-License-Identifier: Apache-2.0
import COpenSSL
import Glibc

// What OpenSSL asks during a handshake. They are free functions: a closure formed where the program
// starts would be bound to the main actor.

/// A client that names no protocols (no ALPN) is told so; OpenSSL would go on without one.
func requireProtocols(
    _ ssl: OpaquePointer?, _ alert: UnsafeMutablePointer<Int32>?, _: UnsafeMutableRawPointer?
) -> Int32 {
    var start: UnsafePointer<UInt8>?
    var count = 0
    let type = UInt32(TLSEXT_TYPE_application_layer_protocol_negotiation)
    if SSL_client_hello_get0_ext(ssl, type, &start, &count) == 1 { return SSL_CLIENT_HELLO_SUCCESS }
    TLSSession.refuse(ssl, .protocolMissing)
    alert?.pointee = SSL_AD_NO_APPLICATION_PROTOCOL
    return SSL_CLIENT_HELLO_ERROR
}

/// `h2`, or no connection (RFC 7301 section 3.2).
func selectProtocol(
    _ ssl: OpaquePointer?, _ chosen: UnsafeMutablePointer<UnsafePointer<UInt8>?>?,
    _ chosenCount: UnsafeMutablePointer<UInt8>?, _ offered: UnsafePointer<UInt8>?,
    _ count: UInt32, _: UnsafeMutableRawPointer?
) -> Int32 {
    // A list of names, each after a byte with its length; OpenSSL has checked its form.
    let names = UnsafeBufferPointer(start: offered, count: Int(count))
    var index = 0
    while index < names.count {
        let length = Int(names[index])
        let end = index + 1 + length
        guard end <= names.count, let offered else { break }
        if length == 2, names[index + 1] == UInt8(ascii: "h"), names[index + 2] == UInt8(ascii: "2")
        {
            chosen?.pointee = offered + index + 1
            chosenCount?.pointee = 2
            return SSL_TLSEXT_ERR_OK
        }
        index = end
    }
    TLSSession.refuse(ssl, .protocolMissing)
    return SSL_TLSEXT_ERR_ALERT_FATAL
}

/// OpenSSL's own verification, then the SPIFFE ID.
///
/// - Parameter argument: the `ServerCredentials`, which every session retains.
func verifyPeer(_ store: OpaquePointer?, _ argument: UnsafeMutableRawPointer?) -> Int32 {
    guard X509_verify_cert(store) == 1 else { return 0 }
    guard let argument, let certificate = X509_STORE_CTX_get0_cert(store) else { return 0 }
    let credentials = Unmanaged<ServerCredentials>.fromOpaque(argument).takeUnretainedValue()
    guard let clients = credentials.clients else { return 1 }
    let refusal = PeerName.with(certificate) { id in
        if clients.contains(where: { $0.matches(id) }) { return nil }
        credentials.refused?.note(id)
        return .clientUnknown
    }
    guard let refusal else { return 1 }
    let ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx())
    TLSSession.refuse(ssl.map { OpaquePointer($0) }, refusal)
    // The alert `bad_certificate`.
    X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED)
    return 0
}

/// Told of all that comes and goes; counts what should hardly come after a handshake.
func countMessage(
    _ isOurs: Int32, _: Int32, _ type: Int32, _: UnsafeRawPointer?, _: Int, _ ssl: OpaquePointer?,
    _: UnsafeMutableRawPointer?
) {
    if type == SSL3_RT_HANDSHAKE, isOurs == 0 { TLSSession.countMessage(ssl) }
}

/// A session ends with its client's certificate: whoever comes after that shows one anew.
func admitTicket(
    _ ssl: OpaquePointer?, _ session: OpaquePointer?, _: UnsafePointer<UInt8>?, _: Int,
    _ status: SSL_TICKET_STATUS, _: UnsafeMutableRawPointer?
) -> SSL_TICKET_RETURN {
    switch status {
    case SSL_TICKET_SUCCESS, SSL_TICKET_SUCCESS_RENEW:
        if let certificate = SSL_SESSION_get0_peer(session),
            X509_cmp_current_time(X509_get0_notAfter(certificate)) <= 0
        {
            return SSL_TICKET_RETURN_IGNORE_RENEW
        }
        return status == SSL_TICKET_SUCCESS ? SSL_TICKET_RETURN_USE : SSL_TICKET_RETURN_USE_RENEW
    case SSL_TICKET_EMPTY, SSL_TICKET_NO_DECRYPT: return SSL_TICKET_RETURN_IGNORE_RENEW
    default: return SSL_TICKET_RETURN_ABORT
    }
}
