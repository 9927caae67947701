// SPDX-License-Identifier: Apache-2.0

/// `io.jwt.*`
enum TokenBuiltins {
    static let all: [Builtin] =
        [
            Builtin(
                "io.jwt.decode", "string -> array<object[any: any], object[any: any], string>"
            ) { evaluation, operands throws(BuiltinError) in
                try decode(operands[0], evaluation, depth: 0)
            },
            Builtin(
                "io.jwt.decode_verify",
                "string, object[string: any] -> array<boolean, object[any: any], object[any: any]>",
                .nondeterministic
            ) { evaluation, operands throws(BuiltinError) in
                try decodeVerify(operands, evaluation)
            },
            Builtin(
                "io.jwt.encode_sign",
                "object[string: any], object[string: any], object[string: any] -> string",
                .nondeterministic
            ) { evaluation, operands throws(BuiltinError) in
                try TokenSigner(evaluation).sign(
                    header: marshal(operands[0], evaluation),
                    payload: marshal(operands[1], evaluation),
                    key: marshal(operands[2], evaluation))
            },
            Builtin("io.jwt.encode_sign_raw", "string, string, string -> string", .nondeterministic)
            {
                evaluation, operands throws(BuiltinError) in
                let key = try operands.string(2)
                return try TokenSigner(evaluation).sign(
                    header: operands.string(0), payload: operands.string(1), key: key)
            },
        ]
        + [
            "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512",
            "EdDSA",
        ]
        .map(signature)
        + ["HS256", "HS384", "HS512"].map(authentication)

    private static func signature(_ algorithm: String) -> Builtin {
        Builtin("io.jwt.verify_\(algorithm.lowercased())", "string, string -> boolean") {
            evaluation, operands throws(BuiltinError) in
            guard let scheme = TokenAlgorithm(algorithm) else { return .undefined }
            let token = try Token(operands[0])
            let keys = try TokenKeySource.keys(operands.string(1), evaluation)
            let signature = try token.decodedSignature()
            let header = try TokenHeader(token.decodedHeader(evaluation))
            return .boolean(TokenConstraints.verify(token, header, keys, scheme, signature))
        }
    }

    private static func authentication(_ algorithm: String) -> Builtin {
        Builtin("io.jwt.verify_\(algorithm.lowercased())", "string, string -> boolean") {
            _, operands throws(BuiltinError) in
            guard let scheme = TokenAlgorithm(algorithm) else { return .undefined }
            _ = try operands.string(0)
            let key = TokenKey(material: .secret(Array(try operands.string(1).bytes)))
            let token = try Token(operands[0])
            return .boolean(key.verifies(try token.decodedSignature(), of: token.message, scheme))
        }
    }

    // MARK: Decoding

    private static func decode(
        _ text: Value, _ evaluation: Evaluation, depth: Int
    ) throws(BuiltinError) -> Value {
        let token = try Token(text)
        let header = try token.decodedHeader(evaluation)
        let payload = try token.decodedPayload()
        if header["cty"].equals("JWT") {
            guard depth < Limits.tokenNesting else { throw .failed("JWT is nested too deep") }
            let quotes: [UInt8] = [UInt8(ascii: "\""), UInt8(ascii: "'")]
            var inner = payload.drop { quotes.contains($0) }
            while let last = inner.last, quotes.contains(last) { inner.removeLast() }
            let nested = evaluation.string(String(decoding: inner, as: UTF8.self))
            return try decode(nested, evaluation, depth: depth + 1)
        }
        let claims = try Token.object(payload, evaluation)
        let signature: [UInt8]
        do {
            signature = try token.decodedSignature()
        } catch {
            throw .failed("JWT signature had invalid encoding: \(error.message)")
        }
        return evaluation.array(header, claims, evaluation.string(GoText.hexadecimal(signature)))
    }

    private static func decodeVerify(
        _ operands: Operands, _ evaluation: Evaluation
    ) throws(BuiltinError) -> Value {
        let constraints = try TokenConstraints(operands.object(1), evaluation)
        let unverified = evaluation.array(.false, .emptyObject, .emptyObject)
        var text = operands[0]
        // A token may carry another one (RFC 7519 section 7.2, step 8).
        for _ in 0..<Limits.tokenNesting {
            let token = try Token(text)
            let object = try token.decodedHeader(evaluation)
            let header = try TokenHeader(object)
            guard header.isValid else { return unverified }
            if !constraints.algorithm.isEmpty && constraints.algorithm != header.algorithm {
                return unverified
            }
            guard try constraints.verify(token, header) else { return unverified }
            let payload = try token.decodedPayload()
            if header.contentType.lowercased() == "jwt" {
                text = evaluation.string(String(decoding: payload, as: UTF8.self))
                continue
            }
            let claims = try Token.object(payload, evaluation)
            guard try constraints.accepts(claims, evaluation) else { return unverified }
            return evaluation.array(.true, object, claims)
        }
        throw .failed("JWT is nested too deep")
    }

    /// A value's JSON as Go writes it.
    private static func marshal(_ value: Value, _ evaluation: Evaluation) -> Value {
        var output = ByteBuilder(evaluation.arena)
        GoJSON.append(value, to: &output)
        return output.string
    }
}
