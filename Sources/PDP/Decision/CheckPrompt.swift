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
    private var traced: CheckLineage?

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
        for document in documents {
            guard let digest = prompt.pointee.digest(of: document, hasher) else { continue }
            (memory + count).initialize(to: digest)
            count += 1
        }
        facts.pointee.documentDigests = UnsafeBufferPointer(start: memory, count: count)
    }
}

/// `input.prompt`
final class PromptSection: InputSection {
    static let keys: [StaticString] = ["hash", "text", "documents", "confidence", "truncated"]

    unowned(unsafe) var subject: CheckSubject?

    override func value(in arena: Arena) -> Value {
        let builder = CollectionBuilder.object(in: arena, capacity: Self.keys.count)
        for name in Self.keys {
            let value = value(of: .string(name), in: arena)
            if value.isDefined { builder.insert(.string(name), value) }
        }
        return builder.finish()
    }

    override func value(of key: Value, in arena: Arena) -> Value {
        guard let subject else { return .undefined }
        if key.equals("confidence") { return subject.confidence }
        let prompt = subject.prompt
        guard !prompt.pointee.isEmpty else { return .undefined }
        if key.equals("hash") {
            return subject.digestedFacts.pointee.promptDigest?.value(in: arena) ?? .undefined
        }
        if key.equals("text") { return prompt.pointee.turnText(in: arena) }
        if key.equals("documents") {
            return prompt.pointee.documentsValue(subject.hasher, in: arena)
        }
        return key.equals("truncated") ? .boolean(prompt.pointee.isCut) : .undefined
    }
}
