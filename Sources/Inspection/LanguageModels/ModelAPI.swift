// SPDX-License-Identifier: Apache-2.0
import Authorization

/// The API of a language model that a request speaks, which tells where its texts are.
public enum ModelAPI: UInt8, Sendable {
    case none
    /// OpenAI `chat/completions`, and servers that copy it (Ollama's `/api/chat` too).
    case chat
    /// OpenAI `responses`.
    case responses
    /// Anthropic `messages`.
    case messages
    /// Gemini `:generateContent` and `:streamGenerateContent`.
    case gemini
    /// A text that is completed: OpenAI `completions`, Ollama's `/api/generate`.
    case completion
    /// Texts that are embedded.
    case embedding

    /// The word in `input.action.operation`; empty for `none`.
    var operation: Bytes {
        switch self {
        case .none: .empty
        case .chat: Bytes("chat")
        case .responses: Bytes("responses")
        case .messages: Bytes("messages")
        case .gemini: Bytes("generate")
        case .completion: Bytes("complete")
        case .embedding: Bytes("embed")
        }
    }

    /// True when no other kind of API is known to have this path, which is one of theirs.
    /// `/v1/messages` sends text messages elsewhere, `/api/generate` generates anything.
    static func isUnmistakable(_ path: Bytes) -> Bool {
        let path = path.hasSuffix("/") ? path[0..<path.count - 1] : path
        return path.endsIgnoringCase("/chat/completions") || path.endsIgnoringCase("/count_tokens")
            || path.endsIgnoringCase("content") || path.endsIgnoringCase("contents")
            || path.endsIgnoringCase(":counttokens")
            || path.endsIgnoringCase("/messages/batches")
    }

    /// By the path that clients call. Routers differ in whether case and a final slash matter, so
    /// here they do not.
    init(path: Bytes) {
        let path = path.hasSuffix("/") ? path[0..<path.count - 1] : path
        self = .none
        // Most paths end here: each of the APIs' last letters.
        guard let last = path.last.map(ASCII.lower),
            last == UInt8(ascii: "s") || last == UInt8(ascii: "t") || last == UInt8(ascii: "e")
        else { return }
        if path.endsIgnoringCase("/chat/completions") || path.endsIgnoringCase("/api/chat") {
            self = .chat
        } else if path.endsIgnoringCase("/v1/responses") || path.endsIgnoringCase("/ai/responses")
            || path.endsIgnoringCase("/openai/responses")
            || path.endsIgnoringCase("/responses/compact")
        {
            self = .responses
        } else if path.endsIgnoringCase("/v1/messages")
            || path.endsIgnoringCase("/v1/messages/count_tokens")
            || path.endsIgnoringCase("/v1/messages/batches")
        {
            self = .messages
        } else if path.endsIgnoringCase(":generatecontent")
            || path.endsIgnoringCase(":streamgeneratecontent")
            || path.endsIgnoringCase(":counttokens")
        {
            self = .gemini
        } else if path.endsIgnoringCase("/v1/completions") || path.endsIgnoringCase("/api/generate")
        {
            self = .completion
        } else if path.endsIgnoringCase("/v1/embeddings") || path.endsIgnoringCase(":embedcontent")
            || path.endsIgnoringCase(":batchembedcontents")
        {
            self = .embedding
        }
    }
}
