// SPDX-License-Identifier: Apache-2.0
import COpenSSL

// Private keys as PKCS#8 PEM (RFC 8410, RFC 5958), the form that `openssl genpkey` writes.
extension Ed25519PrivateKey {
    /// The key as PKCS#8 PEM, not encrypted. The caller keeps it from other eyes.
    public func pem() throws(CryptographyError) -> [UInt8] {
        let memory = try OpenSSL.make("BIO_new") { BIO_new(BIO_s_mem()) }
        defer { BIO_free_all(memory) }
        try OpenSSL.check("PEM_write_bio_PrivateKey") {
            PEM_write_bio_PrivateKey(memory, pointer, nil, nil, 0, nil, nil)
        }
        var text = [UInt8](repeating: 0, count: BIO_ctrl_pending(memory))
        try OpenSSL.check("BIO_read") { BIO_read(memory, &text, Int32(text.count)) }
        return text
    }

    /// - Parameter pem: PKCS#8 PEM of an Ed25519 key. An encrypted key is refused: a prompt for
    ///   its password would hang a server.
    public convenience init(pem: some Collection<UInt8>) throws(CryptographyError) {
        let text = Array(pem)
        guard text.count <= maximumKeyFileLength else {
            throw .length(of: "key file", expected: maximumKeyFileLength, got: text.count)
        }
        let memory = try OpenSSL.make("BIO_new_mem_buf") {
            BIO_new_mem_buf(text, Int32(text.count))
        }
        defer { BIO_free_all(memory) }
        let key = try OpenSSL.make("PEM_read_bio_PrivateKey") {
            PEM_read_bio_PrivateKey(memory, nil, refusePassword, nil)
        }
        guard EVP_PKEY_get_id(key) == EVP_PKEY_ED25519 else {
            let name = EVP_PKEY_get0_type_name(key).map { String(cString: $0) } ?? "another type"
            EVP_PKEY_free(key)
            throw .keyType(expected: "Ed25519", got: name)
        }
        try self.init(owning: key)
    }
}

/// Far above any Ed25519 key with comments, in bytes.
private let maximumKeyFileLength = 65_536

/// Gives no password, whatever libcrypto asks.
private func refusePassword(
    _ buffer: UnsafeMutablePointer<CChar>?, _ size: Int32, _ isWriting: Int32,
    _ user: UnsafeMutableRawPointer?
) -> Int32 { -1 }
