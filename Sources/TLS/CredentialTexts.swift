// SPDX-License-Identifier: Apache-2.0

/// What a server shows, and whom it lets in, as PEM files hold it.
public struct CredentialTexts: Sendable, Equatable {
    /// Our certificate, then those that lead to its authority.
    public var certificate: [UInt8]
    /// Not encrypted.
    public var key: [UInt8]
    /// Who signs certificates of clients; nil: clients need none.
    public var clientAuthorities: [UInt8]?
    /// nil: every certificate of the authorities.
    public var clients: [ClientPattern]?

    public init(
        certificate: [UInt8], key: [UInt8], clientAuthorities: [UInt8]? = nil,
        clients: [ClientPattern]? = nil
    ) {
        self.certificate = certificate
        self.key = key
        self.clientAuthorities = clientAuthorities
        self.clients = clients
    }
}
