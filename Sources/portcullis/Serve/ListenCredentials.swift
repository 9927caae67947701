// SPDX-License-Identifier: Apache-2.0
import Platform
import TLS

/// What `listen.tls` names, read from its files.
enum ListenCredentials {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    static func files(_ tls: Configuration.Listen.TLS) -> [String] {
        [tls.certificate, tls.key] + (tls.clientAuthorities.map { [$0] } ?? [])
    }

    /// - Parameter refused: is told of clients that are none of `clients`.
    static func read(
        _ tls: Configuration.Listen.TLS, refused: RefusedClients? = nil
    ) throws(Failure) -> ServerCredentials {
        var authorities: [UInt8]?
        if let path = tls.clientAuthorities { authorities = try text(path) }
        let texts = CredentialTexts(
            certificate: try text(tls.certificate), key: try secret(tls.key),
            clientAuthorities: authorities, clients: tls.clients)
        do throws(CredentialError) {
            return try ServerCredentials(texts, refused: refused)
        } catch {
            throw Failure(
                description: (path(error.code, tls).map { "`\($0)`: " } ?? "") + error.reason)
        }
    }

    private static func path(
        _ code: CredentialError.Code, _ tls: Configuration.Listen.TLS
    ) -> String? {
        switch code {
        case .certificate: tls.certificate
        case .key: tls.key
        case .authorities: tls.clientAuthorities
        case .setup: nil
        }
    }

    private static func text(_ path: String) throws(Failure) -> [UInt8] {
        do throws(InputBytes.Unreadable) {
            return try InputBytes.read(path)
        } catch {
            throw Failure(description: error.description)
        }
    }

    private static func secret(_ path: String) throws(Failure) -> [UInt8] {
        do throws(StorageError) {
            if let bytes = try SecretFile.read(path) { return bytes }
        } catch {
            throw Failure(description: "\(error)")
        }
        throw Failure(description: "`\(path)` is not there")
    }
}
