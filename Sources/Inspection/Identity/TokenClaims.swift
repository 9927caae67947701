// SPDX-License-Identifier: Apache-2.0
import Authorization
import RegoVM

/// The claims of the caller's JSON web token (RFC 7519), and who vouches for them.
///
/// What Envoy's `jwt_authn` put into its metadata was verified, unless the filter only extracts;
/// then it sets `x-jwt-signature-verified` to something else than `true`. A token that merely came
/// in `authorization` is what the client says.
public struct TokenClaims {
    /// An object; `.undefined` when there is no token, or none that can be read.
    public private(set) var claims = Value.undefined
    public private(set) var provenance = Provenance.absent

    /// The namespace of Envoy's filter.
    public static let metadataNamespace: StaticString = "envoy.filters.http.jwt_authn"

    /// - Parameter metadata: the filter's metadata; `.undefined` when there is none.
    public init(_ context: AttributeContext, metadata: Value, arena: Arena) {
        if let payload = Self.payload(metadata) {
            claims = payload
            provenance = Self.isVerified(context) ? .attested : .claimed
        } else if metadata.kind != .object || metadata.count == 0,
            let payload = Self.carried(context, arena)
        {
            claims = payload
            provenance = .claimed
        }
    }

    /// The filter keeps each payload under a name that its configuration gives. With two of them
    /// nothing says whose token it is.
    private static func payload(_ metadata: Value) -> Value? {
        var found: Value?
        for value in metadata.values where value.kind == .object && isPayload(value) {
            guard found == nil else { return nil }
            found = value
        }
        return found
    }

    /// A payload, and not the token's header (`header_in_metadata`).
    private static func isPayload(_ value: Value) -> Bool {
        value["iss"].isDefined || value["sub"].isDefined || value["exp"].isDefined
            || value["aud"].isDefined
    }

    private static func isVerified(_ context: AttributeContext) -> Bool {
        let name = Bytes("x-jwt-signature-verified")
        for field in context.attributes.pointee.headers
        where field.name == name && !field.value.equals("true") {
            return false
        }
        return true
    }

    /// Of `authorization: Bearer <token>`: one token, one header.
    private static func carried(_ context: AttributeContext, _ arena: Arena) -> Value? {
        guard let header = context.header(Bytes("authorization")), header.count > 7,
            header.count <= Limits.tokenBytes, header[0..<7].equalsIgnoringCase("bearer "),
            header.firstIndex(of: UInt8(ascii: ",")) == nil
        else { return nil }
        let token = header[7..<header.count].trimmed
        guard let first = token.firstIndex(of: UInt8(ascii: ".")),
            let second = token.firstIndex(of: UInt8(ascii: "."), from: first + 1),
            token.firstIndex(of: UInt8(ascii: "."), from: second + 1) == nil,
            let json = Base64.decode(url: token[first + 1..<second], arena)
        else { return nil }
        var reader = JSONReader(json.buffer, arena: arena)
        guard let claims = try? reader.document(), claims.kind == .object,
            !reader.hasDuplicateKeys
        else { return nil }
        return claims
    }
}
