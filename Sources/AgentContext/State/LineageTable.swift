// SPDX-License-Identifier: Apache-2.0
import Authorization

/// The prompts and documents that an agent was given last, by the first eight bytes of their
/// SHA-256: no texts. One that comes again is the newest again.
///
/// Prompts and documents have places of their own, so that many documents do not push out the
/// prompt that asked for them.
struct LineageTable {
    struct Entry {
        var digest: UInt64 = 0
        /// Seconds since 1970, of the last time; 0 for an unused place.
        var lastSeen: UInt32 = 0
        /// Low bits of the session's hash; 0 for none.
        var session: UInt16 = 0
        var source: LineageSource = .prompt
    }

    /// The newest first; prompts, then documents.
    private var entries = InlineArray<8, Entry>(repeating: Entry())

    private static let prompts = 0..<Limits.lineagePrompts
    private static let documents =
        Limits.lineagePrompts..<(Limits.lineagePrompts + Limits.lineageDocuments)

    mutating func add(_ link: LineageLink, session: UInt16, at second: UInt32) {
        let places = link.source == .prompt ? Self.prompts : Self.documents
        var place = places.lowerBound
        while place < places.upperBound - 1, entries[place].lastSeen > 0 {
            let entry = entries[place]
            if entry.digest == link.digest, entry.session == session, entry.source == link.source {
                break
            }
            place += 1
        }
        while place > places.lowerBound {
            entries[place] = entries[place - 1]
            place -= 1
        }
        entries[place] = Entry(
            digest: link.digest, lastSeen: max(1, second), session: session, source: link.source)
    }

    /// Calls `body` with each prompt or each document, the newest first.
    func forEach(isPrompt: Bool, _ body: (Entry) -> Void) {
        for place in isPrompt ? Self.prompts : Self.documents where entries[place].lastSeen > 0 {
            body(entries[place])
        }
    }
}
