// SPDX-License-Identifier: Apache-2.0
import Authorization
import Cryptography

/// Certificates that were read before: a caller sends the same one with each request. Belongs to
/// one thread, and holds at most `Limits.certificates`.
public final class CertificateMemory {
    private struct Entry {
        var text: [UInt8] = []
        var certificate: PeerCertificate?
    }

    private var entries = [Entry](repeating: Entry(), count: Limits.certificates)
    /// What this check asked for last, and where that is.
    private var asked = Bytes.empty
    private var slot = 0

    public init() {}

    /// Turns to another check, whose certificate may lie where the last one's did.
    public func begin() { asked = .empty }

    /// SHA-256 over the DER of a certificate.
    ///
    /// - Parameter text: as Envoy sends it.
    /// - Returns: nil when there is none, or it cannot be read.
    public func digest(_ text: Bytes) -> Digest? {
        guard let slot = find(text) else { return nil }
        return entries[slot].certificate?.digest
    }

    /// True when the certificate has exactly one URI name, and it is `principal`; or none, and the
    /// principal is no URI.
    func confirms(_ principal: Bytes, _ text: Bytes) -> Bool {
        guard let slot = find(text), let names = entries[slot].certificate?.names else {
            return false
        }
        let isURI = principal.hasPrefix("spiffe:") || names > 0
        guard isURI else { return true }
        return names == 1
            && entries[slot].certificate?.first.elementsEqual(principal.buffer) ?? false
    }

    /// Where the certificate is, which is read unless it is there already.
    private func find(_ text: Bytes) -> Int? {
        guard !text.isEmpty, text.count <= Limits.certificateBytes else { return nil }
        if text.start == asked.start, text.count == asked.count { return slot }
        // The end of a certificate is its signature, so it differs in every one.
        var hash = text.count
        for byte in text[max(0, text.count - 64)..<text.count].buffer {
            hash = hash &* 31 &+ Int(byte)
        }
        slot = Int(UInt(bitPattern: hash) % UInt(entries.count))
        asked = text
        if !isEntry(slot, text) {
            entries[slot] = Entry(text: Array(text.buffer), certificate: PeerCertificate(text))
        }
        return slot
    }

    private func isEntry(_ slot: Int, _ text: Bytes) -> Bool {
        entries[slot].text.withUnsafeBytes { Bytes($0) == text }
    }
}
