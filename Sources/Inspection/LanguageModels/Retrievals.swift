// SPDX-License-Identifier: Apache-2.0
import Authorization

extension ActionFacts {
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

    private var isRetrieval: Bool { operation.equals("resources/read") && !resource.isEmpty }
}
