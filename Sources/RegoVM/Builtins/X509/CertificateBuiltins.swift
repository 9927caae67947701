// SPDX-License-Identifier: Apache-2.0

/// `crypto.x509.*` and `crypto.parse_private_keys`
enum CertificateBuiltins {
    static let all: [Builtin] = [
        Builtin("crypto.x509.parse_certificates", "string -> array[object[string: any]]") {
            evaluation, operands throws(BuiltinError) in
            let certificates = try CertificateSource.certificates(operands.string(0))
            return try describe(certificates, evaluation, withURIStrings: true)
        },
        Builtin(
            "crypto.x509.parse_and_verify_certificates",
            "string -> array<boolean, array[object[string: any]]>", .situated
        ) { evaluation, operands throws(BuiltinError) in
            let options = CertificateChain.Options(time: evaluation.now)
            return try verify(operands.string(0), options, evaluation, withURIStrings: true)
        },
        Builtin(
            "crypto.x509.parse_and_verify_certificates_with_options",
            "string, object[string: any] -> array<boolean, array[object[string: any]]>", .situated
        ) { evaluation, operands throws(BuiltinError) in
            let text = try operands.string(0)
            let fields = try operands.object(1)
            guard (try? CertificateSource.certificates(text)) != nil else {
                return invalid(evaluation)
            }
            return try verify(text, options(fields, evaluation), evaluation, withURIStrings: false)
        },
        Builtin("crypto.x509.parse_certificate_request", "string -> object[string: any]") {
            evaluation, operands throws(BuiltinError) in
            try CertificateSource.certificateRequest(operands.string(0)).describe(evaluation)
        },
        Builtin("crypto.x509.parse_keypair", "string, string -> object[string: any]") {
            evaluation, operands throws(BuiltinError) in
            try keyPair(operands.string(0), operands[1], evaluation)
        },
        Builtin("crypto.x509.parse_rsa_private_key", "string -> object[string: any]") {
            evaluation, operands throws(BuiltinError) in
            let text = try operands.string(0)
            guard text.count > 0 else { throw .failed("input PEM data was empty") }
            var bytes = Array(text.bytes)
            if !bytes.starts(with: CertificateSource.pemStart.utf8) {
                bytes = try Base64Text.decode(bytes, .standard)
            }
            guard let key = try CertificateSource.privateKeys(bytes).first else { return .null }
            return try key.webKey(evaluation)
        },
        Builtin("crypto.parse_private_keys", "string -> array[object[string: any]]") {
            evaluation, operands throws(BuiltinError) in
            let text = try operands.string(0)
            guard text.count > 0 else { return .null }
            var keys: [Value] = []
            for key in try CertificateSource.privateKeys(Array(text.bytes)) {
                keys.append(try key.describe(evaluation))
            }
            return evaluation.array(keys)
        },
    ]

    private static let keyUsages = [
        "KeyUsageAny", "KeyUsageServerAuth", "KeyUsageClientAuth", "KeyUsageCodeSigning",
        "KeyUsageEmailProtection", "KeyUsageIPSECEndSystem", "KeyUsageIPSECTunnel",
        "KeyUsageIPSECUser", "KeyUsageTimeStamping", "KeyUsageOCSPSigning",
        "KeyUsageMicrosoftServerGatedCrypto", "KeyUsageNetscapeServerGatedCrypto",
        "KeyUsageMicrosoftCommercialCodeSigning", "KeyUsageMicrosoftKernelCodeSigning",
    ]

    private static func describe(
        _ certificates: [Certificate], _ evaluation: Evaluation, withURIStrings: Bool
    ) throws(BuiltinError) -> Value {
        var values: [Value] = []
        for certificate in certificates {
            values.append(try certificate.describe(evaluation, withURIStrings: withURIStrings))
        }
        return evaluation.array(values)
    }

    private static func invalid(_ evaluation: Evaluation) -> Value {
        evaluation.array(.false, .emptyArray)
    }

