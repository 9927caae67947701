// SPDX-License-Identifier: Apache-2.0
import Admin
import Platform
import Server

/// The operators' API as the configuration wants it.
enum AdminStart {
    /// Something that `operators` names cannot be used.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Reads the files that `operators` names.
    ///
    /// - Returns: nil when the API is switched off.
    static func read(_ settings: Configuration.Operators) throws -> AdminConfiguration? {
        guard settings.isEnabled else { return nil }
        return try configuration(settings, settings.tokens.map { try token($0) })
    }

    /// Takes up what the files of certificates and tokens hold now. A token whose file is gone
    /// counts no more.
    static func renew(
        _ server: AdminServer, _ settings: Configuration.Operators
    ) throws {
        let tokens = try settings.tokens.compactMap { token in
            try SecretFile.read(token.file) == nil ? nil : try self.token(token)
        }
        try server.renew(try configuration(settings, tokens))
    }

    /// What `read` and `renew` read.
    static func files(_ settings: Configuration.Operators) -> [String] {
        var files = settings.tokens.map(\.file)
        if let tls = settings.tls {
            files += [tls.certificate, tls.key] + (tls.clientAuthorities.map { [$0] } ?? [])
        }
        return files
    }

    private static func configuration(
        _ settings: Configuration.Operators, _ tokens: [OperatorToken]
    ) throws -> AdminConfiguration {
        var configuration = AdminConfiguration()
        configuration.unixPath = settings.unix
        if case .tcp(let host, let port)? = settings.tcp { configuration.tcp = (host, port) }
        configuration.tokens = tokens
        configuration.certificates = settings.certificates
        if let tls = settings.tls {
            configuration.tls = AdminConfiguration.TLS(
                certificate: try text(tls.certificate),
                key: String(decoding: try secret(tls.key), as: UTF8.self),
                clientAuthorities: try tls.clientAuthorities.map { try text($0) })
        }
        return configuration
    }

    private static func token(_ token: Configuration.Operators.Token) throws -> OperatorToken {
        var bytes = try secret(token.file)
        while let last = bytes.last, last == 0x0A || last == 0x0D || last == 0x20 {
            bytes.removeLast()
        }
        guard Admin.Limits.tokenBytes.contains(bytes.count) else {
            throw Failure(
                description:
                    "`\(token.file)`: expected a token of \(Admin.Limits.tokenBytes.lowerBound) "
                    + "to \(Admin.Limits.tokenBytes.upperBound) bytes, got \(bytes.count)")
        }
        return OperatorToken(name: token.name, secret: bytes, permission: token.permission)
    }

    private static func secret(_ path: String) throws -> [UInt8] {
        guard let bytes = try SecretFile.read(path) else {
            throw Failure(description: "`\(path)` is not there")
        }
        return bytes
    }

    private static func text(_ path: String) throws -> String {
        String(decoding: try InputBytes.read(path), as: UTF8.self)
    }
}
