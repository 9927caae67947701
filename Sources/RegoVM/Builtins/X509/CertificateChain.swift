// SPDX-License-Identifier: Apache-2.0
import COpenSSL

/// Checks a chain of certificates through OpenSSL, under the rules of Go's `Certificate.Verify`.
struct CertificateChain {
    struct Options {
        var hostName = ""
        /// Nanoseconds since 1970.
        var time: Int64
        /// Extended key usages as Go numbers them, one of which the whole chain must allow; 0 is
        /// any.
        var keyUsages: [Int] = []

        static let serverAuthentication = 1
    }

    /// - Parameter certificates: the trusted root first, the leaf last.
    /// - Returns: the chain from the leaf to the root; nil when there is no valid one.
    static func verify(_ certificates: [Certificate], _ options: Options) -> [Certificate]? {
        guard certificates.count >= 2, certificates.count <= Limits.certificatesInChain else {
            return nil
        }
        defer { ERR_clear_error() }
        let parsed = certificates.map { certificate in
            Array(certificate.whole).withUnsafeBufferPointer { bytes in
                var start = bytes.baseAddress
                return d2i_X509(nil, &start, bytes.count)
            }
        }
        defer { for certificate in parsed { X509_free(certificate) } }
        let usable = parsed.compactMap { $0 }
        guard usable.count == certificates.count, let chain = chain(usable, options) else {
            return nil
        }
        guard let found = try? Certificate.all(chain),
            !found.dropLast().contains(where: \.isWeaklySigned),
            allows(options.keyUsages, found)
        else { return nil }
        return found
    }

    /// The DER of the chain that OpenSSL finds.
    private static func chain(_ certificates: [OpaquePointer], _ options: Options) -> [UInt8]? {
        guard let store = X509_STORE_new(), let context = X509_STORE_CTX_new(),
            let others = OPENSSL_sk_new_null()
        else { return nil }
        defer {
            OPENSSL_sk_free(others)
            X509_STORE_CTX_free(context)
            X509_STORE_free(store)
        }
        X509_STORE_add_cert(store, certificates[0])
        for certificate in certificates[1..<(certificates.count - 1)] {
            OPENSSL_sk_push(others, UnsafeRawPointer(certificate))
        }
        guard
            X509_STORE_CTX_init(context, store, certificates[certificates.count - 1], others) == 1,
            let parameters = X509_STORE_CTX_get0_param(context)
        else { return nil }
        // The first certificate is trusted whether it signed itself or not.
        X509_VERIFY_PARAM_set_flags(parameters, UInt(X509_V_FLAG_PARTIAL_CHAIN))
        X509_VERIFY_PARAM_set_time(parameters, time_t(options.time / 1_000_000_000))
        guard demand(options.hostName, parameters), X509_verify_cert(context) == 1,
            let chain = X509_STORE_CTX_get0_chain(context)
        else { return nil }
        var output: [UInt8] = []
        for index in 0..<OPENSSL_sk_num(chain) {
            guard let entry = OPENSSL_sk_value(chain, index) else { return nil }
            output += der(OpaquePointer(entry))
        }
        return output
    }

    /// Demands a host name, or an address when it looks like one (`[::1]`, `10.0.0.1`).
    private static func demand(_ hostName: String, _ parameters: OpaquePointer) -> Bool {
        if hostName.isEmpty { return true }
        var address = Array(hostName.utf8)
        if address.first == UInt8(ascii: "["), address.last == UInt8(ascii: "]") {
            address = Array(address.dropFirst().dropLast())
        }
        if IPAddress(address) != nil {
            return X509_VERIFY_PARAM_set1_ip_asc(
                parameters, String(decoding: address, as: UTF8.self)) == 1
        }
        // The common name is no host name, and a wildcard stands for one whole label.
        X509_VERIFY_PARAM_set_hostflags(
            parameters,
            UInt32(X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
        return X509_VERIFY_PARAM_set1_host(parameters, hostName, hostName.utf8.count) == 1
    }

    private static func der(_ certificate: OpaquePointer) -> [UInt8] {
        var memory: UnsafeMutablePointer<UInt8>?
        let count = i2d_X509(certificate, &memory)
        defer { CRYPTO_free(memory, #file, #line) }
        guard count > 0, let memory else { return [] }
        return Array(UnsafeBufferPointer(start: memory, count: Int(count)))
    }

    /// A usage must be allowed by every certificate; one without any allows all.
    private static func allows(_ usages: [Int], _ chain: [Certificate]) -> Bool {
        var open = usages.isEmpty ? [Options.serverAuthentication] : usages
        if open.contains(0) { return true }
        for certificate in chain {
            let allowed = certificate.extensions.extendedKeyUsages
            if allowed.isEmpty && certificate.extensions.unknownKeyUsages.isEmpty
                || allowed.contains(0)
            {
                continue
            }
            open.removeAll { !allowed.contains($0) }
        }
        return !open.isEmpty
    }
}

extension Certificate {
    fileprivate var isWeaklySigned: Bool {
        CertificateAlgorithm.broken.contains(signatureAlgorithm)
    }
}
