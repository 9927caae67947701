// SPDX-License-Identifier: Apache-2.0
import Authorization
import Cryptography
import Inspection
import RegoVM

/// What led to a request, as far as the request itself shows it.
public struct CheckLineage {
    /// SHA-256 of what the user asks of a model or of another agent.
    public var prompt: Digest?
    /// What the prompt brings along, or the resources that are read: the last ones, oldest first.
    public var documents = UnsafeBufferPointer<Document>(start: nil, count: 0)
    /// How many documents there are in all.
    public var total = 0

    public struct Document {
        public var source: LineageSource
        /// The tool that gave it; empty when the request does not say.
        public var tool = Bytes.empty
        /// A title, a URI or a file's name; empty when the request does not say.
        public var name = Bytes.empty
        /// Over its text, or over its name when no text was seen.
        public var digest = Digest()
        public var isOfName = false
    }

    public var isEmpty: Bool { prompt == nil && documents.isEmpty }
}

extension CheckPrompt {
    /// Hashes the prompt and the last of its documents. Requests that carry neither cost nothing.
    ///
    /// - Parameter facts: of the current check.
    func find(_ facts: UnsafePointer<ActionFacts>) -> CheckLineage {
        var lineage = CheckLineage()
        let prompt = read(facts)
        if !prompt.pointee.isEmpty {
            lineage.prompt = facts.pointee.promptDigest ?? prompt.pointee.digest(hasher)
            addDocuments(prompt, to: &lineage)
        } else {
            addRetrievals(facts, to: &lineage)
        }
        return lineage
    }

    private func addDocuments(
        _ prompt: UnsafePointer<PromptFacts>, to lineage: inout CheckLineage
    ) {
        let documents = prompt.pointee.documents
        var found = ArenaList<CheckLineage.Document>(evaluation.arena, Limits.lineageDocuments)
        for index in documents.indices.suffix(Limits.lineageDocuments) {
            let document = documents[index]
            var entry = CheckLineage.Document(
                source: document.isToolResult ? .toolResult : .document, tool: document.tool,
                name: document.reference)
            if let digest = digest(ofDocument: index, prompt) {
                entry.digest = digest
            } else if !document.reference.isEmpty {
                entry.digest = hasher.hash(UnsafeRawBufferPointer(document.reference.buffer))
                entry.isOfName = true
            } else {
                continue
            }
            found.append(entry)
        }
        lineage.documents = found.elements
        lineage.total = documents.count
    }

    private func addRetrievals(
        _ facts: UnsafePointer<ActionFacts>, to lineage: inout CheckLineage
    ) {
        facts.pointee.forEachRetrieval { _ in lineage.total += 1 }
        guard lineage.total > 0 else { return }
        var skipped = max(0, lineage.total - Limits.lineageDocuments)
        var found = ArenaList<CheckLineage.Document>(evaluation.arena, Limits.lineageDocuments)
        facts.pointee.forEachRetrieval { name in
            guard skipped == 0 else {
                skipped -= 1
                return
            }
            found.append(
                CheckLineage.Document(
                    source: .resource, name: name,
                    digest: hasher.hash(UnsafeRawBufferPointer(name.buffer)), isOfName: true))
        }
        lineage.documents = found.elements
    }
}

/// A few elements in an arena, which never ends their lives.
private struct ArenaList<Element> {
    private let memory: UnsafeMutablePointer<Element>
    private let capacity: Int
    private var count = 0

    init(_ arena: Arena, _ capacity: Int) {
        self.capacity = capacity
        memory = arena.allocate(bytes: capacity * MemoryLayout<Element>.stride)
            .bindMemory(to: Element.self, capacity: capacity)
    }

    mutating func append(_ element: Element) {
        guard count < capacity else { return }
        (memory + count).initialize(to: element)
        count += 1
    }

    var elements: UnsafeBufferPointer<Element> { UnsafeBufferPointer(start: memory, count: count) }
}
