// SPDX-License-Identifier: Apache-2.0

/// A key that tokens outside of policies are verified with: those that sign bundles.
public struct VerificationKey: Sendable {
    private let key: TokenKey
    private let name: String
    private let algorithm: TokenAlgorithm

    /// - Parameters:
    ///   - text: the secret of an `HS` algorithm as it is; else a PEM public key or certificate.
    ///   - algorithm: the only one that tokens may have (RFC 7518 section 3), e.g. `RS256`.
    /// - Throws: when there is no such algorithm, or the key is none for it.
    public init(_ text: [UInt8], algorithm name: String) throws(SignedToken.Failure) {
        guard let algorithm = TokenAlgorithm(name) else {
            throw SignedToken.Failure(message: "unknown signature algorithm `\(name)`")
        }
        self.name = name
        self.algorithm = algorithm
        guard case .signature(let scheme) = algorithm else {
            guard !text.isEmpty else { throw SignedToken.Failure(message: "the secret is empty") }
            key = TokenKey(material: .secret(text))
            return
        }
        guard let known = Self.publicKey(text), known.allows(scheme) else {
            throw SignedToken.Failure(message: "expected a PEM public key for \(name)")
        }
        key = TokenKey(material: .asymmetric(known))
    }

    private static func publicKey(_ text: [UInt8]) -> OpenSSLKey? {
        var rest: ArraySlice<UInt8> = []
        guard let block = PEMBlock.first(in: text[...], rest: &rest) else { return nil }
        switch block.type {
        case "PUBLIC KEY": return .publicKey(info: block.bytes)
        case "CERTIFICATE": return .certificateKey(der: block.bytes)
        case "RSA PUBLIC KEY":
            // A SubjectPublicKeyInfo around the key of PKCS #1 (RFC 8017 appendix A.1).
            let algorithm: [UInt8] = [
                0x30, 0x0D, 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 1, 5, 0,
            ]
            return .publicKey(info: DER.sequence(algorithm, DER.bitString(block.bytes)))
        default: return nil
        }
    }

    /// True when the token names this key's algorithm and the key made its signature.
    fileprivate func verifies(_ token: Token, _ header: TokenHeader) -> Bool {
        guard header.isValid, header.algorithm == name,
            let signature = try? token.decodedSignature()
        else { return false }
        return key.verifies(signature, of: token.message, algorithm)
    }
}

/// Tokens outside of policies.
public enum SignedToken {
    public struct Failure: Error {
        /// Lower case, without full stop.
        public let message: String
    }

    /// The payload of a JSON Web Signature in compact form (RFC 7515 section 7.1).
    /// - Throws: when it is malformed, or `key` did not sign it.
    public static func payload(
        of text: Value, signedBy key: VerificationKey
    ) throws(Failure) -> [UInt8] {
        // The header lives in its arena.
        let evaluation = Evaluation()
        defer { withExtendedLifetime(evaluation) {} }
        do throws(BuiltinError) {
            let token = try Token(text)
            let header = try TokenHeader(token.decodedHeader(evaluation))
            guard key.verifies(token, header) else { throw .failed("signature does not verify") }
            return try token.decodedPayload()
        } catch {
            throw Failure(message: error.message)
        }
    }

    /// The hash of bytes in lower-case hexadecimal digits; nil for an algorithm that is unknown, or
    /// broken (MD5, SHA-1).
    public static func hash(_ bytes: [UInt8], algorithm: String) -> String? {
        let digest: Digest
        switch algorithm {
        case "SHA-256": digest = .sha256
        case "SHA-384": digest = .sha384
        case "SHA-512": digest = .sha512
        default: return nil
        }
        return GoText.hexadecimal(digest.hash(bytes))
    }
}
