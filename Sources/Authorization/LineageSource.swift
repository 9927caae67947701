// SPDX-License-Identifier: Apache-2.0

/// Where a text that led an agent to a request came from.
public enum LineageSource: UInt8, Sendable, CaseIterable {
    /// What a person, or another agent, asked for.
    case prompt
    /// What a tool gave back, as a request to a model shows it.
    case toolResult
    /// A document that a request to a model brings along.
    case document
    /// A resource that was read (MCP `resources/read`). Its text is not seen, only its name.
    case resource

    /// The word in policies and records.
    public var word: StaticString {
        switch self {
        case .prompt: "prompt"
        case .toolResult: "tool_result"
        case .document: "document"
        case .resource: "resource"
        }
    }
}
