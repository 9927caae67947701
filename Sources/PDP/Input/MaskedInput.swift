// SPDX-License-Identifier: Apache-2.0
import Authorization
import ExtAuthz
import Inspection

/// What is missing from a check that was kept without its credentials. A decision that looks at it
/// cannot be made again.
public struct MaskedInput {
    /// What was left out or replaced beside credentials, which always are.
    public let mask: CheckRequestMask
    private let attributes: UnsafePointer<AttributeContext.Attributes>
    private let hasQuery: Bool
    private let hasSecretHeader: Bool
    private let hasSecretExtension: Bool

    /// - Parameter context: the check as it was kept; stays as it is meanwhile.
    public init(_ context: AttributeContext, _ mask: CheckRequestMask) {
        self.mask = mask
        attributes = UnsafePointer(context.attributes)
        let path = context.http?.path ?? .empty
        let query = context.http?.query ?? .empty
        hasQuery = path.mayHaveQuery || !query.isEmpty
        hasSecretHeader = context.attributes.pointee.headers.contains { Self.isMasked($0) }
        hasSecretExtension = context.attributes.pointee.contextExtensions.contains {
            $0.key.namesSecret
        }
    }

    private static func isMasked(_ header: AttributeContext.HeaderField) -> Bool {
        header.name.namesSecret && !header.value.isEmpty || header.value.mayHaveQuery
    }

    /// Whether anything is missing at all.
    public var isAny: Bool {
        hasQuery || hasSecretHeader || hasSecretExtension || !isWholeBody || !mask.parts.isEmpty
            || !mask.headers.isEmpty || mask.newPath != nil
    }

    private var isWholeBody: Bool {
        if case .whole = mask.body { return mask.newBody == nil }
        return false
    }

    /// Whether a part of `input` lacks something, or may.
    func covers(_ node: InputNode) -> Bool {
        switch node {
        case .whole, .attributes: isAny
        case .request, .http:
            hasQuery || hasSecretHeader || !isWholeBody || lacks([.headers, .path, .host])
                || !mask.headers.isEmpty || mask.newPath != nil
        case .headers, .headerMap:
            hasSecretHeader || lacks([.headers, .path, .host]) || !mask.headers.isEmpty
                || mask.newPath != nil
        case .header(let name): isMasked(header: name)
        case .httpText(let field): covers(field)
        case .parsedPath: lacks(.path) || mask.newPath != nil
        case .parsedQuery: hasQuery || lacks(.path) || mask.newPath != nil
        case .parsedBody, .rawBody, .truncatedBody: !isWholeBody
        case .contextExtensions: hasSecretExtension || lacks(.contextExtensions)
        case .contextExtension(let key): key.namesSecret || lacks(.contextExtensions)
        case .source: lacks([.source, .principal])
        case .destination: lacks([.destination, .principal])
        case .sourcePrincipal: lacks([.source, .principal])
        case .metadata, .namespace: lacks(.metadata)
        case .routeMetadata, .routeNamespace: lacks(.routeMetadata)
        case .tlsSession: lacks(.tlsSession)
        case .section(CheckSections.agent): lacksToken
        case .sectionKey(CheckSections.agent, let key):
            AgentIdentity.Key(key).map { Principals.has($0) && lacksToken } ?? false
        case .section, .sectionKey, .sectionPlace: !isWholeBody
        case .size, .time, .version, .nothing: false
        }
    }

    /// Whether the caller's token is missing: what Envoy made of it, or else the token itself.
    private var lacksToken: Bool {
        if lacks(.metadata) { return true }
        let namespace = Bytes(TokenClaims.metadataNamespace)
        if AttributeContext.last(namespace, in: attributes.pointee.metadata.filter) != nil {
            return false
        }
        return isMasked(header: Bytes("authorization"))
    }

    private func lacks(_ parts: CheckRequestMask.Parts) -> Bool {
        !mask.parts.isDisjoint(with: parts)
    }

    private func covers(_ field: InputNode.HTTPText) -> Bool {
        switch field {
        case .path: hasQuery || lacks(.path) || mask.newPath != nil
        case .query, .fragment: hasQuery || lacks(.path)
        case .host: lacks(.host)
        case .body: !isWholeBody
        case .id, .method, .scheme, .protocol: false
        }
    }

    private func isMasked(header name: Bytes) -> Bool {
        if lacks(.headers) || mask.headers.contains(where: { $0.name == name }) { return true }
        if name.equals(":path"), lacks(.path) || mask.newPath != nil { return true }
        if name.equals(":authority"), lacks(.host) { return true }
        return attributes.pointee.headers.contains { $0.name == name && Self.isMasked($0) }
    }
}

extension Bytes {
    fileprivate var mayHaveQuery: Bool {
        buffer.contains(UInt8(ascii: "?")) || buffer.contains(UInt8(ascii: "#"))
    }
}
