// SPDX-License-Identifier: Apache-2.0

/// What `io.jwt.decode_verify` demands of a token.
struct TokenConstraints {
    private(set) var keys: [TokenKey]?
    private(set) var secret = ""
    private(set) var algorithm = ""
    private(set) var issuer = ""
    private(set) var audience = ""
    /// Nanoseconds since 1970.
    private(set) var time: Double

    init(_ object: Value, _ evaluation: Evaluation) throws(BuiltinError) {
        time = Double(evaluation.now)
        for (key, value) in zip(object.keys, object.values) {
            switch key.asString {
            case "cert":
                guard value.isString else { throw .failed("cert constraint: must be a string") }
                keys = try TokenKeySource.keys(value, evaluation)
            case "secret": secret = try Self.text("secret", value)
            case "alg": algorithm = try Self.text("alg", value)
            case "iss": issuer = try Self.text("iss", value)
            case "aud": audience = try Self.text("aud", value)
            case "time": time = try Self.time(value)
            default:
                throw .failed(
                    "unknown token validation constraint: \(key.asString ?? key.description)")
            }
        }
        if keys != nil && !secret.isEmpty { throw .failed("duplicate key constraints") }
        if keys == nil && secret.isEmpty { throw .failed("no key constraint") }
    }

    private static func text(_ name: String, _ value: Value) throws(BuiltinError) -> String {
        guard let text = value.asString else {
            throw .failed("\(name) constraint: must be a string")
        }
        return text
    }

    private static func time(_ value: Value) throws(BuiltinError) -> Double {
        guard value.isNumber else { throw .failed("token time constraint: must be a number") }
        guard let time = Double(value.description), time.isFinite else {
            throw .failed("token time constraint: unvalid float64")
        }
        guard time >= 0 else { throw .failed("token time constraint: must not be negative") }
        return time
    }

    /// Looks for a key that made the signature: the one that the header names, else any that is
    /// for the header's algorithm.
    func verify(_ token: Token, _ header: TokenHeader) throws(BuiltinError) -> Bool {
        let signature = try token.decodedSignature()
        guard let algorithm = TokenAlgorithm(header.algorithm) else { return false }
        guard let keys else {
            let key = TokenKey(material: .secret(Array(secret.utf8)))
            return key.verifies(signature, of: token.message, algorithm)
        }
        return Self.verify(token, header, keys, algorithm, signature)
    }

    static func verify(
        _ token: Token, _ header: TokenHeader, _ keys: [TokenKey], _ algorithm: TokenAlgorithm,
        _ signature: [UInt8]
    ) -> Bool {
        let message = token.message
        if !header.keyIdentifier.isEmpty,
            let key = keys.first(where: { $0.identifier == header.keyIdentifier })
        {
            return key.verifies(signature, of: message, algorithm)
        }
        return keys.contains { key in
            (key.algorithm.isEmpty || key.algorithm == header.algorithm)
                && key.verifies(signature, of: message, algorithm)
        }
    }

    /// Checks the registered claims (RFC 7519 section 4.1).
    func accepts(_ claims: Value, _ evaluation: Evaluation) throws(BuiltinError) -> Bool {
        if !issuer.isEmpty && claims["iss"].asString != issuer { return false }
        guard acceptsAudience(claims["aud"]) else { return false }
        let seconds = evaluation.arena.number(time / 1_000_000_000)
        let expiry = claims["exp"]
        if expiry.isDefined {
            guard expiry.isNumber else { throw .failed("exp value must be a number") }
            if seconds.compare(expiry) >= 0 { return false }
        }
        let start = claims["nbf"]
        if start.isDefined {
            guard start.isNumber else { throw .failed("nbf value must be a number") }
            if seconds.compare(start) < 0 { return false }
        }
        return true
    }

    private func acceptsAudience(_ claim: Value) -> Bool {
        switch claim.kind {
        case .undefined: audience.isEmpty
        case .string: claim.asString == audience
        case .array: claim.elements.contains { $0.asString == audience }
        default: false
        }
    }
}
