// SPDX-License-Identifier: Apache-2.0
import Authorization
import Cryptography

/// SHA-256 of callers' certificates, from the form in which Envoy hands them over. The last few are
/// remembered, since a connection shows the same one with each check.
///
/// Belongs to one event loop.
final class CertificateFingerprints {
    private struct Entry {
        var text: [UInt8]
        var digest: Digest?
    }

    private static let remembered = 16
    /// Bytes of one certificate in Envoy's form.
    private static let longest = 64 << 10

    private var entries: [Entry] = []
    private var oldest = 0
    private let hasher = SHA256()

    /// - Parameter certificate: PEM, URL-encoded.
    /// - Returns: SHA-256 over the DER; nil when there is none, or it cannot be read.
    func digest(_ certificate: Bytes) -> Digest? {
        guard !certificate.isEmpty, certificate.count <= Self.longest else { return nil }
        for entry in entries where entry.text.count == certificate.count {
            let isSame = entry.text.withUnsafeBytes { Bytes($0) == certificate }
            if isSame { return entry.digest }
        }
        let entry = Entry(text: Array(certificate.buffer), digest: read(certificate))
        if entries.count < Self.remembered {
            entries.append(entry)
        } else {
            entries[oldest] = entry
            oldest = (oldest + 1) % Self.remembered
        }
        return entry.digest
    }

    private func read(_ certificate: Bytes) -> Digest? {
        let pem = Self.percentDecoded(certificate)
        let begin = Array("-----BEGIN CERTIFICATE-----".utf8)
        guard pem.starts(with: begin) else { return nil }
        var der: [UInt8] = []
        var bits: UInt32 = 0
        var count: UInt32 = 0
        for byte in pem[begin.count...] {
            if byte == UInt8(ascii: "-") || byte == UInt8(ascii: "=") { break }
            if byte == 0x0A || byte == 0x0D { continue }
            guard let value = Self.base64(byte) else { return nil }
            bits = bits << 6 | UInt32(value)
            count += 6
            if count >= 8 {
                count -= 8
                der.append(UInt8(truncatingIfNeeded: bits >> count))
            }
        }
        guard !der.isEmpty else { return nil }
        return der.withUnsafeBytes { hasher.hash($0) }
    }

    private static func percentDecoded(_ text: Bytes) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        var index = 0
        while index < text.count {
            if text[index] == UInt8(ascii: "%"), index + 2 < text.count,
                let high = hexadecimal(text[index + 1]), let low = hexadecimal(text[index + 2])
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

    private static func hexadecimal(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x41 + 10
        case 0x61...0x66: byte - 0x61 + 10
        default: nil
        }
    }

    private static func base64(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x41...0x5A: byte - 0x41
        case 0x61...0x7A: byte - 0x61 + 26
        case 0x30...0x39: byte - 0x30 + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
