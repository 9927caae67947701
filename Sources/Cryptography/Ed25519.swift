// SPDX-License-Identifier: Apache-2.0
import COpenSSL

/// Sizes of Ed25519 (RFC 8032), in bytes.
public enum Ed25519 {
    public static let seedLength = 32
    public static let publicKeyLength = 32
    public static let signatureLength = 64
}

/// An Ed25519 key that signs. Immutable after it is made, so any thread may use it.
public final class Ed25519PrivateKey: @unchecked Sendable {
    private let key: OpaquePointer
    /// 32 bytes.
    public let publicKey: Ed25519PublicKey

    /// Takes ownership of `key`, whose type has been checked.
    init(owning key: OpaquePointer) throws(CryptographyError) {
        self.key = key
        publicKey = try Ed25519PublicKey(bytes: rawPublicKey(of: key))
    }

    /// - Parameter seed: the 32 bytes of RFC 8032, section 5.1.5.
    public convenience init(seed: some Collection<UInt8>) throws(CryptographyError) {
        guard seed.count == Ed25519.seedLength else {
            throw .length(of: "Ed25519 seed", expected: Ed25519.seedLength, got: seed.count)
        }
        let bytes = Array(seed)
        try self.init(
            owning: OpenSSL.make("EVP_PKEY_new_raw_private_key") {
                EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nil, bytes, bytes.count)
            })
    }

    /// A new key from the system's randomness.
    public static func generate() throws(CryptographyError) -> Ed25519PrivateKey {
        try Ed25519PrivateKey(seed: SecureRandom.bytes(Ed25519.seedLength))
    }

    deinit { EVP_PKEY_free(key) }

    /// The 64-byte signature of `message`.
    public func sign(_ message: some Collection<UInt8>) throws(CryptographyError) -> [UInt8] {
        let message = Array(message)
        let context = try OpenSSL.make("EVP_MD_CTX_new") { EVP_MD_CTX_new() }
        defer { EVP_MD_CTX_free(context) }
        try OpenSSL.check("EVP_DigestSignInit") {
            EVP_DigestSignInit(context, nil, nil, nil, key)
        }
        var signature = [UInt8](repeating: 0, count: Ed25519.signatureLength)
        var length = signature.count
        try OpenSSL.check("EVP_DigestSign") {
            EVP_DigestSign(context, &signature, &length, message, message.count)
        }
        guard length == signature.count else {
            throw .length(of: "signature", expected: signature.count, got: length)
        }
        return signature
    }

    var pointer: OpaquePointer { key }
}

/// An Ed25519 key that checks signatures. Immutable, so any thread may use it.
public final class Ed25519PublicKey: @unchecked Sendable {
    private let key: OpaquePointer
    /// 32 bytes (RFC 8032, section 5.1.5).
    public let bytes: [UInt8]

    public init(bytes: some Collection<UInt8>) throws(CryptographyError) {
        let bytes = Array(bytes)
        guard bytes.count == Ed25519.publicKeyLength else {
            throw .length(
                of: "Ed25519 public key", expected: Ed25519.publicKeyLength, got: bytes.count)
        }
        self.bytes = bytes
        key = try OpenSSL.make("EVP_PKEY_new_raw_public_key") {
            EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, bytes, bytes.count)
        }
    }

    deinit { EVP_PKEY_free(key) }

    /// Whether `signature` is this key's over `message`; false for any other length or failure.
    public func accepts(
        signature: some Collection<UInt8>, of message: some Collection<UInt8>
    ) -> Bool {
        guard signature.count == Ed25519.signatureLength else { return false }
        let signature = Array(signature)
        let message = Array(message)
        ERR_clear_error()
        guard let context = EVP_MD_CTX_new() else { return false }
        defer { EVP_MD_CTX_free(context) }
        guard EVP_DigestVerifyInit(context, nil, nil, nil, key) == 1 else { return false }
        let result = EVP_DigestVerify(context, signature, signature.count, message, message.count)
        ERR_clear_error()
        return result == 1
    }
}

private func rawPublicKey(of key: OpaquePointer) throws(CryptographyError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: Ed25519.publicKeyLength)
    var length = bytes.count
    try OpenSSL.check("EVP_PKEY_get_raw_public_key") {
        EVP_PKEY_get_raw_public_key(key, &bytes, &length)
    }
    return bytes
}
