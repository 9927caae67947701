// SPDX-License-Identifier: Apache-2.0

/// Certificates and keys as policies hand them over: PEM, or Base64 of PEM or DER.
enum CertificateSource {
    static let pemStart = "-----BEGIN"

    /// - Parameter text: PEM, Base64 of PEM, or Base64 of DER.
    static func certificates(_ text: Value) throws(BuiltinError) -> [Certificate] {
        var bytes = Array(text.bytes)
        if !bytes.starts(with: pemStart.utf8) { bytes = try Base64Text.decode(bytes, .standard) }
        guard bytes.starts(with: pemStart.utf8) else { return try Certificate.all(bytes) }
        var certificates: [UInt8] = []
        for block in PEMBlock.all(in: bytes) {
            guard block.type == "CERTIFICATE" else {
                throw .failed("PEM block type is '\(block.type)', expected CERTIFICATE")
            }
            certificates += block.bytes
        }
        return try Certificate.all(certificates)
    }

    static func certificateRequest(_ text: Value) throws(BuiltinError) -> CertificateRequest {
        var bytes = Array(text.bytes)
        if !bytes.starts(with: "-----BEGIN CERTIFICATE REQUEST-----".utf8) {
            bytes = try Base64Text.decode(bytes, .standard)
        }
        if let block = PEMBlock.all(in: bytes).first {
            guard block.type == "CERTIFICATE REQUEST" else {
                throw .failed("invalid PEM-encoded certificate signing request")
            }
            bytes = block.bytes
        }
        do {
            return try CertificateRequest(bytes)
        } catch {
            throw .failed("asn1: structure error: malformed certificate request")
        }
    }

    /// All private keys of a PEM text, itself or its Base64; other blocks are passed over.
    static func privateKeys(_ bytes: [UInt8]) throws(BuiltinError) -> [PrivateKeyFile] {
        let text = (try? Base64Text.decode(bytes, .standard)) ?? bytes
        var keys: [PrivateKeyFile] = []
        for block in PEMBlock.all(in: text) {
            if let key = try PrivateKeyFile(block) { keys.append(key) }
        }
        return keys
    }
}
