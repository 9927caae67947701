// SPDX-License-Identifier: Apache-2.0

/// Bounds of TLS, each with its unit.
public enum Limits {
    /// Bytes that a peer may send before its handshake is done.
    public static let handshakeBytes = 128 << 10
    /// Handshake messages that may come in one call after the handshake. Each change of keys
    /// costs us 25 us for 27 bytes of the peer's; nobody needs more than one in many megabytes.
    static let laterMessages = 16
    /// Bytes of a peer's certificate chain.
    static let peerChainBytes = 64 << 10
    /// Bytes of a file of certificates, and of a key.
    static let certificateFileBytes = 1 << 20
    static let keyFileBytes = 64 << 10
    /// Certificates that we send, our own included.
    static let chain = 16
    /// Certificates in a file of authorities.
    static let authorities = 1024
    /// Refused clients that are named until somebody takes the names.
    static let refusedClients = 16
    /// Seconds that a session can be resumed.
    static let resumption = 3600
    /// Bytes of plaintext in one record (RFC 8446 section 5.1).
    public static let recordPlaintext = 1 << 14
    /// Bytes that a record adds to its plaintext, at most.
    static let recordOverhead = 256
    /// Bytes beside records of plaintext that one call may have to say: alerts, tickets, key
    /// updates, and our side of a handshake with its certificates.
    static let spareOutput = 16 << 10

    /// Bytes of plaintext whose ciphertext surely fits into `output` bytes.
    public static func plaintext(output: Int) -> Int {
        (output - spareOutput) / (recordPlaintext + recordOverhead) * recordPlaintext
    }

    /// Bytes of plaintext that may come out of `input` bytes: an unfinished record is kept from one
    /// call to the next.
    public static func plaintext(input: Int) -> Int { input + recordPlaintext + recordOverhead }
}
