// SPDX-License-Identifier: Apache-2.0
import Authorization
import RegoVM

/// APIs of language models, by the path that their clients call.
extension Inspection {
    /// - Parameter api: what the path speaks for; not `none`.
    /// - Returns: false when other APIs have the path as well, and the body is nothing for a model.
    mutating func inspectLanguageModel(_ api: ModelAPI, _ content: Value) -> Bool {
        let isSure =
            expected == .llm || ModelAPI.isUnmistakable(path.text) || Self.hasShape(api, content)
        let isAmbiguous = content.hasVariants(Self.isModelVariant)
        let isForeign =
            content.kind == .object
            || (content.isUndefined && !isBodyUnread && BodyShape(body.bytes) != .json)
        guard isSure || isAmbiguous || !isForeign else { return false }
        if isAmbiguous { facts.doubts.insert(.ambiguousKeys) }
        facts.modelAPI = api
        facts.trafficProtocol = .llm
        facts.operation = api.operation
        // A prompt carries data to whoever runs the model.
        facts.effect =
            if !facts.destination.isInternal {
                .egress
            } else if isSure {
                .read
            } else {
                isBodyUnread ? .unknown : .write
            }
        facts.model = content["model"].text
        if facts.model.isEmpty { facts.model = Self.modelInPath(path.text) }
        facts.conversation = Self.conversation(content)
        if content.kind != .object, facts.doubts.isDisjoint(with: .unreadBody) {
            facts.doubts.insert(.malformedBody)
        }
        return true
    }

    /// True when the body has what the API cannot do without.
    private static func hasShape(_ api: ModelAPI, _ content: Value) -> Bool {
        switch api {
        case .none: false
        case .chat, .messages: content["messages"].elements.first?["role"].isString ?? false
        case .responses:
            content["input"].isDefined || content["prompt"].kind == .object
                || content["previous_response_id"].isString
        case .completion: content["prompt"].isString || content["prompt"].kind == .array
        case .embedding: content["input"].isString || content["input"].kind == .array
        case .gemini: content["contents"].isDefined
        }
    }

    /// The names under which texts and offers are found. Ollama, for one, is written in Go, whose
    /// encoding/json takes variants for the names themselves.
    private static func isModelVariant(_ key: Bytes) -> Bool {
        key.isVariant(of: "messages") || key.isVariant(of: "model") || key.isVariant(of: "input")
            || key.isVariant(of: "prompt") || key.isVariant(of: "system")
            || key.isVariant(of: "instructions") || key.isVariant(of: "tools")
            || key.isVariant(of: "contents") || key.isVariant(of: "systemInstruction")
    }

    /// Gemini names the model in the path: `/v1beta/models/<model>:generateContent`.
    private static func modelInPath(_ path: Bytes) -> Bytes {
        guard let end = path.firstIndex(of: UInt8(ascii: ":")) else { return .empty }
        var start = end
        while start > 0, path[start - 1] != UInt8(ascii: "/") { start -= 1 }
        return path[start..<end]
    }

    /// What OpenAI's responses continue: a conversation, or the response before.
    private static func conversation(_ content: Value) -> Bytes {
        let conversation = content["conversation"]
        if conversation.isString { return conversation.text }
        let id = conversation["id"]
        return id.isString ? id.text : content["previous_response_id"].text
    }
}
