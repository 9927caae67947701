// SPDX-License-Identifier: Apache-2.0

// Which headers hold what opens doors. The record, the content store and what replay takes for
// readable all follow this one rule, so that none of them keeps what another one masks.
extension Bytes {
    /// Whether a header of this name, in any case, holds a credential: an authorization, a cookie,
    /// a token, a key, a signature. Its value never enters the log.
    public var namesSecret: Bool {
        guard let start, count >= 3 else { return false }
        for place in 0..<(count - 2) {
            // Two letters of either case: most places are passed by here.
            let pair = UInt16(start[place] | 0x20) << 8 | UInt16(start[place + 1] | 0x20)
            if hasSecretWord(pair, place) { return !isHarmless }
        }
        return false
    }

    /// Names that contain such a word and hold no credential: Envoy's own, and the session, which
    /// is one of the identities (MCP forbids its use as a credential).
    private var isHarmless: Bool {
        equalsFolded(":authority") || equalsFolded("mcp-session-id")
            || equalsFolded("x-envoy-auth-partial-body")
    }

    /// Whether one of the words that name credentials begins here.
    ///
    /// - Parameter pair: the first two letters.
    @inline(__always)
    private func hasSecretWord(_ pair: UInt16, _ place: Int) -> Bool {
        switch pair {
        case 0x6175: hasWord("auth", place)
        case 0x6170: hasWord("api-key", place) || hasWord("apikey", place)
        case 0x6163: hasWord("access-key", place)
        case 0x636F: hasWord("cookie", place)
        case 0x6372: hasWord("credential", place)
        case 0x6A77: hasWord("jwt", place)
        case 0x7061: hasWord("password", place) || hasWord("passwd", place)
        case 0x7072: hasWord("private-key", place)
        case 0x7365: hasWord("secret", place) || hasWord("session", place)
        case 0x7369: hasWord("signature", place)
        case 0x746F: hasWord("token", place)
        default: false
        }
    }

    /// - Parameter word: lower case.
    private func equalsFolded(_ word: StaticString) -> Bool {
        count == word.utf8CodeUnitCount && hasWord(word, 0)
    }

    @inline(never)
    private func hasWord(_ word: StaticString, _ place: Int) -> Bool {
        guard place + word.utf8CodeUnitCount <= count else { return false }
        for index in 0..<word.utf8CodeUnitCount {
            let byte = self[place + index]
            let folded = byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte
            if folded != word.utf8Start[index] { return false }
        }
        return true
    }
}
