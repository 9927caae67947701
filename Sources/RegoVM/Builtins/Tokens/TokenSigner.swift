// SPDX-License-Identifier: Apache-2.0

/// Makes tokens (RFC 7515 section 5.1).
struct TokenSigner {
    private let evaluation: Evaluation

    init(_ evaluation: Evaluation) { self.evaluation = evaluation }

    /// - Parameters: JSON text each; `key` is a JSON Web Key or a set, of which the first one
    /// signs.
    func sign(header: Value, payload: Value, key: Value) throws(BuiltinError) -> Value {
        let key = try signingKey(key)
        let fields = try parsedHeader(header)
        guard let name = fields["alg"].asString else {
            throw .failed("missing or invalid 'alg' header: jwsbb: header \"alg\" not found")
        }
        guard let algorithm = TokenAlgorithm(name) else {
            throw .failed("unknown JWS algorithm: \(name)")
        }
        let isToken = !fields["typ"].isString || fields["typ"].equals("JWT")
        if isToken && parse(payload) == nil { throw .failed("type is JWT but payload is not JSON") }
        var token = Base64Text.encode(header.bytes, .url, isPadded: false)
        token.append(UInt8(ascii: "."))
        token += Base64Text.encode(payload.bytes, .url, isPadded: false)
        guard let signature = key.sign(token, algorithm) else {
            throw .failed("failed to sign payload: the key cannot be used with \(name)")
        }
        token.append(UInt8(ascii: "."))
        token += Base64Text.encode(signature, .url, isPadded: false)
        return token.withUnsafeBufferPointer { evaluation.arena.string(copying: $0) }
    }

    private func signingKey(_ text: Value) throws(BuiltinError) -> TokenKey {
        guard let document = parse(text) else { throw .failed("failed to parse JWK: not JSON") }
        let keys: [TokenKey]
        do {
            keys = try JSONWebKey.keys(document)
        } catch {
            throw .failed("failed to parse JWK: \(error.message)")
        }
        guard let key = keys.first else { throw .failed("no keys found in JWK set") }
        return key
    }

    private func parsedHeader(_ text: Value) throws(BuiltinError) -> Value {
        if let header = parse(text) { return header }
        // OPA's reader takes anything made of these for a number, which has no fields.
        let looksLikeNumber =
            !text.bytes.isEmpty && text.bytes.allSatisfy { "0123456789+-.eE".utf8.contains($0) }
        if looksLikeNumber { return .null }
        let reason = text.bytes.isEmpty ? ": cannot parse empty string; unparsed tail: \"\"" : ""
        throw .failed("missing or invalid 'alg' header: cannot parse JSON\(reason)")
    }

    private func parse(_ text: Value) -> Value? {
        try? JSONReader.read(text.bytes, into: evaluation.arena)
    }
}
