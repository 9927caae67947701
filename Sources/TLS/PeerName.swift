// SPDX-License-Identifier: Apache-2.0
import Authorization
import COpenSSL

/// The SPIFFE ID in a verified certificate (X509-SVID sections 2, 4 and 5.2).
enum PeerName {
    /// Calls `body` with the ID; nil unless the certificate is a leaf with exactly one URI name,
    /// which is the SPIFFE ID of a workload. Names of other kinds may stand beside it.
    static func with(
        _ certificate: OpaquePointer, _ body: (SPIFFEID) -> HandshakeFailure?
    ) -> HandshakeFailure? {
        guard isLeaf(certificate) else { return .clientUnnamed }
        let extensions = X509_get_ext_d2i(certificate, NID_subject_alt_name, nil, nil)
        guard let extensions else { return .clientUnnamed }
        let names = OpaquePointer(extensions)
        defer { GENERAL_NAMES_free(names) }
        guard let uri = onlyURI(names), let id = SPIFFEID(uri), !id.path.isEmpty else {
            return .clientUnnamed
        }
        return body(id)
    }

    /// An authority's certificate signs others' names and has none of its own.
    private static func isLeaf(_ certificate: OpaquePointer) -> Bool {
        guard X509_check_ca(certificate) == 0 else { return false }
        // All bits are set when there is no such extension.
        let usage = X509_get_key_usage(certificate)
        return usage == .max || usage & UInt32(KU_KEY_CERT_SIGN | KU_CRL_SIGN) == 0
    }

    /// With its NUL bytes, if any: then it is no SPIFFE ID.
    private static func onlyURI(_ names: OpaquePointer) -> Bytes? {
        var found: Bytes?
        for index in 0..<OPENSSL_sk_num(names) {
            guard let entry = OPENSSL_sk_value(names, index) else { return nil }
            let name = entry.assumingMemoryBound(to: GENERAL_NAME.self).pointee
            guard name.type == GEN_URI else { continue }
            guard found == nil, let text = name.d.uniformResourceIdentifier else { return nil }
            found = Bytes(
                start: ASN1_STRING_get0_data(text), count: Int(ASN1_STRING_length(text)))
        }
        return found
    }
}
