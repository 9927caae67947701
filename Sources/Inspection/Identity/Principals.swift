// SPDX-License-Identifier: Apache-2.0
import Authorization
import RegoVM

/// Everybody who stands behind a request, for `input.agent`: the person, the service, and the chain
/// of who acts for whom. Made when a policy asks.
public struct Principals {
    private let identity: AgentIdentity
    private let context: AttributeContext
    private let token: TokenClaims
    let arena: Arena

    /// True for a key of `input.agent` that this type has.
    public static func has(_ key: AgentIdentity.Key) -> Bool {
        switch key {
        case .human, .service, .delegation, .token: true
        default: false
        }
    }

    public init(
        _ identity: AgentIdentity, _ context: AttributeContext, _ token: TokenClaims, arena: Arena
    ) {
        self.identity = identity
        self.context = context
        self.token = token
        self.arena = arena
    }

    /// The value under `key`; `.undefined` when there is none.
    public func value(of key: AgentIdentity.Key) -> Value {
        switch key {
        case .human: human
        case .service: service
        case .delegation: delegation
        case .token: wholeToken
        default: .undefined
        }
    }

    /// The token's subject, when it is no service that speaks for itself (RFC 9068 section 5).
    private var human: Value {
        let subject = token.claims["sub"]
        guard subject.isString, subject.count > 0, !isService else { return .undefined }
        let fields = entry(subject, token.provenance)
        for key: StaticString in ["email", "preferred_username", "name"]
        where token.claims[key].isString {
            fields.insert(.string("name"), token.claims[key])
            break
        }
        return fields.finish()
    }

    /// The client that the token was given to; without a token what the caller calls itself
    /// (`x-envoy-downstream-service-cluster`).
    private var service: Value {
        let client = clientID
        if client.isDefined { return entry(client, token.provenance).finish() }
        if isService { return entry(token.claims["sub"], token.provenance).finish() }
        let name = context.attributes.pointee.source.service
        return name.isEmpty ? .undefined : entry(.text(name, arena), .claimed).finish()
    }

    private var clientID: Value {
        for key: StaticString in ["client_id", "azp"] where token.claims[key].isString {
            return token.claims[key]
        }
        return .undefined
    }

    private var isService: Bool {
        let subject = token.claims["sub"]
        guard subject.isString else { return false }
        let client = clientID
        return (client.isDefined && subject.isEqual(to: client))
            || subject.text.hasPrefix("spiffe://")
            || subject.text.hasPrefix("system:serviceaccount:")
            || token.claims["gty"].equals("client-credentials")
            || token.claims["idtyp"].equals("app")
    }

    /// First who calls, last for whom all of them act: the agent, the actors of the token's `act`
    /// claim from the newest to the oldest (RFC 8693 section 4.1), the token's subject; and whom a
    /// Kubernetes client says to impersonate.
    private var delegation: Value {
        var list = ValueList(arena)
        if !identity.id.isEmpty {
            append(.text(identity.id, arena), identity.provenance, "agent", .undefined, &list)
        }
        var actor = token.claims["act"]
        var left = Limits.actors
        while actor.kind == .object {
            guard left > 0 else {
                // A chain that is cut short must not look like a whole one.
                append(.string("..."), token.provenance, "omitted", .undefined, &list)
                break
            }
            left -= 1
            let id = actor["sub"]
            let isCaller = list.count == 1 && id.text == identity.id
            if id.isString, !isCaller {
                append(id, token.provenance, "actor", actor["iss"], &list)
            }
            actor = actor["act"]
        }
        let subject = token.claims["sub"]
        if subject.isString, subject.text != identity.id {
            append(subject, token.provenance, "subject", token.claims["iss"], &list)
        }
        if let user = context.header(Bytes("impersonate-user")), !user.isEmpty {
            append(.text(user, arena), .claimed, "impersonated", .undefined, &list)
        }
        return list.count == 0 ? .undefined : list.value
    }

    /// The chain of a verified token with the client that it was given to: `client`, `delegation`;
    /// null when no token was verified.
    public var verified: Value {
        guard token.provenance == .attested else { return .null }
        let fields = CollectionBuilder.object(in: arena, capacity: 2)
        let client = clientID
        let chain = delegation
        fields.insert(.string("client"), client.isDefined ? client : .null)
        fields.insert(.string("delegation"), chain.isDefined ? chain : .null)
        return fields.finish()
    }

    private func append(
        _ id: Value, _ provenance: Provenance, _ role: StaticString, _ issuer: Value,
        _ list: inout ValueList
    ) {
        let fields = entry(id, provenance)
        fields.insert(.string("role"), .string(role))
        if issuer.isString { fields.insert(.string("issuer"), issuer) }
        list.append(fields.finish())
    }

    private func entry(_ id: Value, _ provenance: Provenance) -> CollectionBuilder {
        let fields = CollectionBuilder.object(in: arena, capacity: 4)
        fields.insert(.string("id"), id)
        fields.insert(.string("provenance"), .string(provenance.word))
        return fields
    }

    private var wholeToken: Value {
        guard token.claims.isDefined else { return .undefined }
        let fields = CollectionBuilder.object(in: arena, capacity: 2)
        fields.insert(.string("claims"), token.claims)
        fields.insert(.string("provenance"), .string(token.provenance.word))
        return fields.finish()
    }
}
