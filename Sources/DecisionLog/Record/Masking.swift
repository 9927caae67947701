// SPDX-License-Identifier: Apache-2.0
import Authorization

// What never enters a record, whatever the configuration: values that open doors.
extension JSONBuffer {
    /// A request target without its fragment and with every value of its query masked:
    /// `/a?token=x&b` is `/a?token=*&*`.
    ///
    /// A parameter without `=` is masked whole: it may be the secret itself.
    mutating func maskedPath(_ whole: Bytes, limit: Int) {
        let target = whole.beforeFragment
        let end = min(capacity - RecordLimits.reserve, count + limit)
        beginString()
        defer { endString() }
        guard let query = target.firstIndex(of: UInt8(ascii: "?")) else {
            escaped(target, limit: limit)
            return
        }
        guard escaped(target[0..<(query + 1)], limit: limit) else { return }
        var start = query + 1
        let length = target.count
        while start < length {
            var stop = start
            var equals: Int?
            while stop < length, target[stop] != UInt8(ascii: "&") {
                if equals == nil, target[stop] == UInt8(ascii: "=") { equals = stop }
                stop += 1
            }
            guard end - count > 2 else {
                isCut = true
                return
            }
            if let equals, !escaped(target[start..<(equals + 1)], limit: end - count - 2) { return }
            if stop > (equals.map { $0 + 1 } ?? start) { raw(UInt8(ascii: "*")) }
            if stop < length { raw(UInt8(ascii: "&")) }
            start = stop + 1
        }
    }
}

/// Whether a header's value is kept out of records: credentials, cookies, tokens and keys.
///
/// - Parameter name: in any case.
func isSecretHeader(_ name: Bytes) -> Bool {
    if name.equalsFolded("cookie") || name.equalsFolded("set-cookie") { return true }
    for place in 0..<name.count where name.hasSecretWord(at: place) { return true }
    return false
}

extension Bytes {
    fileprivate func firstIndex(of byte: UInt8) -> Int? {
        buffer.firstIndex(of: byte)
    }

    fileprivate var beforeFragment: Bytes {
        firstIndex(of: UInt8(ascii: "#")).map { self[0..<$0] } ?? self
    }

    /// - Parameter word: lower case.
    fileprivate func equalsFolded(_ word: StaticString) -> Bool {
        count == word.utf8CodeUnitCount && matchesFolded(word, at: 0)
    }

    /// Whether one of the words that name credentials begins here. Most places are passed by on
    /// their first letter.
    @inline(__always)
    fileprivate func hasSecretWord(at place: Int) -> Bool {
        switch self[place] | 0x20 {
        case UInt8(ascii: "a"):
            hasWord("auth", place) || hasWord("api-key", place) || hasWord("apikey", place)
        case UInt8(ascii: "c"): hasWord("credential", place)
        case UInt8(ascii: "j"): hasWord("jwt", place)
        case UInt8(ascii: "p"): hasWord("password", place)
        case UInt8(ascii: "s"):
            hasWord("secret", place) || hasWord("signature", place) || hasWord("session", place)
        case UInt8(ascii: "t"): hasWord("token", place)
        default: false
        }
    }

    private func hasWord(_ word: StaticString, _ place: Int) -> Bool {
        place + word.utf8CodeUnitCount <= count && matchesFolded(word, at: place)
    }

    private func matchesFolded(_ word: StaticString, at place: Int) -> Bool {
        for index in 0..<word.utf8CodeUnitCount {
            let byte = self[place + index]
            let folded = byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte
            if folded != word.utf8Start[index] { return false }
        }
        return true
    }
}
