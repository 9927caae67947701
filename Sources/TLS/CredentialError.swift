// SPDX-License-Identifier: Apache-2.0

/// Why a certificate, a key or authorities cannot be used.
public struct CredentialError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Stable: it is the field of a log line.
    public enum Code: String, Sendable {
        case certificate = "tls_certificate_unusable"
        case key = "tls_key_unusable"
        case authorities = "tls_authorities_unusable"
        case setup = "tls_setup_failed"
    }

    public let code: Code
    /// Lower case, without what the files hold.
    public let reason: String

    public var description: String { reason }
}
