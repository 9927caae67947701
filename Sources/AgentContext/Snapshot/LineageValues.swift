// SPDX-License-Identifier: Apache-2.0
import Authorization
import RegoVM

/// `input.context.lineage`
extension AgentSnapshot {
    /// `{"prompts": [...], "documents": [...]}`: which prompts and documents the agent was given
    /// before, each list the newest first.
    ///
    /// Each entry has `digest` (the first 16 digits of a SHA-256), `time` (seconds since 1970),
    /// `source` and, when the request names a session, `same_session`. The digest is over the text;
    /// of a resource, and of a document whose text was not seen, over its name.
    func lineageValue(_ arena: Arena) -> Value {
        let builder = CollectionBuilder.object(in: arena, capacity: 2)
        builder.insert(.string("prompts"), lineage(isPrompt: true, arena))
        builder.insert(.string("documents"), lineage(isPrompt: false, arena))
        return builder.finish()
    }

    private func lineage(isPrompt: Bool, _ arena: Arena) -> Value {
        guard isKnown else { return .emptyArray }
        let memory = arena.values(max(Limits.lineagePrompts, Limits.lineageDocuments))
        var count = 0
        content.pointee.state.lineage.forEach(isPrompt: isPrompt) { entry in
            let builder = CollectionBuilder.object(in: arena, capacity: 4)
            builder.insert(.string("digest"), Self.hexadecimal(entry.digest, arena))
            builder.insert(.string("source"), .string(entry.source.word))
            builder.insert(.string("time"), .integer(Int(entry.lastSeen)))
            if session != 0 {
                let isSame = entry.session == AgentState.lineageSession(session)
                builder.insert(.string("same_session"), .boolean(isSame))
            }
            memory[count] = builder.finish()
            count += 1
        }
        return .array(sharing: memory, count: count)
    }

    private static func hexadecimal(_ word: UInt64, _ arena: Arena) -> Value {
        let digits = UInt64.bitWidth / 4
        let text = arena.allocate(UInt8.self, count: digits)
        for place in 0..<digits {
            let digit = UInt8(truncatingIfNeeded: word >> (UInt64.bitWidth - 4 * (place + 1))) & 15
            text[place] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") - 10 + digit
        }
        return .string(text, digits)
    }
}
