// SPDX-License-Identifier: Apache-2.0
import Authorization
import RegoVM

/// Finds texts and documents in the body of a call to a model: OpenAI's chat completions,
/// completions and responses, Anthropic's messages, Gemini's `generateContent`; and in A2A
/// messages. Which of them a body is, its members tell.
public struct PromptReader {
    private let arena: Arena
    private var texts: ArenaList<PromptText>
    var documents: ArenaList<PromptDocument>
    private var documentTexts: ArenaList<Bytes>
    private var calls: ArenaList<Call>
    private var message = 0
    private var isCut = false

    /// A call of a tool, as the model asked for it; its result names the call's id.
    private struct Call {
        let id: Bytes
        let name: Bytes
        let arguments: Value
    }

    private init(_ arena: Arena) {
        self.arena = arena
        texts = ArenaList(arena)
        documents = ArenaList(arena, capacity: 4)
        documentTexts = ArenaList(arena, capacity: 4)
        calls = ArenaList(arena, capacity: 4)
    }

    /// - Parameter body: the request's body, read as JSON.
    public static func read(_ body: Value, _ facts: ActionFacts, arena: Arena) -> PromptFacts {
        guard body.kind == .object else { return PromptFacts() }
        var reader = PromptReader(arena)
        switch facts.trafficProtocol {
        case .llm: reader.readModelCall(body)
        case .a2a: reader.readAgentMessage(facts.arguments["message"])
        default: return PromptFacts()
        }
        return reader.finish()
    }

    private func finish() -> PromptFacts {
        var facts = PromptFacts()
        facts.texts = texts.elements
        facts.documents = documents.elements
        facts.documentTexts = documentTexts.elements
        facts.isCut = isCut
        facts.turn = lastTurn()
        return facts
    }

    /// The last message of the user that holds a text.
    private func lastTurn() -> Range<Int> {
        var end = texts.count
        while end > 0, texts[end - 1].role != .user { end -= 1 }
        var start = end
        while start > 0, texts[start - 1].role == .user,
            texts[start - 1].message == texts[end - 1].message
        {
            start -= 1
        }
        return start..<end
    }

    // MARK: What is found

    mutating func add(_ text: Value, _ role: PromptRole) {
        guard text.isString, text.count > 0 else { return }
        guard texts.count < Limits.promptTexts else {
            isCut = true
            return
        }
        texts.append(PromptText(text: text.text, role: role, message: message))
    }

    /// Adds a document whose texts `body` adds by `addText(of:)`.
    mutating func add(_ document: PromptDocument, _ body: (inout PromptReader) -> Void) {
        guard documents.count < Limits.promptDocuments else {
            isCut = true
            return
        }
        var document = document
        let start = documentTexts.count
        body(&self)
        document.texts = start..<documentTexts.count
        documents.append(document)
    }

    /// Adds a text of the document that is being added; of what is no text, its JSON.
    mutating func addText(_ value: Value) {
        guard value.isDefined, documentTexts.count < Limits.promptTexts else {
            isCut = isCut || value.isDefined
            return
        }
        guard !value.isString else {
            if value.count > 0 { documentTexts.append(value.text) }
            return
        }
        var output = ByteBuilder(arena)
        JSONWriter.append(value, to: &output)
        documentTexts.append(Bytes(start: output.bytes.baseAddress, count: output.count))
    }

    mutating func beginMessage() { message += 1 }

    mutating func addCall(id: Value, name: Value, arguments: Value) {
        guard id.isString, name.isString else { return }
        guard calls.count < Limits.promptCalls else {
            isCut = true
            return
        }
        calls.append(Call(id: id.text, name: name.text, arguments: arguments))
    }

    /// A document for the result of a call.
    func result(of id: Value) -> PromptDocument {
        var document = PromptDocument(.toolResult)
        guard id.isString else { return document }
        var index = calls.count
        while index > 0 {
            index -= 1
            guard calls[index].id == id.text else { continue }
            document.tool = calls[index].name
            document.arguments = calls[index].arguments
            return document
        }
        return document
    }
}
