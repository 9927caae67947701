// SPDX-License-Identifier: Apache-2.0
import Authorization
import COpenSSL
import Glibc

/// The URI names of the caller's certificate, from the URL-encoded PEM that Envoy sends
/// (`include_peer_certificate`).
///
/// Envoy's principal is the first URI name, so a second one would go unseen; an X.509-SVID has
/// exactly one (X.509-SVID section 2). Nothing is verified here: Envoy did that, or nobody.
struct PeerCertificate {
    /// URI names, in all.
    private(set) var names = 0
    /// The first of them; empty when there is none.
    private(set) var first: [UInt8] = []

    /// - Parameter text: as Envoy sends it, at most `Limits.certificateBytes`.
    /// - Returns: nil when it is no certificate, or its names cannot be read.
    init?(_ text: Bytes) {
        guard text.count <= Limits.certificateBytes else { return nil }
        // The BIO reads from the bytes, so they must stay where they are until it is done.
        let isRead = Self.decoded(text).withUnsafeBytes { pem in read(pem) }
        guard isRead else { return nil }
    }

    private mutating func read(_ pem: UnsafeRawBufferPointer) -> Bool {
        ERR_clear_error()
        guard let input = BIO_new_mem_buf(pem.baseAddress, Int32(pem.count)) else { return false }
        defer { BIO_free(input) }
        guard let certificate = PEM_read_bio_X509(input, nil, nil, nil) else {
            ERR_clear_error()
            return false
        }
        defer { X509_free(certificate) }
        return readNames(certificate)
    }

    /// Percent-decoded. What is no escape stays: then it is no PEM.
    private static func decoded(_ text: Bytes) -> [UInt8] {
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

    private mutating func readNames(_ certificate: OpaquePointer) -> Bool {
        var found: Int32 = 0
        let extensions = X509_get_ext_d2i(certificate, NID_subject_alt_name, &found, nil)
        guard let extensions else {
            ERR_clear_error()
            // -1: there is none. Else it is malformed, or there are two.
            return found == -1
        }
        let list = OpaquePointer(extensions)
        defer { GENERAL_NAMES_free(list) }
        for index in 0..<OPENSSL_sk_num(list) {
            guard let entry = OPENSSL_sk_value(list, index) else { return false }
            let name = entry.assumingMemoryBound(to: GENERAL_NAME.self).pointee
            guard name.type == GEN_URI else { continue }
            names += 1
            guard names == 1, let text = name.d.uniformResourceIdentifier else { continue }
            let bytes = ASN1_STRING_get0_data(text)
            first = Array(UnsafeBufferPointer(start: bytes, count: Int(ASN1_STRING_length(text))))
        }
        return true
    }
}

/// Certificates that were read before: a caller sends the same one with each request. Belongs to
/// one thread, and holds at most `Limits.certificates`.
public final class CertificateMemory {
    private struct Entry {
        var text: [UInt8] = []
        var certificate: PeerCertificate?
    }

    private var entries = [Entry](repeating: Entry(), count: Limits.certificates)

    public init() {}

    /// True when the certificate has exactly one URI name, and it is `principal`; or none, and the
    /// principal is no URI.
    func confirms(_ principal: Bytes, _ text: Bytes) -> Bool {
        guard !text.isEmpty, text.count <= Limits.certificateBytes else { return false }
        // The end of a certificate is its signature, so it differs in every one.
        var slot = text.count
        for byte in text[max(0, text.count - 64)..<text.count].buffer {
            slot = slot &* 31 &+ Int(byte)
        }
        slot = Int(UInt(bitPattern: slot) % UInt(entries.count))
        if !isEntry(slot, text) {
            entries[slot] = Entry(text: Array(text.buffer), certificate: PeerCertificate(text))
        }
        guard let certificate = entries[slot].certificate else { return false }
        let isURI = principal.hasPrefix("spiffe:") || certificate.names > 0
        guard isURI else { return true }
        return certificate.names == 1 && certificate.first.elementsEqual(principal.buffer)
    }

    private func isEntry(_ slot: Int, _ text: Bytes) -> Bool {
        guard entries[slot].text.count == text.count, let start = text.start else { return false }
        return entries[slot].text.withUnsafeBytes { memory in
            memory.baseAddress.map { memcmp($0, start, text.count) == 0 } ?? false
        }
    }
}
