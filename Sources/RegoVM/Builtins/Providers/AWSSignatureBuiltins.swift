// SPDX-License-Identifier: Apache-2.0

/// `providers.aws.sign_req`
enum AWSSignatureBuiltins {
    static let all: [Builtin] = [
        Builtin(
            "providers.aws.sign_req",
            "object[string: any], object[string: any], number -> object[any: any]"
        ) { evaluation, operands throws(BuiltinError) in
            try sign(operands, evaluation)
        }
    ]

    private static let requestKeys: Set<String> = [
        "method", "url", "body", "enable_redirect", "force_json_decode", "force_yaml_decode",
        "headers",
        "raw_body", "tls_use_system_certs", "tls_ca_cert", "tls_ca_cert_file",
        "tls_ca_cert_env_variable", "tls_client_cert", "tls_client_cert_file",
        "tls_client_cert_env_variable", "tls_client_key", "tls_client_key_file",
        "tls_client_key_env_variable", "tls_insecure_skip_verify", "tls_server_name", "timeout",
        "cache",
        "force_cache", "force_cache_duration_seconds", "raise_error", "caching_mode",
        "max_retry_attempts", "cache_ignored_headers",
    ]
    private static let credentialKeys = [
        "aws_access_key", "aws_region", "aws_secret_access_key", "aws_service",
    ]

    private static func sign(
        _ operands: Operands, _ evaluation: Evaluation
    ) throws(BuiltinError) -> Value {
        let request = try operands.object(0)
        guard operands[1].kind == .object else {
            throw .operand(1, mustBe: "object", got: operands[1])
        }
        let configuration = operands[1]
        try checkConfiguration(configuration, evaluation)
        guard operands[2].isNumber else { throw .operand(1, mustBe: "number", got: operands[2]) }
        guard let time = operands[2].asInteger else {
            throw BuiltinError(
                .type, "operand 3 could not convert time_ns value into a unix timestamp")
        }
        try checkRequest(request, evaluation)
        let headers = request["headers"]
        guard headers.isUndefined || headers.kind == .object else {
            throw .operand(0, mustBe: "object", got: headers)
        }
        let signer = AWSSigner(
            accessKey: text(configuration, "aws_access_key"),
            secretKey: text(configuration, "aws_secret_access_key"),
            region: text(configuration, "aws_region"), service: text(configuration, "aws_service"),
            sessionToken: text(configuration, "aws_session_token"), time: time)
        let signed = signer.sign(
            method: text(request, "method"), url: try URIReference(text(request, "url")),
            headers: zip(headers.keys, headers.values).map {
                ($0.asString ?? "", $1.asString ?? "")
            },
            bodyHash: try bodyHash(request, configuration, evaluation))
        let result = CollectionBuilder.object(in: evaluation.arena, capacity: request.count + 1)
        for (key, value) in zip(request.keys, request.values) { result.insert(key, value) }
        let merged = CollectionBuilder.object(in: evaluation.arena)
        for (name, value) in signed {
            merged.update(evaluation.string(name), evaluation.string(value))
        }
        result.update(.string("headers"), merged.finish())
        return result.finish()
    }

    private static func text(_ object: Value, _ key: StaticString) -> String {
        object[key].asString ?? ""
    }

    private static func bodyHash(
        _ request: Value, _ configuration: Value, _ evaluation: Evaluation
    ) throws(BuiltinError) -> String {
        let choice = configuration["disable_payload_signing"]
        guard choice.isUndefined || choice.kind == .boolean else {
            throw BuiltinError(
                .type, "operand 2 invalid value for 'disable_payload_signing' in AWS config")
        }
        if choice.isTrue { return "UNSIGNED-PAYLOAD" }
        if request["raw_body"].isDefined {
            return GoText.hexadecimal(Digest.sha256.hash(request["raw_body"].bytes))
        }
        var body = ByteBuilder(evaluation.arena)
        if request["body"].isDefined { GoJSON.append(request["body"], to: &body) }
        return GoText.hexadecimal(Digest.sha256.hash(body.bytes))
    }

