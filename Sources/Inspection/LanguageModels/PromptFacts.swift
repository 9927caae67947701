// SPDX-License-Identifier: Apache-2.0
import Authorization
import RegoVM

/// What a request says to a model or to another agent, in order: `input.prompt`.
///
/// Trivial to copy; everything lies in the parsed body, or in the arena that it was made in.
public struct PromptFacts {
    /// Every text that the request carries but those of `documents`, in the order of the body.
    public private(set) var texts = UnsafeBufferPointer<PromptText>(start: nil, count: 0)
    /// Where in `texts` the user's last message begins and ends: what the agent is asked to do now.
    public private(set) var turn = 0..<0
    /// What was brought in from elsewhere: results of tools, files, retrieved documents.
    public private(set) var documents = UnsafeBufferPointer<PromptDocument>(start: nil, count: 0)
    /// Texts of all documents; each document names its range.
    private(set) var documentTexts = UnsafeBufferPointer<Bytes>(start: nil, count: 0)
    /// True when there was more than `Limits` allows.
    public private(set) var isCut = false

    public init() {}

    /// - Parameter facts: of a request; one that carries no prompt gives none.
    public init(_ facts: ActionFacts, arena: Arena) {
        let reader = PromptReader(facts)
        guard !reader.isEmpty else { return }
        var collection = PromptCollection(arena)
        let isComplete = reader.forEachPart { collection.add($0) }
        texts = collection.texts.elements
        documents = collection.documents.elements
        documentTexts = collection.documentTexts.elements
        isCut = collection.isCut || !isComplete
        turn = Self.lastTurn(texts)
    }

    /// The last message of the user that holds a text.
    private static func lastTurn(_ texts: UnsafeBufferPointer<PromptText>) -> Range<Int> {
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

    /// True when the request carries no prompt.
    public var isEmpty: Bool { texts.isEmpty && documents.isEmpty }

    /// The texts of one document.
    public func forEachText(of document: PromptDocument, _ body: (Bytes) -> Void) {
        for index in document.texts { body(documentTexts[index]) }
    }
}

/// One text of a prompt.
public struct PromptText {
    public let text: Bytes
    public let role: PromptPart.Role
    /// Which message it belongs to, counted from 1; 0 for what stands beside the messages.
    let message: Int
}

/// Something that a prompt brings in from elsewhere: where injected text arrives.
public struct PromptDocument {
    public let isToolResult: Bool
    /// The tool whose result it is; empty when the request does not say.
    public internal(set) var tool = Bytes.empty
    /// The tool's arguments: an object, or its JSON text; `.undefined` when the request does not
    /// say.
    public internal(set) var arguments = Value.undefined
    /// A title, a URI or a file's name; empty when the request does not say.
    public internal(set) var reference = Bytes.empty
    /// Its texts, by their place in `PromptFacts.documentTexts`.
    var texts: Range<Int>

    /// The word in policies and records.
    public var source: StaticString { isToolResult ? "tool_result" : "document" }
}

/// Sorts the parts of a prompt into texts and documents.
private struct PromptCollection {
    var texts: ArenaList<PromptText>
    var documents: ArenaList<PromptDocument>
    var documentTexts: ArenaList<Bytes>
    private var calls: ArenaList<PromptPart>
    /// The name and message of the document that was added to last.
    private var open: (name: Bytes, message: Int, isToolResult: Bool)?
    var isCut = false

    init(_ arena: Arena) {
        texts = ArenaList(arena)
        documents = ArenaList(arena, capacity: 4)
        documentTexts = ArenaList(arena, capacity: 4)
        calls = ArenaList(arena, capacity: 4)
    }

    mutating func add(_ part: PromptPart) {
        switch part.role {
        case .toolResult, .document: addDocument(part, part.role == .toolResult)
        case .toolCall: addCall(part)
        case .instruction, .user, .assistant:
            open = nil
            guard !part.text.isEmpty else { return }
            texts.append(PromptText(text: part.text, role: part.role, message: part.message))
        }
    }

    /// What a model asked a tool to do is its own words, and explains the tool's result.
    private mutating func addCall(_ part: PromptPart) {
        open = nil
        if !part.text.isEmpty {
            texts.append(PromptText(text: part.text, role: .assistant, message: part.message))
        }
        guard !part.call.isEmpty else { return }
        if calls.count > 0, calls[calls.count - 1].call == part.call { return }
        guard calls.count < Limits.promptCalls else {
            isCut = true
            return
        }
        calls.append(part)
    }

    /// Texts of one name that follow each other in one message are one document.
    private mutating func addDocument(_ part: PromptPart, _ isToolResult: Bool) {
        if let open, open.name == part.name, open.message == part.message,
            open.isToolResult == isToolResult
        {
            return addText(part.text)
        }
        guard documents.count < Limits.promptDocuments else {
            isCut = true
            return
        }
        let start = documentTexts.count
        var document = PromptDocument(isToolResult: isToolResult, texts: start..<start)
        if isToolResult {
            nameTool(part.name, &document)
        } else {
            document.reference = part.name
        }
        documents.append(document)
        open = (part.name, part.message, isToolResult)
        addText(part.text)
    }

    private mutating func addText(_ text: Bytes) {
        guard !text.isEmpty else { return }
        documentTexts.append(text)
        documents.changeLast { $0.texts = $0.texts.lowerBound..<documentTexts.count }
    }

    /// A result names its call, or its tool.
    private func nameTool(_ name: Bytes, _ document: inout PromptDocument) {
        document.tool = name
        var index = calls.count
        while index > 0 {
            index -= 1
            guard calls[index].call == name else { continue }
            document.tool = calls[index].name
            document.arguments = calls[index].arguments
            return
        }
    }
}

/// Elements in an arena, one behind the other; grows by doubling. Only for elements that are
/// trivial to copy: the arena never ends their lives.
struct ArenaList<Element> {
    private let arena: Arena
    private var memory: UnsafeMutablePointer<Element>
    private var capacity: Int
    private(set) var count = 0

    init(_ arena: Arena, capacity: Int = 16) {
        self.arena = arena
        self.capacity = capacity
        memory = Self.allocate(capacity, arena)
    }

    private static func allocate(_ count: Int, _ arena: Arena) -> UnsafeMutablePointer<Element> {
        arena.allocate(bytes: count * MemoryLayout<Element>.stride)
            .assumingMemoryBound(to: Element.self)
    }

    mutating func append(_ element: Element) {
        if count == capacity { grow() }
        (memory + count).initialize(to: element)
        count += 1
    }

    private mutating func grow() {
        let larger = Self.allocate(2 * capacity, arena)
        larger.initialize(from: memory, count: count)
        memory = larger
        capacity *= 2
    }

    subscript(index: Int) -> Element { memory[index] }

    /// Changes the last element, of which there must be one.
    func changeLast(_ change: (inout Element) -> Void) { change(&memory[count - 1]) }

    var elements: UnsafeBufferPointer<Element> {
        UnsafeBufferPointer(start: memory, count: count)
    }
}
