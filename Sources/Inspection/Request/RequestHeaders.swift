// SPDX-License-Identifier: Apache-2.0
import Authorization

/// The headers that decide what a request means, found in one pass.
struct RequestHeaders {
    var contentType = Bytes.empty
    var contentEncoding = Bytes.empty
    var contentLength = Bytes.empty
    var accept = Bytes.empty
    var partialBody = Bytes.empty
    var mcpMethod: Bytes?
    var mcpName: Bytes?
    var mcpProtocolVersion = Bytes.empty
    var mcpSession = Bytes.empty
    /// What `contentType` says.
    private(set) var mediaType = MediaType.absent
    var hasVaultHeader = false
    var isRepeated = false

    init(_ context: AttributeContext) {
        for field in context.attributes.pointee.headers { take(field.name, field.value) }
        mediaType = MediaType(contentType)
    }

    /// Most headers are told apart by their length alone.
    private mutating func take(_ name: Bytes, _ value: Bytes) {
        switch name.count {
        case 6: if name.equals("accept") { accept = value }
        case 8: if name.equals("mcp-name") { Self.once(&mcpName, value, &isRepeated) }
        case 10: if name.equals("mcp-method") { Self.once(&mcpMethod, value, &isRepeated) }
        case 12: if name.equals("content-type") { Self.once(&contentType, value, &isRepeated) }
        case 13, 15, 17: if name.hasPrefix("x-vault-") { hasVaultHeader = true }
        case 14:
            if name.equals("content-length") {
                Self.once(&contentLength, value, &isRepeated)
            } else if name.equals("mcp-session-id") {
                mcpSession = value
            }
        case 16:
            if name.equals("content-encoding") { Self.once(&contentEncoding, value, &isRepeated) }
        case 20:
            if name.equals("mcp-protocol-version") {
                Self.once(&mcpProtocolVersion, value, &isRepeated)
            }
        case 25: if name.equals("x-envoy-auth-partial-body") { partialBody = value }
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

/// What a content type says about the body (RFC 9110 section 8.3).
enum MediaType {
    case absent
    /// `application/json` in any case, with or without parameters.
    case json
    /// Another type whose content is JSON: `application/vnd.api+json`.
    case jsonSuffix
    case other

    init(_ value: Bytes) {
        var end = 0
        while end < value.count, value[end] != UInt8(ascii: ";") { end += 1 }
        let type = value[0..<end].trimmed
        if type.isEmpty {
            self = .absent
        } else if type.equalsIgnoringCase("application/json") {
            self = .json
        } else if type.count > 5, type[type.count - 5..<type.count].equalsIgnoringCase("+json") {
            self = .jsonSuffix
        } else {
            self = .other
        }
    }
}
