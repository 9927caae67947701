// SPDX-License-Identifier: Apache-2.0
import Authorization
import Cryptography
import RegoVM

/// `input.prompt` as a policy reads it, and the hashes by which prompts and documents are known
/// again. Texts of one message, or of one document, are joined by line feeds.
extension PromptFacts {
    /// SHA-256 of the user's last message; nil when there is none.
    public func digest(_ hasher: SHA256) -> Digest? {
        guard !turn.isEmpty else { return nil }
        for index in turn { Self.update(hasher, texts[index].text, index > turn.lowerBound) }
        return hasher.finish()
    }

    /// SHA-256 of a document; nil when only its name is known.
    public func digest(of document: PromptDocument, _ hasher: SHA256) -> Digest? {
        guard !document.texts.isEmpty else { return nil }
        for index in document.texts {
            Self.update(hasher, documentTexts[index], index > document.texts.lowerBound)
        }
        return hasher.finish()
    }

    private static func update(_ hasher: SHA256, _ text: Bytes, _ isJoined: Bool) {
        if isJoined { hasher.update(UnsafeRawBufferPointer(Bytes("\n").buffer)) }
        hasher.update(UnsafeRawBufferPointer(text.buffer))
    }

    /// The user's last message; `.undefined` when there is none.
    public func turnText(in arena: Arena) -> Value {
        guard !turn.isEmpty else { return .undefined }
        if turn.count == 1 { return .text(texts[turn.lowerBound].text, arena) }
        var output = ByteBuilder(arena)
        for index in turn {
            if index > turn.lowerBound { output.append(UInt8(ascii: "\n")) }
            output.append(texts[index].text.buffer)
        }
        return .text(Bytes(start: output.bytes.baseAddress, count: output.count), arena)
    }

    /// What the prompt brings in, without its text.
    ///
    /// - Parameter digest: SHA-256 of the document at an index; nil when only its name is known.
    public func documentsValue(in arena: Arena, digest: (Int) -> Digest?) -> Value {
        guard !documents.isEmpty else { return .emptyArray }
        let memory = arena.values(documents.count)
        for (index, document) in documents.enumerated() {
            memory[index] = value(of: document, digest(index), arena)
        }
        return .array(sharing: memory, count: documents.count)
    }

    private func value(of document: PromptDocument, _ digest: Digest?, _ arena: Arena) -> Value {
        let size = document.texts.reduce(0) { $0 + documentTexts[$1].count }
        let keys: [StaticString] = ["source", "tool", "arguments", "reference", "hash", "bytes"]
        return Value.object(keys, in: arena) { key in
            if key.equals("source") { return .string(document.source) }
            if key.equals("tool") { return .unlessEmpty(document.tool, arena) }
            if key.equals("arguments") { return Self.arguments(document.arguments, arena) }
            if key.equals("reference") { return .unlessEmpty(document.reference, arena) }
            if key.equals("bytes") { return .integer(size) }
            return digest?.value(in: arena) ?? .undefined
        }
    }

    /// OpenAI sends the arguments of a call as JSON text.
    private static func arguments(_ arguments: Value, _ arena: Arena) -> Value {
        guard arguments.isString else { return arguments }
        guard arguments.count <= Limits.callArgumentBytes else { return .undefined }
        do throws(JSONReader.Failure) {
            return try JSONReader.read(arguments.bytes, into: arena)
        } catch {
            return .undefined
        }
    }
}

extension Digest {
    /// 64 lower-case hexadecimal digits.
    public func value(in arena: Arena) -> Value {
        let text = arena.allocate(UInt8.self, count: 2 * Self.byteCount)
        withUnsafeBytes { bytes in
            for index in 0..<Self.byteCount {
                text[2 * index] = Self.digit(bytes[index] >> 4)
                text[2 * index + 1] = Self.digit(bytes[index] & 15)
            }
        }
        return .string(text, 2 * Self.byteCount)
    }

    private static func digit(_ nibble: UInt8) -> UInt8 {
        nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") - 10 + nibble
    }
}
