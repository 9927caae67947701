// SPDX-License-Identifier: Apache-2.0
import COpenSSL

/// A certificate and its key, as PEM.
public struct TestIdentity: Sendable {
    public let certificate: [UInt8]
    public let key: [UInt8]
}

/// What a certificate says.
public struct TestNames: Sendable {
    /// As openssl.cnf writes them: `URI:spiffe://acme.example/gateway`, `DNS:a`.
    public var names: [String]
    /// URI names that no text can hold.
    public var rawURIs: [[UInt8]] = []
    public var usage = "clientAuth"
    public var isAuthority = false
    public var keyUsage = "digitalSignature"
    /// Seconds from now.
    public var begins = -3600
    public var ends = 3600

    public init(_ names: [String], usage: String = "clientAuth") {
        self.names = names
        self.usage = usage
    }

    public static func uri(_ uris: String...) -> TestNames { TestNames(uris.map { "URI:" + $0 }) }

    public static let server = TestNames(
        ["IP:127.0.0.1", "URI:spiffe://acme.example/portcullis"], usage: "serverAuth")
}

/// Signs certificates for tests, with keys that live as long as it does.
public final class TestAuthority: @unchecked Sendable {
    public let certificate: [UInt8]
    private let name: OpaquePointer?
    private let key: OpaquePointer?

    public init(_ commonName: String = "ca") {
        key = Self.makeKey()
        name = Self.makeName(commonName)
        let made = X509_new()
        var names = TestNames([])
        names.isAuthority = true
        names.keyUsage = "keyCertSign,cRLSign"
        Self.fill(made, names, subject: name, issuer: name, key: key)
        X509_sign(made, key, EVP_sha256())
        certificate = Self.pem { PEM_write_bio_X509($0, made) }
        X509_free(made)
    }

    deinit {
        EVP_PKEY_free(key)
        X509_NAME_free(name)
    }

    public func issue(_ names: TestNames) -> TestIdentity {
        let own = Self.makeKey()
        let subject = Self.makeName("leaf")
        let made = X509_new()
        defer {
            X509_free(made)
            X509_NAME_free(subject)
            EVP_PKEY_free(own)
        }
        Self.fill(made, names, subject: subject, issuer: name, key: own)
        X509_sign(made, key, EVP_sha256())
        return TestIdentity(
            certificate: Self.pem { PEM_write_bio_X509($0, made) },
            key: Self.pem { PEM_write_bio_PrivateKey($0, own, nil, nil, 0, nil, nil) })
    }

    /// The key under a password.
    public static func encryptedKey() -> [UInt8] {
        let key = makeKey()
        defer { EVP_PKEY_free(key) }
        let word = Array("word".utf8)
        return pem {
            PEM_write_bio_PrivateKey($0, key, EVP_aes_256_cbc(), word, Int32(word.count), nil, nil)
        }
    }

    // MARK: parts

    private static func makeKey() -> OpaquePointer? {
        let context = EVP_PKEY_CTX_new_id(EVP_PKEY_EC, nil)
        defer { EVP_PKEY_CTX_free(context) }
        var key: OpaquePointer?
        EVP_PKEY_keygen_init(context)
        EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context, NID_X9_62_prime256v1)
        EVP_PKEY_keygen(context, &key)
        return key
    }

    private static func makeName(_ text: String) -> OpaquePointer? {
        let name = X509_NAME_new()
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, text, -1, -1, 0)
        return name
    }

    private static func fill(
        _ made: OpaquePointer?, _ names: TestNames, subject: OpaquePointer?,
        issuer: OpaquePointer?, key: OpaquePointer?
    ) {
        X509_set_version(made, 2)
        ASN1_INTEGER_set(X509_get_serialNumber(made), .random(in: 1 ... .max))
        X509_gmtime_adj(X509_getm_notBefore(made), names.begins)
        X509_gmtime_adj(X509_getm_notAfter(made), names.ends)
        X509_set_subject_name(made, subject)
        X509_set_issuer_name(made, issuer)
        X509_set_pubkey(made, key)
        let isAuthority = names.isAuthority ? "TRUE" : "FALSE"
        add(made, NID_basic_constraints, "critical,CA:\(isAuthority)")
        if !names.keyUsage.isEmpty { add(made, NID_key_usage, "critical," + names.keyUsage) }
        if !names.isAuthority { add(made, NID_ext_key_usage, names.usage) }
        if !names.rawURIs.isEmpty {
            addRaw(made, names.rawURIs)
        } else if !names.names.isEmpty {
            add(made, NID_subject_alt_name, names.names.joined(separator: ","))
        }
    }

    private static func add(_ made: OpaquePointer?, _ number: Int32, _ value: String) {
        var context = X509V3_CTX()
        X509V3_set_ctx(&context, made, made, nil, nil, 0)
        let part = X509V3_EXT_conf_nid(nil, &context, number, value)
        X509_add_ext(made, part, -1)
        X509_EXTENSION_free(part)
    }

    private static func addRaw(_ made: OpaquePointer?, _ uris: [[UInt8]]) {
        let list = GENERAL_NAMES_new()
        for uri in uris {
            let text = ASN1_STRING_type_new(V_ASN1_IA5STRING)
            ASN1_STRING_set(text, uri, Int32(uri.count))
            let name = GENERAL_NAME_new()
            GENERAL_NAME_set0_value(name, GEN_URI, text)
            OPENSSL_sk_push(list, name)
        }
        X509_add1_ext_i2d(
            made, NID_subject_alt_name, list.map { UnsafeMutableRawPointer($0) }, 0, 0)
        GENERAL_NAMES_free(list)
    }

    private static func pem(_ write: (OpaquePointer?) -> Int32) -> [UInt8] {
        let memory = BIO_new(BIO_s_mem())
        defer { BIO_free_all(memory) }
        _ = write(memory)
        var text = [UInt8](repeating: 0, count: BIO_ctrl_pending(memory))
        BIO_read(memory, &text, Int32(text.count))
        return text
    }
}
