// SPDX-License-Identifier: Apache-2.0
import Authorization
import COpenSSL
import Cryptography

/// The caller's certificate: its hash, and its URI names, from the URL-encoded PEM that Envoy sends
/// (`include_peer_certificate`).
///
/// Envoy's principal is the first URI name, so a second one would go unseen; an X.509-SVID has
/// exactly one (X.509-SVID section 2). Nothing is verified here: Envoy did that, or nobody.
struct PeerCertificate {
    /// SHA-256 over the DER.
    let digest: Digest
    /// URI names, in all; nil when they cannot be read.
    private(set) var names: Int? = 0
    /// The first of them; empty when there is none.
    private(set) var first: [UInt8] = []

    /// - Parameter text: as Envoy sends it, at most `Limits.certificateBytes`.
    /// - Returns: nil when it is no PEM of a certificate.
    init?(_ text: Bytes) {
        guard text.count <= Limits.certificateBytes else { return nil }
        ERR_clear_error()
        defer { ERR_clear_error() }
        let der = Self.percentDecoded(text).withUnsafeBytes { Self.der($0) }
        guard let der else { return nil }
        digest = der.withUnsafeBytes { SHA256().hash($0) }
        if !der.withUnsafeBytes({ readNames(Bytes($0)) }) { names = nil }
    }

    /// What is no escape stays: then it is no PEM.
    private static func percentDecoded(_ text: Bytes) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        var index = 0
        while index < text.count {
            if text[index] == UInt8(ascii: "%"), index + 2 < text.count,
                let high = ASCII.hexadecimal(text[index + 1]),
                let low = ASCII.hexadecimal(text[index + 2])
            {
                result.append(high << 4 | low)
                index += 3
            } else {
                result.append(text[index])
                index += 1
            }
        }
        return result
    }

    /// The bytes of the first block, which must be a certificate.
    private static func der(_ pem: UnsafeRawBufferPointer) -> [UInt8]? {
        guard let input = BIO_new_mem_buf(pem.baseAddress, Int32(pem.count)) else { return nil }
        defer { BIO_free(input) }
        var type: UnsafeMutablePointer<CChar>?
        var header: UnsafeMutablePointer<CChar>?
        var bytes: UnsafeMutablePointer<UInt8>?
        var count = 0
        guard PEM_read_bio(input, &type, &header, &bytes, &count) == 1 else { return nil }
        defer {
            CRYPTO_free(type, #file, #line)
            CRYPTO_free(header, #file, #line)
            CRYPTO_free(bytes, #file, #line)
        }
        guard let type, String(cString: type) == PEM_STRING_X509, let bytes, count > 0 else {
            return nil
        }
        return Array(UnsafeBufferPointer(start: bytes, count: count))
    }

    private mutating func readNames(_ der: Bytes) -> Bool {
        var place = der.start
        guard let certificate = d2i_X509(nil, &place, der.count) else { return false }
        defer { X509_free(certificate) }
        var found: Int32 = 0
        let extensions = X509_get_ext_d2i(certificate, NID_subject_alt_name, &found, nil)
        // -1: there is none. Else it is malformed, or there are two.
        guard let extensions else { return found == -1 }
        let list = OpaquePointer(extensions)
        defer { GENERAL_NAMES_free(list) }
        var count = 0
        for index in 0..<OPENSSL_sk_num(list) {
            guard let entry = OPENSSL_sk_value(list, index) else { return false }
            let name = entry.assumingMemoryBound(to: GENERAL_NAME.self).pointee
            guard name.type == GEN_URI else { continue }
            count += 1
            guard count == 1, let text = name.d.uniformResourceIdentifier else { continue }
            let bytes = ASN1_STRING_get0_data(text)
            first = Array(UnsafeBufferPointer(start: bytes, count: Int(ASN1_STRING_length(text))))
        }
        names = count
        return true
    }
}
