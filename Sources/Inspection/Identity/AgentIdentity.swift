// SPDX-License-Identifier: Apache-2.0
import Authorization

/// Who is calling: `input.agent`. Trivial to copy; slices of the request message.
public struct AgentIdentity {
    /// The key of the agent's context. Empty for an agent that nobody vouches for.
    public var id = Bytes.empty
    public var provenance: Provenance = .absent
    /// The id's parts when it is a SPIFFE ID.
    public var spiffe: SPIFFEID?
    /// `mcp-session-id`: always claimed.
    public var session = Bytes.empty

    public init() {}
}

/// Where an agent's id comes from.
public enum AgentKey: Sendable, Equatable {
    /// The principal of the caller's certificate, as Envoy verified it.
    case principal
    /// A context extension of the Envoy route: attested, the same for all callers of the route.
    case contextExtension(String)
    /// A request header, which any client can set unless Envoy removes it: claimed.
    case header(String)
}

/// Finds out who is calling. Immutable; owns the memory of its names.
public final class AgentIdentifier: @unchecked Sendable {
    private let key: AgentKey
    private let name: OwnedBytes
    private let trustDomains: [OwnedBytes]

    /// - Parameter trustDomains: when given, a SPIFFE ID of any other domain is nobody.
    public init(key: AgentKey = .principal, trustDomains: [String] = []) {
        self.key = key
        switch key {
        case .principal: name = OwnedBytes("")
        case .contextExtension(let text): name = OwnedBytes(text)
        case .header(let text): name = OwnedBytes(text.lowercased())
        }
        self.trustDomains = trustDomains.map { OwnedBytes($0) }
    }

    /// - Parameter certificates: what is known of callers' certificates. A certificate that Envoy
    ///   sends along must have the principal as its only URI name, or the caller is nobody.
    public func identify(
        _ context: AttributeContext, _ certificates: CertificateMemory
    ) -> AgentIdentity {
        var identity = AgentIdentity()
        identity.session = context.header(Bytes("mcp-session-id")) ?? .empty
        switch key {
        case .principal: takePrincipal(context, certificates, &identity)
        case .contextExtension:
            take(context.contextExtension(name.bytes) ?? .empty, .attested, &identity)
        case .header: take(context.header(name.bytes) ?? .empty, .claimed, &identity)
        }
        return identity
    }

    /// The principal; where there is none, what a trusted proxy forwarded. The header never
    /// overrules a certificate that Envoy itself saw.
    private func takePrincipal(
        _ context: AttributeContext, _ certificates: CertificateMemory,
        _ identity: inout AgentIdentity
    ) {
        let principal = context.attributes.pointee.source.principal
        let certificate = context.attributes.pointee.source.certificate
        if !principal.isEmpty {
            guard certificate.isEmpty || certificates.confirms(principal, certificate) else {
                return
            }
            take(principal, .attested, &identity)
        } else if certificate.isEmpty,
            let header = context.header(Bytes("x-forwarded-client-cert")),
            ForwardedCertificate.isTrusted(context),
            let forwarded = ForwardedCertificate.name(header), SPIFFEID(forwarded) != nil
        {
            take(forwarded, .attested, &identity)
        }
    }

    /// A text that calls itself a SPIFFE ID and is none, or is of a foreign trust domain, names
    /// nobody.
    private func take(_ id: Bytes, _ provenance: Provenance, _ identity: inout AgentIdentity) {
        guard !id.isEmpty, id.count <= SPIFFEID.maximumBytes else { return }
        if id.count >= 7, id[0..<7].equalsIgnoringCase("spiffe:") {
            guard let spiffe = SPIFFEID(id), isTrusted(spiffe.trustDomain) else { return }
            identity.spiffe = spiffe
        } else if !trustDomains.isEmpty {
            return
        }
        identity.id = id
        identity.provenance = provenance
    }

    private func isTrusted(_ domain: Bytes) -> Bool {
        trustDomains.isEmpty || trustDomains.contains { $0.bytes == domain }
    }
}

/// Bytes with an owner, for names that a configuration gives.
final class OwnedBytes: @unchecked Sendable {
    let bytes: Bytes
    private let memory: UnsafeMutableBufferPointer<UInt8>

    init(_ text: String) {
        let utf8 = Array(text.utf8)
        memory = .allocate(capacity: utf8.count)
        _ = memory.initialize(from: utf8)
        bytes = Bytes(start: UnsafePointer(memory.baseAddress), count: utf8.count)
    }

    deinit { memory.deallocate() }
}
