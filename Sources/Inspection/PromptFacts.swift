// SPDX-License-Identifier: Apache-2.0
import Authorization
import RegoVM

/// What a request says to a model or to another agent: `input.prompt`.
///
/// Trivial to copy; everything lies in the parsed body, or in the arena of the reader.
public struct PromptFacts {
    /// Every text that the request carries but those of `documents`, in the order of the body.
    public var texts = UnsafeBufferPointer<PromptText>(start: nil, count: 0)
    /// Where in `texts` the user's last message begins and ends: what the agent is asked to do now.
    public var turn = 0..<0
    /// What was brought in from elsewhere: results of tools, files, resources.
    public var documents = UnsafeBufferPointer<PromptDocument>(start: nil, count: 0)
    /// Texts of all documents; each document names its range.
    public var documentTexts = UnsafeBufferPointer<Bytes>(start: nil, count: 0)
    /// True when there was more than `Limits` allows.
    public var isCut = false

    public init() {}

    /// True when the request carries no prompt.
    public var isEmpty: Bool { texts.isEmpty && documents.isEmpty }

    /// The texts of the user's last message.
    public func forEachTurnText(_ body: (Bytes) -> Void) {
        for index in turn { body(texts[index].text) }
    }

    /// The texts of one document.
    public func forEachText(of document: PromptDocument, _ body: (Bytes) -> Void) {
        for index in document.texts { body(documentTexts[index]) }
    }
}

/// One text of a prompt.
public struct PromptText {
    public var text: Bytes
    public var role: PromptRole
    /// Which message it belongs to, counted from 1; 0 for instructions beside the messages.
    var message: Int
}

/// Who says a text of a prompt.
public enum PromptRole: UInt8, Sendable {
    /// The system prompt, or the developer's.
    case instructions
    case user
    /// What the model said before.
    case assistant
}

/// Something that a prompt brings in from elsewhere: where injected text arrives.
public struct PromptDocument {
    public enum Source: UInt8, Sendable {
        case toolResult
        case resource
        case file

        /// The word in policies and records.
        public var word: StaticString {
            switch self {
            case .toolResult: "tool_result"
            case .resource: "resource"
            case .file: "file"
            }
        }
    }

    public var source: Source
    /// The tool whose result it is; empty when the request does not say.
    public var tool = Bytes.empty
    /// The tool's arguments: an object, or its JSON text; `.undefined` when the request does not
    /// say.
    public var arguments = Value.undefined
    /// A URI or a file's name; empty when the request does not say.
    public var reference = Bytes.empty
    /// Its texts, by their place in `PromptFacts.documentTexts`.
    var texts = 0..<0

    init(_ source: Source) { self.source = source }
}

/// Elements in an arena, one behind the other; grows by doubling. Only for elements that are trivial
/// to copy: the arena never ends their lives.
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

    var elements: UnsafeBufferPointer<Element> {
        UnsafeBufferPointer(start: memory, count: count)
    }
}
