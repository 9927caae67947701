// SPDX-License-Identifier: Apache-2.0

/// A key that signs or verifies tokens.
struct TokenKey: Sendable {
    enum Material: Sendable {
        case asymmetric(OpenSSLKey)
        case secret([UInt8])
    }

    var material: Material
    /// The only algorithm it is for; empty when it does not say.
    var algorithm = ""
    var identifier = ""

    func verifies(_ signature: [UInt8], of message: [UInt8], _ algorithm: TokenAlgorithm) -> Bool {
        switch (material, algorithm) {
        case (.secret(let secret), .hmac(let digest)):
            equalInConstantTime(digest.authenticate(message, key: secret), signature)
        case (.asymmetric(let key), .signature(let scheme)):
            key.verifies(signature, of: message, scheme)
        default: false
        }
    }

    func sign(_ message: [UInt8], _ algorithm: TokenAlgorithm) -> [UInt8]? {
        switch (material, algorithm) {
        case (.secret(let secret), .hmac(let digest)): digest.authenticate(message, key: secret)
        case (.asymmetric(let key), .signature(let scheme)): key.sign(message, scheme)
        default: nil
        }
    }
}

/// The `alg` values that tokens may have (RFC 7518 section 3, RFC 8037).
enum TokenAlgorithm: Equatable, Sendable {
    case hmac(Digest)
    case signature(OpenSSLKey.Scheme)

    init?(_ name: String) {
        switch name {
        case "HS256": self = .hmac(.sha256)
        case "HS384": self = .hmac(.sha384)
        case "HS512": self = .hmac(.sha512)
        case "RS256": self = .signature(.pkcs1(.sha256))
        case "RS384": self = .signature(.pkcs1(.sha384))
        case "RS512": self = .signature(.pkcs1(.sha512))
        case "PS256": self = .signature(.pss(.sha256))
        case "PS384": self = .signature(.pss(.sha384))
        case "PS512": self = .signature(.pss(.sha512))
        case "ES256": self = .signature(.ecdsa(.sha256))
        case "ES384": self = .signature(.ecdsa(.sha384))
        case "ES512": self = .signature(.ecdsa(.sha512))
        case "EdDSA": self = .signature(.edwards)
        default: return nil
        }
    }
}

/// Reads JSON Web Keys (RFC 7517, RFC 7518 section 6, RFC 8037).
enum JSONWebKey {
    private struct Curve {
        let objectIdentifier: [UInt8]
        /// Bytes of a coordinate.
        let size: Int
    }

    private static let curves: [String: Curve] = [
        "P-256": Curve(
            objectIdentifier: [0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07], size: 32),
        "P-384": Curve(objectIdentifier: [0x2B, 0x81, 0x04, 0x00, 0x22], size: 48),
        "P-521": Curve(objectIdentifier: [0x2B, 0x81, 0x04, 0x00, 0x23], size: 66),
    ]
    private static let rsaIdentifier: [UInt8] = [
        0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01,
    ]
    private static let ellipticIdentifier: [UInt8] = [0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01]

    /// The keys of a key or key set, in order.
    static func keys(_ document: Value) throws(BuiltinError) -> [TokenKey] {
        guard document.kind == .object else { throw .failed("expected a JSON object") }
        guard document["keys"].isDefined else { return [try key(document)] }
        guard document["keys"].kind == .array else {
            throw .failed("field `keys` must be an array")
        }
        var keys: [TokenKey] = []
        for element in document["keys"].elements { keys.append(try key(element)) }
        return keys
    }

    private static func key(_ fields: Value) throws(BuiltinError) -> TokenKey {
        let material: TokenKey.Material
        switch fields["kty"].asString {
        case "RSA": material = .asymmetric(try rsa(fields))
        case "EC": material = .asymmetric(try elliptic(fields))
        case "OKP": material = .asymmetric(try edwards(fields))
        case "oct": material = .secret(try bytes(fields, "k"))
        case let type?: throw .failed("invalid key type from JSON (\(type))")
        case nil: throw .failed("failed to find key type: field `kty` is missing")
        }
        return TokenKey(
            material: material, algorithm: fields["alg"].asString ?? "",
            identifier: fields["kid"].asString ?? "")
    }

    private static func bytes(_ fields: Value, _ name: StaticString) throws(BuiltinError) -> [UInt8]
    {
        guard fields[name].isString, let bytes = try? Base64Text.decodeURL(fields[name].bytes)
        else {
            throw .failed("field `\(name)` of the key is missing or not base64url")
        }
        return bytes
    }

    private static func rsa(_ fields: Value) throws(BuiltinError) -> OpenSSLKey {
        let modulus = try bytes(fields, "n")
        let exponent = try bytes(fields, "e")
        let key: OpenSSLKey?
        if fields["d"].isDefined {
            var numbers = DER.integer([0]) + DER.integer(modulus) + DER.integer(exponent)
            for name in ["d", "p", "q", "dp", "dq", "qi"] as [StaticString] {
                numbers += DER.integer(try bytes(fields, name))
            }
            key = .privateKey(der: DER.sequence(numbers))
        } else {
            let algorithm = DER.sequence(
                DER.objectIdentifier(rsaIdentifier), DER.element(DER.Tag.null, []))
            let numbers = DER.sequence(DER.integer(modulus), DER.integer(exponent))
            key = .publicKey(info: DER.sequence(algorithm, DER.bitString(numbers)))
        }
        guard let key else { throw .failed("invalid RSA key") }
        return key
    }

    private static func elliptic(_ fields: Value) throws(BuiltinError) -> OpenSSLKey {
        guard let name = fields["crv"].asString, let curve = curves[name] else {
            throw .failed("invalid elliptic curve")
        }
        let point =
            try [0x04] + padded(bytes(fields, "x"), curve) + padded(bytes(fields, "y"), curve)
        let identifier = DER.objectIdentifier(curve.objectIdentifier)
        let key: OpenSSLKey?
        if fields["d"].isDefined {
            let secret = try padded(bytes(fields, "d"), curve)
            key = .privateKey(
                der: DER.sequence(
                    DER.integer([1]), DER.element(DER.Tag.octetString, secret),
                    DER.element(DER.Tag.context(0), identifier),
                    DER.element(DER.Tag.context(1), DER.bitString(point))))
        } else {
            let algorithm = DER.sequence(DER.objectIdentifier(ellipticIdentifier), identifier)
            key = .publicKey(info: DER.sequence(algorithm, DER.bitString(point)))
        }
        guard let key else { throw .failed("invalid elliptic curve key") }
        return key
    }

    private static func padded(_ bytes: [UInt8], _ curve: Curve) throws(BuiltinError) -> [UInt8] {
        guard bytes.count <= curve.size else { throw .failed("invalid elliptic curve key") }
        return [UInt8](repeating: 0, count: curve.size - bytes.count) + bytes
    }

    private static func edwards(_ fields: Value) throws(BuiltinError) -> OpenSSLKey {
        guard fields["crv"].equals("Ed25519") else { throw .failed("invalid curve") }
        let key =
            try fields["d"].isDefined
            ? OpenSSLKey.edwards(privateKey: bytes(fields, "d"))
            : OpenSSLKey.edwards(publicKey: bytes(fields, "x"))
        guard let key else { throw .failed("invalid Ed25519 key") }
        return key
    }
}
