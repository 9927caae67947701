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

    /// - Parameter context: borrowed, as an initializer's parameter is not by itself.
    init(_ context: borrowing AttributeContext) {
        for field in context.attributes.pointee.headers where field.name.count >= 8 {
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

    private mutating func takeExtension(_ name: Bytes, _ value: Bytes) {
        switch name.count {
        case 12: if name.equals("x-trino-user") { hasDatabaseHeader = true }
        case 13, 15, 17:
            if name.hasPrefix("x-vault-") {
                hasVaultHeader = true
                if name.equals("x-vault-namespace") {
                    Self.once(&vaultNamespace, value, &isRepeated)
                }
            } else if name.equals("x-clickhouse-user") || name.equals("x-presto-user") {
                hasDatabaseHeader = true
            } else if name.equals("x-http-method") || name.equals("x-method-override") {
                overridesMethod = true
            } else if name.equals("x-rewrite-url") {
                overridesPath = true
            }
        case 14: if name.equals("x-original-url") { overridesPath = true }
        case 16, 19, 21: if name.hasPrefix("x-clickhouse-") { hasDatabaseHeader = true }
        case 22: if name.equals("x-http-method-override") { overridesMethod = true }
        case 25:
            // Envoy removes a client's own; whatever else came through is no reason for trust.
            if name.equals("x-envoy-auth-partial-body"), !value.equals("false") {
                isPartialBody = true
            }
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
