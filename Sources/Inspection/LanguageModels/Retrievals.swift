// SPDX-License-Identifier: Apache-2.0
import Authorization

extension ActionFacts {
    /// False when the request can show no prompt and no document: then nobody needs to look.
    /// Inlined, because a call would copy the facts.
    @inlinable @inline(__always)
    public var mayShowLineage: Bool {
        switch trafficProtocol {
        case .llm, .a2a: true
        case .mcp:
            !batch.isEmpty || isRetrieval || operation.equals("sampling/createMessage")
        case .unknown, .http, .vault, .kubernetes, .sql: false
        }
    }

    /// Calls `body` with the URI of each resource that the request, or one of its batch, reads from
    /// an MCP server.
    public func forEachRetrieval(_ body: (Bytes) -> Void) {
        guard trafficProtocol == .mcp else { return }
        if batch.isEmpty {
            if isRetrieval { body(resource) }
            return
        }
        for message in batch where message.isRetrieval { body(message.resource) }
    }

    @inlinable
    var isRetrieval: Bool { operation.equals("resources/read") && !resource.isEmpty }
}
