// SPDX-License-Identifier: Apache-2.0

/// The numbers of a private key, from PKCS #1 (RFC 8017), SEC 1 (RFC 5915) or PKCS #8 (RFC 5958).
struct PrivateKeyFile {
    private enum Numbers {
        /// n, e, d, p, q, d mod p-1, d mod q-1, 1/q mod p.
        case rsa([ArraySlice<UInt8>])
        case elliptic(secret: ArraySlice<UInt8>)
        case edwards(seed: ArraySlice<UInt8>)
    }

    private let numbers: Numbers
    private let publicInfo: PublicKeyInfo
    /// The public key as SubjectPublicKeyInfo.
    let publicKey: [UInt8]

    private static let curves: [[Int]: (name: String, size: Int)] = [
        [1, 2, 840, 10045, 3, 1, 7]: ("P-256", 32), [1, 3, 132, 0, 34]: ("P-384", 48),
        [1, 3, 132, 0, 35]: ("P-521", 66),
    ]

    /// Nil when the block holds something else than a private key.
    init?(_ block: PEMBlock) throws(BuiltinError) {
        guard ["RSA PRIVATE KEY", "PRIVATE KEY", "EC PRIVATE KEY"].contains(block.type) else {
            return nil
        }
        // OpenSSL checks the key; only then are its numbers taken out.
        guard let key = OpenSSLKey.privateKey(der: block.bytes) else {
            throw .failed("x509: failed to parse private key")
        }
        publicKey = key.publicInfo
        do {
            var reader = DERReader(publicKey)
            publicInfo = try PublicKeyInfo(reader.next(DER.Tag.sequence))
            var file = DERReader(block.bytes)
            let element = try file.next(DER.Tag.sequence)
            numbers =
                try block.type == "PRIVATE KEY"
                ? Self.unwrapped(element) : Self.numbers(element, publicInfo.algorithm)
        } catch {
            throw .failed("x509: failed to parse private key")
        }
    }

    private static func unwrapped(_ element: DERReader.Element) throws(DERReader.Malformed)
        -> Numbers
    {
        var fields = element.reader
        _ = try fields.next(DER.Tag.integer)
        var identifier = try fields.next(DER.Tag.sequence).reader
        let algorithm = try identifier.next(DER.Tag.objectIdentifier).arcs()
        var inner = try fields.next(DER.Tag.octetString).reader
        if algorithm == CertificateAlgorithm.edwards25519 {
            return .edwards(seed: try inner.next(DER.Tag.octetString).content)
        }
        return try numbers(inner.next(DER.Tag.sequence), algorithm)
    }

    private static func numbers(
        _ element: DERReader.Element, _ algorithm: [Int]
    ) throws(DERReader.Malformed) -> Numbers {
        var fields = element.reader
        _ = try fields.next(DER.Tag.integer)
        switch algorithm {
        case CertificateAlgorithm.rsa:
            var numbers: [ArraySlice<UInt8>] = []
            for _ in 0..<8 {
                numbers.append(try fields.next(DER.Tag.integer).content.drop { $0 == 0 })
            }
            return .rsa(numbers)
        case CertificateAlgorithm.elliptic:
            return .elliptic(secret: try fields.next(DER.Tag.octetString).content)
        default: throw DERReader.Malformed()
        }
    }

    // MARK: Forms

    /// The key as Go's JSON shows it.
    func describe(_ evaluation: Evaluation) throws(BuiltinError) -> Value {
        let object = CollectionBuilder.object(in: evaluation.arena, capacity: 8)
        do {
            let publicPart = try publicInfo.describe(evaluation)
            for (key, value) in zip(publicPart.keys, publicPart.values) {
                object.insert(key, value)
            }
        } catch {
            throw .failed("x509: failed to parse private key")
        }
        switch numbers {
        case .rsa(let numbers):
            let values = numbers.map { evaluation.number(bigEndian: $0) }
            object.insert("D", values[2])
            object.insert("Primes", evaluation.array(values[3], values[4]))
            object.insert(
                "Precomputed",
                evaluation.object([
                    ("Dp", values[5]), ("Dq", values[6]), ("Qinv", values[7]),
                    ("CRTValues", .emptyArray),
                ]))
        case .elliptic(let secret): object.insert("D", evaluation.number(bigEndian: secret))
        case .edwards(let seed): return evaluation.base64(seed + publicInfo.key)
        }
        return object.finish()
    }

    /// The key as a JSON Web Key.
    func webKey(_ evaluation: Evaluation) throws(BuiltinError) -> Value {
        func text(_ bytes: some Collection<UInt8>) -> Value {
            evaluation.string(
                String(decoding: Base64Text.encode(bytes, .url, isPadded: false), as: UTF8.self))
        }
        switch numbers {
        case .rsa(let numbers):
            let names: [StaticString] = ["n", "e", "d", "p", "q", "dp", "dq", "qi"]
            return evaluation.object(
                [("kty", .string("RSA"))] + zip(names, numbers).map { ($0, text($1)) })
        case .elliptic(let secret):
            guard let curve = Self.curves[publicInfo.curve], let point = try? publicInfo.point()
            else {
                throw .failed("unsupported elliptic curve")
            }
            let padding = [UInt8](repeating: 0, count: max(0, curve.size - secret.count))
            return evaluation.object([
                ("kty", .string("EC")), ("crv", evaluation.string(curve.name)),
                ("x", text(point.x)),
                ("y", text(point.y)), ("d", text(padding + secret)),
            ])
        case .edwards:
            throw .failed("unable to create key of type ed25519.PrivateKey")
        }
    }
}
