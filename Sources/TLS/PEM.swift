// SPDX-License-Identifier: Apache-2.0
import COpenSSL

/// What PEM files hold (RFC 7468).
enum PEM {
    /// Calls `body` with each certificate, which is freed after it.
    ///
    /// - Returns: how many; nil when something is no certificate, or `body` refuses one.
    static func certificates(
        _ text: [UInt8], maximum: Int, _ body: (Int, OpaquePointer) -> Bool
    ) -> Int? {
        guard text.count <= Limits.certificateFileBytes, let memory = reader(text) else {
            return nil
        }
        defer { BIO_free_all(memory) }
        var count = 0
        while let certificate = PEM_read_bio_X509(memory, nil, refusePassword, nil) {
            defer { X509_free(certificate) }
            guard count < maximum, body(count, certificate) else { return nil }
            count += 1
        }
        // Only the end of the file is no mistake.
        let error = ERR_peek_last_error()
        guard ERR_GET_LIB(error) == ERR_LIB_PEM, ERR_GET_REASON(error) == PEM_R_NO_START_LINE
        else { return nil }
        ERR_clear_error()
        return count
    }

    /// A private key that is not encrypted; the caller frees it.
    static func key(_ text: [UInt8]) -> OpaquePointer? {
        guard text.count <= Limits.keyFileBytes, let memory = reader(text) else { return nil }
        defer { BIO_free_all(memory) }
        return PEM_read_bio_PrivateKey(memory, nil, refusePassword, nil)
    }

    /// With a copy of `text`.
    private static func reader(_ text: [UInt8]) -> OpaquePointer? {
        ERR_clear_error()
        guard let memory = BIO_new(BIO_s_mem()) else { return nil }
        guard text.isEmpty || BIO_write(memory, text, Int32(text.count)) == text.count else {
            BIO_free_all(memory)
            return nil
        }
        return memory
    }
}

/// Gives no password, whatever libcrypto asks: a prompt would hang a server.
private func refusePassword(
    _ buffer: UnsafeMutablePointer<CChar>?, _ size: Int32, _ isWriting: Int32,
    _ user: UnsafeMutableRawPointer?
) -> Int32 { -1 }
