// SPDX-License-Identifier: Apache-2.0
import Cryptography

/// What an operator may do.
public enum Permission: String, Sendable, CaseIterable {
    /// Read everything that the API shows.
    case observe
    /// Send signals, and nothing else: for detectors.
    case signal
    /// Everything.
    case operate

    func includes(_ wanted: Permission?) -> Bool {
        wanted == nil || self == .operate || self == wanted
    }
}

/// Who asks, as the API found out.
struct Operator: Sendable, Equatable {
    /// `unix:<uid>`, `token:<name>`, `certificate:<subject>`.
    let name: String
    let permission: Permission
}

/// A secret that stands for an operator. Only its digest is kept.
public struct OperatorToken: Sendable {
    public let name: String
    public let permission: Permission
    private let digest: Digest

    /// - Parameter secret: without the line feed of its file.
    public init(name: String, secret: [UInt8], permission: Permission) {
        self.name = name
        self.permission = permission
        digest = SHA256.hash(secret)
    }

    /// Takes the same time whatever `secret` is: digests are compared, all of their bytes.
    func isEqual(to secret: Digest) -> Bool {
        var difference: UInt8 = 0
        for (left, right) in zip(digest.bytes, secret.bytes) { difference |= left ^ right }
        return difference == 0
    }
}

/// A certificate's subject that stands for an operator.
public struct OperatorCertificate: Sendable {
    /// As RFC 4514 writes it: `CN=alice,O=Acme`.
    public let subject: String
    public let permission: Permission

    public init(subject: String, permission: Permission) {
        self.subject = subject
        self.permission = permission
    }
}

/// Finds out who asks.
struct Authentication: Sendable {
    var tokens: [OperatorToken] = []
    /// nil: every certificate of the configured authorities operates.
    var certificates: [OperatorCertificate]?
    var asksForCertificates = false

    init(
        tokens: [OperatorToken] = [], certificates: [OperatorCertificate]? = nil,
        asksForCertificates: Bool = false
    ) {
        self.tokens = tokens
        self.certificates = certificates
        self.asksForCertificates = asksForCertificates
    }

    init(_ configuration: AdminConfiguration) {
        asksForCertificates = configuration.tls?.clientAuthorities != nil
        tokens = configuration.tokens
        certificates = asksForCertificates ? configuration.certificates : []
    }

    /// The operator at the other end of a Unix socket. The file's mode lets only its owner and
    /// root in.
    func peer(user: Int64, owner: Int64) throws(Problem) -> Operator {
        guard user == owner || user == 0 else {
            throw .forbidden("user \(user) is neither the server's nor root")
        }
        return Operator(name: "unix:\(user)", permission: .operate)
    }

    /// The operator that a TLS peer's certificate names; nil when it gave none.
    func certificate(_ subject: String?) throws(Problem) -> Operator? {
        guard let subject else { return nil }
        guard let certificates else {
            return Operator(name: "certificate:\(subject)", permission: .operate)
        }
        guard let known = certificates.first(where: { $0.subject == subject }) else {
            throw .forbidden(
                "the certificate of `\(subject)` is not among `operators.certificates`")
        }
        return Operator(name: "certificate:\(subject)", permission: known.permission)
    }

    /// The operator of `Authorization: Bearer <token>` (RFC 6750 section 2.1).
    func bearer(_ header: String?) throws(Problem) -> Operator {
        guard !tokens.isEmpty else {
            throw .unauthorized("expected a client certificate", scheme: nil)
        }
        let expected = asksForCertificates ? "a token or a client certificate" : "a token"
        guard let header else {
            throw .unauthorized("expected \(expected)", scheme: "Bearer")
        }
        let prefix = "bearer "
        guard header.utf8.count > prefix.utf8.count,
            header.prefix(prefix.count).lowercased() == prefix
        else { throw .unauthorized("expected `Authorization: Bearer`", scheme: "Bearer") }
        let secret = SHA256.hash(header.dropFirst(prefix.count).utf8)
        var found: OperatorToken?
        // All are compared, so that the time tells nothing of which one it is.
        for token in tokens where token.isEqual(to: secret) { found = token }
        guard let found else {
            throw .unauthorized("the token is not known", scheme: "Bearer error=\"invalid_token\"")
        }
        return Operator(name: "token:\(found.name)", permission: found.permission)
    }
}
