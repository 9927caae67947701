// SPDX-License-Identifier: Apache-2.0
import Authorization
import RegoVM

/// APIs of language models, by the path that their clients call.
extension Inspection {
    /// - Returns: false when the path is none of theirs.
    mutating func inspectLanguageModel(_ content: Value) -> Bool {
        guard http.method.equals("POST") else { return false }
        let api = ModelAPI(path: path.text)
        guard api != .none else { return false }
        facts.modelAPI = api
        facts.trafficProtocol = .llm
        facts.operation = api.operation
        // A prompt carries data to whoever runs the model.
        facts.effect = facts.destination.isInternal ? .read : .egress
        facts.model = content["model"].text
        if facts.model.isEmpty { facts.model = Self.modelInPath(path.text) }
        facts.conversation = Self.conversation(content)
        if content.kind != .object, facts.doubts.isDisjoint(with: .unreadBody) {
            facts.doubts.insert(.malformedBody)
        }
        return true
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