    private static func verify(
        _ text: Value, _ options: CertificateChain.Options, _ evaluation: Evaluation,
        withURIStrings: Bool
    ) throws(BuiltinError) -> Value {
        guard let certificates = try? CertificateSource.certificates(text),
            let chain = CertificateChain.verify(certificates, options)
        else { return invalid(evaluation) }
        return evaluation.array(
            .true, try describe(chain, evaluation, withURIStrings: withURIStrings))
    }

    private static func options(
        _ fields: Value, _ evaluation: Evaluation
    ) throws(BuiltinError) -> CertificateChain.Options {
        var options = CertificateChain.Options(time: evaluation.now)
        for (key, value) in zip(fields.keys, fields.values) where key.isString {
            switch key.asString {
            case "DNSName":
                guard let name = value.asString else {
                    throw .failed("'DNSName' should be a string")
                }
                options.hostName = name
            case "CurrentTime":
                guard value.isNumber else { throw .failed("'CurrentTime' should be a number") }
                guard let time = value.asInteger else {
                    throw .failed("'CurrentTime' should be a valid int64 number")
                }
                options.time = time
            case "MaxConstraintComparisons":
                guard value.isNumber else {
                    throw .failed("'MaxConstraintComparisons' should be a number")
                }
            case "KeyUsages": options.keyUsages = try usages(value)
            default: throw .failed("invalid key option")
            }
        }
        return options
    }

    private static func usages(_ list: Value) throws(BuiltinError) -> [Int] {
        guard list.kind == .array || list.kind == .set else {
            throw .failed("'KeyUsages' should be an Array or Set")
        }
        let names = list.elements.compactMap(\.asString)
        let unknown = names.filter { !keyUsages.contains($0) }
        guard unknown.isEmpty else {
            throw .failed(
                "invalid entries for 'KeyUsages' found: [\(unknown.joined(separator: " "))]")
        }
        return names.compactMap { keyUsages.firstIndex(of: $0) }
    }

    // MARK: Key pairs

    private static func keyPair(
        _ certificate: Value, _ key: Value, _ evaluation: Evaluation
    ) throws(BuiltinError) -> Value {
        guard key.isString else { throw .operand(1, mustBe: "string", got: key) }
        let certificates = try blocks(certificate, type: "CERTIFICATE").filter {
            $0.type == "CERTIFICATE"
        }
        guard let first = certificates.first else {
            throw .failed("tls: failed to find any PEM data in certificate input")
        }
        var privateKey: PrivateKeyFile?
        for block in try blocks(key, type: "PRIVATE KEY") where privateKey == nil {
            privateKey = try PrivateKeyFile(block)
        }
        guard let privateKey else { throw .failed("tls: failed to find any PEM data in key input") }
        guard let leaf = try Certificate.all(first.bytes).first else {
            throw .failed("x509: malformed certificate")
        }
        guard OpenSSLKey.certificateKey(der: first.bytes)?.publicInfo == privateKey.publicKey else {
            throw .failed("tls: private key does not match public key")
        }
        return evaluation.object([
            ("Certificate", evaluation.array(certificates.map { evaluation.base64($0.bytes) })),
            ("PrivateKey", try privateKey.describe(evaluation)),
            ("SupportedSignatureAlgorithms", .null), ("OCSPStaple", .null),
            ("SignedCertificateTimestamps", .null),
            ("Leaf", try leaf.describe(evaluation, withURIStrings: false)),
        ])
    }

    /// The blocks of a PEM text, of its Base64, or of the Base64 of one DER object.
    private static func blocks(_ text: Value, type: String) throws(BuiltinError) -> [PEMBlock] {
        var bytes = Array(text.bytes)
        if !bytes.starts(with: CertificateSource.pemStart.utf8) {
            bytes = try Base64Text.decode(bytes, .standard)
        }
        guard bytes.starts(with: CertificateSource.pemStart.utf8) else {
            return [PEMBlock(type: type, bytes: bytes)]
        }
        return PEMBlock.all(in: bytes)
    }
}