    private static func checkConfiguration(
        _ configuration: Value, _ evaluation: Evaluation
    ) throws(BuiltinError) {
        let missing = credentialKeys.filter { configuration[evaluation.string($0)].isUndefined }
        guard missing.isEmpty else {
            throw BuiltinError(
                .type, "operand 2 missing required AWS config parameters(s): \(set(missing))")
        }
        let invalid = credentialKeys.filter { !configuration[evaluation.string($0)].isString }
        guard invalid.isEmpty else {
            throw BuiltinError(
                .type,
                "operand 2 invalid values for required AWS config parameters(s): \(set(invalid))")
        }
    }

    private static func checkRequest(_ request: Value, _ evaluation: Evaluation)
        throws(BuiltinError)
    {
        let unknown = request.keys.filter { !requestKeys.contains($0.asString ?? "") }
        guard unknown.isEmpty else {
            throw BuiltinError(
                .type,
                "operand 1 invalid request parameters(s): "
                    + "\(set(unknown.map { $0.asString ?? $0.description }))"
            )
        }
        let required = ["method", "url"]
        let missing = required.filter { request[evaluation.string($0)].isUndefined }
        guard missing.isEmpty else {
            throw BuiltinError(
                .type, "operand 1 missing required request parameters(s): \(set(missing))")
        }
        let invalid = required.filter { !request[evaluation.string($0)].isString }
        guard invalid.isEmpty else {
            throw BuiltinError(
                .type,
                "operand 1 invalid values for required request parameters(s): \(set(invalid))")
        }
    }

    /// A set of strings as Rego writes it.
    private static func set(_ names: [String]) -> String {
        "{" + names.sorted().map(GoText.quoted).joined(separator: ", ") + "}"
    }
}

/// AWS Signature Version 4 (AWS General Reference, "Signature Version 4 signing process").
struct AWSSigner {
    let accessKey: String
    let secretKey: String
    let region: String
    let service: String
    /// Empty for long-lived credentials.
    let sessionToken: String
    /// Nanoseconds since 1970.
    let time: Int64

    private static let headersNotSigned: Set<String> = [
        "authorization", "user-agent", "x-amzn-trace-id",
    ]

    /// The request's headers with those that carry the signature.
    func sign(
        method: String, url: URIReference, headers: [(String, String)], bodyHash: String
    ) -> [(String, String)] {
        let moment = ZonedTime(nanosecondsSince1970: time)
        let date = String(decoding: moment.formatted("20060102"), as: UTF8.self)
        let stamp = String(decoding: moment.formatted("20060102T150405Z"), as: UTF8.self)
        var added = [("host", url.host), ("x-amz-date", stamp)]
        if service == "s3" || service == "glacier" {
            added.append(("x-amz-content-sha256", bodyHash))
        }
        if !sessionToken.isEmpty { added.append(("x-amz-security-token", sessionToken)) }
        var signed = [String: String](uniqueKeysWithValues: added)
        for (name, value) in headers where !Self.headersNotSigned.contains(name.lowercased()) {
            signed[name.lowercased()] = value
        }
        let names = signed.keys.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }
        let list = names.joined(separator: ";")
        let lines = names.map { "\($0):\(signed[$0] ?? "")\n" }.joined()
        let canonical =
            "\(method)\n\(url.escapedPath)\n\(url.rawQuery)\n\(lines)\n\(list)\n\(bodyHash)"
        let scope = "\(date)/\(region)/\(service)/aws4_request"
        let hash = GoText.hexadecimal(Digest.sha256.hash(Array(canonical.utf8)))
        let signature = GoText.hexadecimal(
            authenticate("AWS4-HMAC-SHA256\n\(stamp)\n\(scope)\n\(hash)", signingKey(date)))
        let authorization =
            "AWS4-HMAC-SHA256 "
            + "Credential=\(accessKey)/\(scope),SignedHeaders=\(list),Signature=\(signature)"
        return headers + [("Authorization", authorization)] + added
    }

    private func signingKey(_ date: String) -> [UInt8] {
        [date, region, service, "aws4_request"]
            .reduce(Array("AWS4\(secretKey)".utf8)) { authenticate($1, $0) }
    }

    private func authenticate(_ message: String, _ key: [UInt8]) -> [UInt8] {
        Digest.sha256.authenticate(Array(message.utf8), key: key)
    }
}
