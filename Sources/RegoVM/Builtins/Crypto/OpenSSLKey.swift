// SPDX-License-Identifier: Apache-2.0
import COpenSSL

/// A public or private key of OpenSSL.
final class OpenSSLKey: @unchecked Sendable {
    enum Kind: Equatable {
        case rsa
        /// `size`: bytes of a coordinate.
        case elliptic(size: Int)
        case edwards25519
        case other
    }

    enum Scheme: Equatable {
        case pkcs1(Digest)
        case pss(Digest)
        /// Signatures are `r` and `s`, each of half the length (RFC 7518 section 3.4).
        case ecdsa(Digest)
        case edwards
    }

    /// Never changed after `init`; OpenSSL allows concurrent use of such a key.
    private let key: OpaquePointer
    let kind: Kind
    let isPrivate: Bool

    private init?(_ key: OpaquePointer?, isPrivate: Bool) {
        ERR_clear_error()
        guard let key else { return nil }
        self.key = key
        self.isPrivate = isPrivate
        kind = Self.kind(of: key)
    }

    deinit { EVP_PKEY_free(key) }

    private static func kind(of key: OpaquePointer) -> Kind {
        switch EVP_PKEY_get_base_id(key) {
        case EVP_PKEY_RSA: .rsa
        case EVP_PKEY_EC: .elliptic(size: (Int(EVP_PKEY_get_bits(key)) + 7) / 8)
        case EVP_PKEY_ED25519: .edwards25519
        default: .other
        }
    }

    // MARK: Reading

    /// From a SubjectPublicKeyInfo (RFC 5280 section 4.1).
    static func publicKey(info der: [UInt8]) -> OpenSSLKey? {
        let key = der.withUnsafeBufferPointer { bytes in
            var start = bytes.baseAddress
            return d2i_PUBKEY(nil, &start, bytes.count)
        }
        return OpenSSLKey(key, isPrivate: false)
    }

    /// From PKCS #1, SEC 1 or PKCS #8.
    static func privateKey(der: [UInt8]) -> OpenSSLKey? {
        let key = der.withUnsafeBufferPointer { bytes in
            var start = bytes.baseAddress
            return d2i_AutoPrivateKey(nil, &start, bytes.count)
        }
        return OpenSSLKey(key, isPrivate: true)
    }

    static func certificateKey(der: [UInt8]) -> OpenSSLKey? {
        let certificate = der.withUnsafeBufferPointer { bytes in
            var start = bytes.baseAddress
            return d2i_X509(nil, &start, bytes.count)
        }
        defer { X509_free(certificate) }
        return OpenSSLKey(certificate == nil ? nil : X509_get_pubkey(certificate), isPrivate: false)
    }

    static func edwards(publicKey bytes: [UInt8]) -> OpenSSLKey? {
        OpenSSLKey(
            EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, bytes, bytes.count), isPrivate: false
        )
    }

    static func edwards(privateKey bytes: [UInt8]) -> OpenSSLKey? {
        OpenSSLKey(
            EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nil, bytes, bytes.count), isPrivate: true
        )
    }

    /// The key's SubjectPublicKeyInfo.
    var publicInfo: [UInt8] {
        var memory: UnsafeMutablePointer<UInt8>?
        let count = i2d_PUBKEY(key, &memory)
        defer { CRYPTO_free(memory, #file, #line) }
        guard count > 0, let memory else { return [] }
        return Array(UnsafeBufferPointer(start: memory, count: Int(count)))
    }

    // MARK: Signatures

    func allows(_ scheme: Scheme) -> Bool {
        switch (scheme, kind) {
        case (.pkcs1, .rsa), (.pss, .rsa), (.ecdsa, .elliptic), (.edwards, .edwards25519): true
        default: false
        }
    }

    func verifies(_ signature: [UInt8], of message: [UInt8], _ scheme: Scheme) -> Bool {
        guard allows(scheme) else { return false }
        defer { ERR_clear_error() }
        var encoded = signature
        if case .ecdsa = scheme {
            let half = signature.count / 2
            encoded = DER.sequence(DER.integer(signature[..<half]), DER.integer(signature[half...]))
        }
        guard let context = EVP_MD_CTX_new() else { return false }
        defer { EVP_MD_CTX_free(context) }
        var parameters: OpaquePointer?
        guard EVP_DigestVerifyInit(context, &parameters, scheme.digest?.method, nil, key) == 1,
            scheme.configure(parameters, forSigning: false)
        else { return false }
        return EVP_DigestVerify(context, encoded, encoded.count, message, message.count) == 1
    }

    /// Nil when the key cannot make such a signature.
    func sign(_ message: [UInt8], _ scheme: Scheme) -> [UInt8]? {
        guard isPrivate, allows(scheme) else { return nil }
        defer { ERR_clear_error() }
        guard let context = EVP_MD_CTX_new() else { return nil }
        defer { EVP_MD_CTX_free(context) }
        var parameters: OpaquePointer?
        var count = 0
        guard EVP_DigestSignInit(context, &parameters, scheme.digest?.method, nil, key) == 1,
            scheme.configure(parameters, forSigning: true),
            EVP_DigestSign(context, nil, &count, message, message.count) == 1
        else { return nil }
        var signature = [UInt8](repeating: 0, count: count)
        guard EVP_DigestSign(context, &signature, &count, message, message.count) == 1 else {
            return nil
        }
        signature.removeLast(signature.count - count)
        guard case .elliptic(let size) = kind else { return signature }
        return Self.joinedHalves(signature, size: size)
    }

    /// `r` and `s` of a DER signature, each as `size` bytes.
    private static func joinedHalves(_ signature: [UInt8], size: Int) -> [UInt8]? {
        var outer = DERReader(signature)
        guard var numbers = try? outer.next(DER.Tag.sequence).reader else { return nil }
        var result: [UInt8] = []
        for _ in 0..<2 {
            guard let digits = try? numbers.next(DER.Tag.integer).content.drop(while: { $0 == 0 }),
                digits.count <= size
            else { return nil }
            result += [UInt8](repeating: 0, count: size - digits.count) + digits
        }
        return result
    }
}

extension OpenSSLKey.Scheme {
    var digest: Digest? {
        switch self {
        case .pkcs1(let digest), .pss(let digest), .ecdsa(let digest): digest
        case .edwards: nil
        }
    }

    fileprivate func configure(_ parameters: OpaquePointer?, forSigning: Bool) -> Bool {
        guard case .pss = self else { return true }
        // A verifier accepts any salt length; a signer uses the hash's (RFC 7518 section 3.5).
        return EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING) == 1
            && EVP_PKEY_CTX_set_rsa_pss_saltlen(
                parameters, forSigning ? RSA_PSS_SALTLEN_DIGEST : RSA_PSS_SALTLEN_AUTO) == 1
    }
}
