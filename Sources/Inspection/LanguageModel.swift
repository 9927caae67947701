// SPDX-License-Identifier: Apache-2.0
import Authorization
import RegoVM

/// APIs of language models, by the path that their clients call.
extension Inspection {
    /// - Returns: false when the path is none of theirs.
    mutating func inspectLanguageModel(_ content: Value) -> Bool {
        guard http.method.equals("POST"), let operation = Self.modelOperation(path.text) else {
            return false
        }
        facts.trafficProtocol = .llm
        facts.operation = operation
        // A prompt carries data to whoever runs the model.
        facts.effect = facts.destination.isInternal ? .read : .egress
        facts.model = content["model"].text
        if facts.model.isEmpty { facts.model = Self.modelInPath(path.text) }
        return true
    }

    private static func modelOperation(_ path: Bytes) -> Bytes? {
        if path.hasSuffix("/chat/completions") { return Bytes("chat") }
        if path.hasSuffix("/v1/responses") { return Bytes("responses") }
        if path.hasSuffix("/v1/messages") { return Bytes("messages") }
        if path.hasSuffix("/v1/embeddings") { return Bytes("embed") }
        if path.hasSuffix(":generateContent") || path.hasSuffix(":streamGenerateContent") {
            return Bytes("generate")
        }
        return nil
    }

    /// Gemini names the model in the path: `/v1beta/models/<model>:generateContent`.
    private static func modelInPath(_ path: Bytes) -> Bytes {
        guard let end = path.firstIndex(of: UInt8(ascii: ":")) else { return .empty }
        var start = end
        while start > 0, path[start - 1] != UInt8(ascii: "/") { start -= 1 }
        return path[start..<end]
    }
}
