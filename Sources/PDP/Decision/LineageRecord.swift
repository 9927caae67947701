// SPDX-License-Identifier: Apache-2.0
import Authorization
import Cryptography
import RegoVM

// `prompt` of a decision's record: hashes and names, no texts.
extension CheckLineage {
    /// As one JSON object; empty when there is nothing to say. Valid until the next check.
    func record(in arena: Arena) -> Bytes {
        guard !isEmpty else { return .empty }
        var output = ByteBuilder(arena, capacity: 128 + 192 * documents.count)
        output.append(UInt8(ascii: "{"))
        if let prompt { Self.append("sha256", prompt, to: &output) }
        if !documents.isEmpty {
            if prompt != nil { output.append(UInt8(ascii: ",")) }
            output.append("\"documents\":[")
            for (index, document) in documents.enumerated() {
                if index > 0 { output.append(UInt8(ascii: ",")) }
                Self.append(document, to: &output)
            }
            output.append("]")
            if total > documents.count {
                output.append(",\"document_count\":")
                output.append(Int64(total))
            }
        }
        output.append(UInt8(ascii: "}"))
        return Bytes(start: output.bytes.baseAddress, count: output.count)
    }

    private static func append(_ document: Document, to output: inout ByteBuilder) {
        output.append("{\"source\":\"")
        output.append(document.source.word)
        output.append("\",")
        append(document.isOfName ? "name_sha256" : "sha256", document.digest, to: &output)
        if !document.tool.isEmpty {
            output.append(",\"tool\":")
            append(document.tool, limit: Limits.lineageToolBytes, to: &output)
        }
        if !document.name.isEmpty {
            output.append(",\"name\":")
            // An address may carry a token in its query, and a password before its host.
            var masked = ByteBuilder(output.arena, capacity: Limits.lineageNameBytes)
            var target = MaskedTarget(document.name, hidesUserinfo: true)
            while masked.count < Limits.lineageNameBytes, let part = target.next() {
                masked.append(part[0..<min(part.count, Limits.lineageNameBytes)].buffer)
            }
            let name = Bytes(start: masked.bytes.baseAddress, count: masked.count)
            append(name, limit: Limits.lineageNameBytes, to: &output)
        }
        output.append(UInt8(ascii: "}"))
    }

    private static func append(
        _ key: StaticString, _ digest: Digest, to output: inout ByteBuilder
    ) {
        output.append(UInt8(ascii: "\""))
        output.append(key)
        output.append("\":")
        JSONWriter.append(digest.value(in: output.arena), to: &output)
    }

    /// The text's beginning, cut where a character begins.
    private static func append(_ text: Bytes, limit: Int, to output: inout ByteBuilder) {
        var end = min(text.count, limit)
        while end > 0, end < text.count, text[end] & 0xC0 == 0x80 { end -= 1 }
        JSONWriter.appendString(text[0..<end].buffer, to: &output)
    }
}
