// SPDX-License-Identifier: Apache-2.0

/// The operand of one `http.send` call, as far as its own form goes.
struct HTTPSendParameters {
    let object: Value

    /// - Throws: a parameter is missing, or not known.
    init(_ object: Value) throws(HTTPSendFailure) {
        self.object = object
        let unknown = object.keys.filter { key in
            !Self.known.contains { key.equals($0) }
        }
        guard unknown.isEmpty else {
            throw .operand("operand 1 invalid request parameters(s): \(Self.set(unknown))")
        }
        let missing = Self.required.filter { object[$0].isUndefined }.map { Value.string($0) }
        guard missing.isEmpty else {
            throw .operand("operand 1 missing required request parameters(s): \(Self.set(missing))")
        }
    }

    private static let required: [StaticString] = ["method", "url"]

    private static let known: [StaticString] = [
        "method", "url", "body", "enable_redirect", "force_json_decode", "force_yaml_decode",
        "headers", "raw_body", "tls_use_system_certs", "tls_ca_cert", "tls_ca_cert_file",
        "tls_ca_cert_env_variable", "tls_client_cert", "tls_client_cert_file",
        "tls_client_cert_env_variable", "tls_client_key", "tls_client_key_file",
        "tls_client_key_env_variable", "tls_insecure_skip_verify", "tls_server_name", "timeout",
        "cache", "force_cache", "force_cache_duration_seconds", "raise_error", "caching_mode",
        "max_retry_attempts", "cache_ignored_headers",
    ]

    /// `{"a", "b"}`
    private static func set(_ members: [Value]) -> String {
        "{" + members.map(\.description).joined(separator: ", ") + "}"
    }

    // MARK: Single parameters

    /// A string without quotes around it; nil when it is not there.
    func text(_ name: StaticString) throws(HTTPSendFailure) -> String? {
        let value = object[name]
        guard value.isDefined else { return nil }
        guard let text = value.asString else { throw .parameter("\"\(name)\" must be a string") }
        var bytes = text.utf8[...]
        while bytes.first == UInt8(ascii: "\"") { bytes = bytes.dropFirst() }
        while bytes.last == UInt8(ascii: "\"") { bytes = bytes.dropLast() }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// A boolean; false when it is not there.
    func flag(_ name: StaticString) throws(HTTPSendFailure) -> Bool {
        let value = object[name]
        if value.isUndefined { return false }
        guard let flag = value.asBoolean else {
            throw .parameter("invalid value for \"\(name)\" field")
        }
        return flag
    }

    /// A boolean as Go's `strconv.ParseBool` reads it; nil when it is not there.
    func looseFlag(_ name: StaticString) throws(HTTPSendFailure) -> Bool? {
        let value = object[name]
        if value.isUndefined { return nil }
        if let flag = value.asBoolean { return flag }
        if let number = value.asInteger, number == 0 || number == 1 { return number == 1 }
        throw .parameter("strconv.ParseBool: parsing \(value): invalid syntax")
    }

    /// Attempts after the first one.
    func retries() throws(HTTPSendFailure) -> Int {
        let value = object["max_retry_attempts"]
        if value.isUndefined { return 0 }
        guard let number = value.asInteger, number >= 0 else {
            throw .parameter("invalid value \(value) for field \"max_retry_attempts\"")
        }
        return Int(number)
    }

    /// Nanoseconds.
    func timeout() throws(HTTPSendFailure) -> UInt64 {
        let value = object["timeout"]
        switch value.kind {
        case .undefined: return Limits.httpTimeout
        case .integer: return UInt64(max(0, value.asInteger ?? 0))
        case .decimal:
            throw .parameter("invalid timeout number value \(value), must be int64")
        case .string:
            let text = value.asString ?? ""
            if let number = Int64(text) { return UInt64(max(0, number)) }
            guard let time = try? DurationText.parse(Array(text.utf8)) else {
                throw .parameter("invalid timeout value \(value): invalid duration")
            }
            return UInt64(max(0, time))
        default:
            throw .operand(
                "operand 1 'timeout' must be one of {string, number} but got \(value.typeName)")
        }
    }

    // MARK: Caching

    /// Seconds that a response is kept whatever its headers say; nil when they decide.
    func forcedSeconds() throws(HTTPSendFailure) -> Int64? {
        guard try flag("force_cache") else { return nil }
        let value = object["force_cache_duration_seconds"]
        guard value.isDefined else {
            throw .parameter(
                "'force_cache' set but 'force_cache_duration_seconds' parameter is missing")
        }
        guard let seconds = value.asInteger, let bounded = Int32(exactly: seconds) else {
            throw .parameter("strconv.ParseInt: parsing \(value): invalid syntax")
        }
        return bounded > 0 ? Int64(bounded) : nil
    }

    /// Responses outlive the decision.
    func usesCache() throws(HTTPSendFailure) -> Bool {
        let isForced = try flag("force_cache")
        return try flag("cache") || isForced
    }

    /// Both modes of OPA's keep what the network gave; they differ in when it is parsed.
    func checkCachingMode() throws(HTTPSendFailure) {
        let mode = object["caching_mode"]
        guard mode.isDefined else { return }
        guard mode.isString else { throw .parameter("invalid value for \"caching_mode\" field") }
        guard mode.equals("serialized") || mode.equals("deserialized") else {
            throw .parameter(
                "invalid value specified for \"caching_mode\" field: \(mode.asString ?? "")")
        }
    }

    /// Names a response: the request without the headers that do not matter for it.
    func cacheKey(_ arena: Arena) throws(HTTPSendFailure) -> String {
        var key = object.replacing([.string("cache_ignored_headers")], by: .null, in: arena)
        let ignored = object["cache_ignored_headers"]
        let headers = object["headers"]
        if ignored.isDefined, headers.isDefined {
            guard ignored.kind == .array, ignored.elements.allSatisfy(\.isString) else {
                throw .parameter("cache_ignored_headers must be an array of strings")
            }
            let kept = CollectionBuilder.object(in: arena)
            for (name, value) in zip(headers.keys, headers.values)
            where !ignored.elements.contains(where: { $0.isEqual(to: name) }) {
                kept.insert(name, value)
            }
            key = key.replacing([.string("headers")], by: kept.finish(), in: arena)
        }
        var text = ByteBuilder(arena)
        RegoText.append(key, to: &text)
        return String(decoding: text.bytes, as: UTF8.self)
    }
}
