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
            let json = Base64URL.decode(token[first + 1..<second], arena)
        else { return nil }
        var reader = JSONReader(json.buffer, arena: arena)
        guard let claims = try? reader.document(), claims.kind == .object,
            !reader.hasDuplicateKeys
        else { return nil }
        return claims
    }
}

/// Base64 with the URL-safe alphabet and without padding (RFC 7515 section 2).
enum Base64URL {
    static func decode(_ text: Bytes, _ arena: Arena) -> Bytes? {
        guard text.count % 4 != 1 else { return nil }
        let memory = arena.allocate(UInt8.self, count: text.count)
        var written = 0
        var bits: UInt32 = 0
        var held = 0
        for byte in text.buffer {
            guard let digit = digit(byte) else { return nil }
            bits = bits << 6 | digit
            held += 6
            guard held >= 8 else { continue }
            held -= 8
            memory[written] = UInt8(truncatingIfNeeded: bits >> UInt32(held))
            written += 1
        }
        return Bytes(start: memory, count: written)
    }

    private static func digit(_ byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(byte - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(byte - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "-"): 62
        case UInt8(ascii: "_"): 63
        default: nil
        }
    }
}
