// SPDX-License-Identifier: Apache-2.0
import Authorization
import Cryptography
import Inspection
import RegoVM

/// What a check says to a model or to another agent, found out when something first asks: texts
/// when they are read or searched, hashes when a policy, the context or the log wants them.
///
/// One instance belongs to one event loop.
final class CheckPrompt {
    let hasher = SHA256()
    let evaluation: Evaluation
    private let found: UnsafeMutablePointer<PromptFacts>
    private var isRead = false
    private var isPromptDigested = false
    private var areDocumentsDigested = false
    /// Of each document, as far as anybody asked; nil before that.
    private var digests: UnsafeMutablePointer<DocumentDigest>?
    private var traced: CheckLineage?

    /// A document is hashed once, whoever asks: the policy, threat lists, the lineage.
    private struct DocumentDigest {
        var isFound = false
        /// nil when only the document's name is known.
        var digest: Digest?
    }

    init(_ evaluation: Evaluation) {
        self.evaluation = evaluation
        found = .allocate(capacity: 1)
        found.initialize(to: PromptFacts())
    }

    deinit { found.deallocate() }

    func begin() {
        isRead = false
        isPromptDigested = false
        areDocumentsDigested = false
        digests = nil
        traced = nil
    }

    /// - Parameter facts: of the current check.
    func read(_ facts: UnsafePointer<ActionFacts>) -> UnsafePointer<PromptFacts> {
        if !isRead {
            isRead = true
            found.pointee = PromptFacts(facts.pointee, arena: evaluation.arena)
        }
        return UnsafePointer(found)
    }

    /// What led to the check, as far as it shows.
    ///
    /// - Parameter facts: of the current check.
    func lineage(_ facts: UnsafePointer<ActionFacts>) -> CheckLineage {
        if let traced { return traced }
        let found = find(facts)
        traced = found
        return found
    }

    /// Fills in the hash of the prompt. What asks for documents alone need not pay for it: a prompt
    /// may be all of a large body.
    func digestPrompt(into facts: UnsafeMutablePointer<ActionFacts>) {
        guard !isPromptDigested else { return }
        isPromptDigested = true
        facts.pointee.promptDigest = read(UnsafePointer(facts)).pointee.digest(hasher)
    }

    /// Fills in the hashes of the prompt's documents.
    func digestDocuments(into facts: UnsafeMutablePointer<ActionFacts>) {
        guard !areDocumentsDigested else { return }
        areDocumentsDigested = true
        let prompt = read(UnsafePointer(facts))
        let documents = prompt.pointee.documents
        guard !documents.isEmpty else { return }
        let memory = evaluation.arena.allocate(
            bytes: documents.count * MemoryLayout<Digest>.stride
        ).assumingMemoryBound(to: Digest.self)
        var count = 0
        for index in documents.indices {
            guard let digest = digest(ofDocument: index, prompt) else { continue }
            (memory + count).initialize(to: digest)
            count += 1
        }
        facts.pointee.documentDigests = UnsafeBufferPointer(start: memory, count: count)
    }

    /// SHA-256 of one of the prompt's documents; nil when only its name is known.
    func digest(ofDocument index: Int, _ prompt: UnsafePointer<PromptFacts>) -> Digest? {
        let documents = prompt.pointee.documents
        let digests = self.digests ?? makeDigests(documents.count)
        if !digests[index].isFound {
            digests[index] = DocumentDigest(
                isFound: true, digest: prompt.pointee.digest(of: documents[index], hasher))
        }
        return digests[index].digest
    }

    private func makeDigests(_ count: Int) -> UnsafeMutablePointer<DocumentDigest> {
        let made = evaluation.arena.allocate(
            bytes: count * MemoryLayout<DocumentDigest>.stride
        ).bindMemory(to: DocumentDigest.self, capacity: count)
        made.initialize(repeating: DocumentDigest(), count: count)
        digests = made
        return made
    }
}

/// `input.prompt`
final class PromptSection: SubjectSection {
    static let keys: [StaticString] = ["hash", "text", "documents", "confidence", "truncated"]

    override func value(in arena: Arena) -> Value {
        let builder = CollectionBuilder.object(in: arena, capacity: Self.keys.count)
        for name in Self.keys {
            let value = value(of: .string(name), in: arena)
            if value.isDefined { builder.insert(.string(name), value) }
        }
        return builder.finish()
    }

    override func value(of key: Value, in arena: Arena) -> Value {
        ask { subject in
            if key.equals("confidence") { return subject.confidence }
            let prompt = subject.prompt
            guard !prompt.pointee.isEmpty else { return .undefined }
            if key.equals("hash") {
                return subject.promptDigest?.value(in: arena) ?? .undefined
            }
            if key.equals("text") { return prompt.pointee.turnText(in: arena) }
            if key.equals("documents") { return subject.promptDocuments }
            return key.equals("truncated") ? .boolean(prompt.pointee.isCut) : .undefined
        }
    }
}
