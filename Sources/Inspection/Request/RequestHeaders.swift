// SPDX-License-Identifier: Apache-2.0
import Authorization

/// The headers that decide what a request means, found in one pass.
struct RequestHeaders {
    var contentType = Bytes.empty
    var contentEncoding = Bytes.empty
    var contentLength = Bytes.empty
    var mcpMethod: Bytes?
    var mcpName: Bytes?
    var mcpProtocolVersion = Bytes.empty
    var mcpSession = Bytes.empty
    var vaultNamespace = Bytes.empty
    /// What `contentType` says.
    private(set) var mediaType = MediaType.absent
    /// True when the body comes in chunks (HTTP/1), which need no length.
    private(set) var hasTransferCoding = false
    /// True when Envoy says that it cut the body.
    private(set) var isPartialBody = false
    private(set) var hasParameters = false
    private(set) var hasVaultHeader = false
    private(set) var hasDatabaseHeader = false
    /// True when the client asks for another method than the request line's.
    private(set) var overridesMethod = false
    /// True when the client asks for another path than the request line's.
    private(set) var overridesPath = false
    private(set) var isRepeated = false

    init() {}

    /// Fills itself where it lies: what an initialiser returns would be copied.
    @inline(never)
    mutating func read(_ headers: Table<AttributeContext.HeaderField>) {
        for field in headers where field.name.count >= 8 {
            take(field.name, field.value)
        }
        mediaType = MediaType(contentType)
    }

    var hasForeignCharset: Bool {
        contentType.count > 16 && MediaType.hasForeignCharset(contentType)
    }

    /// Most headers are told apart by their first letter and their length.
    private mutating func take(_ name: Bytes, _ value: Bytes) {
        switch name[0] {
        case UInt8(ascii: "c"): takeContent(name, value)
        case UInt8(ascii: "m"): takeMCP(name, value)
        case UInt8(ascii: "t"): if name.equals("transfer-encoding") { hasTransferCoding = true }
        case UInt8(ascii: "x"): takeExtension(name, value)
        default: break
        }
    }

    private mutating func takeContent(_ name: Bytes, _ value: Bytes) {
        switch name.count {
        case 12: if name.equals("content-type") { Self.once(&contentType, value, &isRepeated) }
        case 14: if name.equals("content-length") { Self.once(&contentLength, value, &isRepeated) }
        case 16:
            if name.equals("content-encoding") { Self.once(&contentEncoding, value, &isRepeated) }
        default: break
        }
    }

    private mutating func takeMCP(_ name: Bytes, _ value: Bytes) {
        switch name.count {
        case 8: if name.equals("mcp-name") { Self.once(&mcpName, value, &isRepeated) }
        case 10: if name.equals("mcp-method") { Self.once(&mcpMethod, value, &isRepeated) }
        case 14 where name.equals("mcp-session-id"): mcpSession = value
        case 20 where name.equals("mcp-protocol-version"):
            Self.once(&mcpProtocolVersion, value, &isRepeated)
        default: if name.hasPrefix("mcp-param-") { hasParameters = true }
        }
    }

    /// Those that proxies add have mostly other letters in this place.
    @inline(__always)
    private mutating func takeExtension(_ name: Bytes, _ value: Bytes) {
        switch name[2] {
        case UInt8(ascii: "c"): takeDatabase(name)
        case UInt8(ascii: "e"):
            // Envoy removes a client's own; whatever else came through is no reason for trust.
            if name.equals("x-envoy-auth-partial-body"), !value.equals("false") {
                isPartialBody = true
            }
        case UInt8(ascii: "h"):
            if name.equals("x-http-method") || name.equals("x-http-method-override") {
                overridesMethod = true
            }
        case UInt8(ascii: "m"): if name.equals("x-method-override") { overridesMethod = true }
        case UInt8(ascii: "o"): if name.equals("x-original-url") { overridesPath = true }
        case UInt8(ascii: "p"): if name.equals("x-presto-user") { hasDatabaseHeader = true }
        case UInt8(ascii: "r"): if name.equals("x-rewrite-url") { overridesPath = true }
        case UInt8(ascii: "t"): if name.equals("x-trino-user") { hasDatabaseHeader = true }
        case UInt8(ascii: "v"): takeVault(name, value)
        default: break
        }
    }

    /// `x-clickhouse-` with `user`, `key`, `format`, `database`.
    private mutating func takeDatabase(_ name: Bytes) {
        switch name.count {
        case 16, 19, 21: if name.hasPrefix("x-clickhouse-") { hasDatabaseHeader = true }
        case 17: if name.equals("x-clickhouse-user") { hasDatabaseHeader = true }
        default: break
        }
    }

    /// `x-vault-` with `token`, `request`, `namespace`.
    private mutating func takeVault(_ name: Bytes, _ value: Bytes) {
        switch name.count {
        case 13, 15, 17:
            guard name.hasPrefix("x-vault-") else { return }
            hasVaultHeader = true
            if name.equals("x-vault-namespace") { Self.once(&vaultNamespace, value, &isRepeated) }
        default: break
        }
    }

    /// Envoy joins repeated headers with a comma, or sends each one when it sends them raw.
    private static func once(_ slot: inout Bytes, _ value: Bytes, _ isRepeated: inout Bool) {
        if !slot.isEmpty { isRepeated = true }
        slot = value
    }

    private static func once(_ slot: inout Bytes?, _ value: Bytes, _ isRepeated: inout Bool) {
        if slot != nil { isRepeated = true }
        slot = value
    }

    var isMCP: Bool {
        mcpMethod != nil || mcpName != nil || !mcpProtocolVersion.isEmpty || !mcpSession.isEmpty
    }

    /// True when the body is as it was sent, not compressed.
    var isIdentityEncoded: Bool {
        if contentEncoding.isEmpty { return true }
        let encoding = contentEncoding.trimmed
        return encoding.isEmpty || encoding.equalsIgnoringCase("identity")
    }

    /// The declared length of the body; nil when none (or nonsense) is declared.
    var declaredLength: Int? {
        guard !contentLength.isEmpty, contentLength.count <= 18 else { return nil }
        var result = 0
        for byte in contentLength.buffer {
            guard ASCII.isDigit(byte) else { return nil }
            result = result * 10 + Int(byte - UInt8(ascii: "0"))
        }
        return result
    }
}
