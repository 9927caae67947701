// SPDX-License-Identifier: Apache-2.0

/// Bounds of globs: what they take in time and stack.
enum GlobLimits {
    /// Alternatives inside of alternatives.
    static let depth = 64
    /// Parts in a row, and alternatives beside each other.
    static let parts = 256
    static let alternatives = 4096
    /// Matchers inside of matchers.
    static let matcherDepth = 200
    /// Bytes that one match may look at, those that it looks at again counted again.
    static let work = 16 << 20
}

/// What one match has spent.
struct GlobRun {
    private(set) var failure: BuiltinError?
    private var work = GlobLimits.work

    /// False when nothing is left: whatever is found then does not count.
    mutating func spend(_ bytes: Int) -> Bool {
        work -= bytes + 1
        guard work < 0 else { return true }
        if failure == nil { failure = BuiltinError(.limit, "glob takes too long to match") }
        return false
    }

    /// A case in which OPA's library fails too.
    mutating func fail() {
        if failure == nil { failure = .failed("glob cannot be matched") }
    }
}

/// The characters at which `*` and `?` stop, in the order in which they are given.
struct Delimiters: Equatable {
    let runes: [UInt32]
    let texts: [[UInt8]]

    init(_ text: UnsafeBufferPointer<UInt8>) {
        var runes: [UInt32] = []
        var texts: [[UInt8]] = []
        var index = 0
        while index < text.count {
            let (scalar, length) = Runes.decode(text, index)
            runes.append(scalar)
            texts.append(Array(text[index..<(index + length)]))
            index += length
        }
        self.runes = runes
        self.texts = texts
    }

    init(_ runes: [UInt32]) {
        self.runes = runes
        texts = runes.map { rune in
            Array(String(Unicode.Scalar(rune).map(Character.init) ?? "\u{FFFD}").utf8)
        }
    }

    var isEmpty: Bool { runes.isEmpty }
    /// All of them in a row.
    var joined: [UInt8] { texts.flatMap { $0 } }

    /// The place of the first delimiter that occurs at all; later ones may come before it.
    func first(in text: GlobText) -> Int? {
        for delimiter in texts {
            if let index = text.first(delimiter) { return index }
        }
        return nil
    }

    func last(in text: GlobText) -> Int? {
        for delimiter in texts {
            if let index = text.last(delimiter) { return index }
        }
        return nil
    }
}

/// Where a match ends, counted from where it begins; ascending.
enum GlobEnds {
    case one(Int)
    case several([Int])

    var list: [Int] {
        switch self {
        case .one(let end): [end]
        case .several(let ends): ends
        }
    }
}

/// A glob ready to match: `gobwas/glob` knows these shapes of patterns, and finds what each of them
/// finds, no more and no less.
indirect enum GlobMatcher {
    case nothing
    case text([UInt8], runes: Int)
    case any(Delimiters)
    case anyAtAll
    case single(Delimiters)
    case list([UInt32], isNegated: Bool)
    case range(UInt32, UInt32, isNegated: Bool)
    case contains([UInt8], isNegated: Bool)
    /// Characters at least, and at most.
    case minimum(Int)
    case maximum(Int)
    case prefix([UInt8])
    case suffix([UInt8])
    /// They may overlap.
    case prefixAndSuffix([UInt8], [UInt8])
    case prefixAndAny([UInt8], Delimiters)
    case anyAndSuffix([UInt8], Delimiters)
    case row([GlobMatcher], runes: Int)
    case every([GlobMatcher])
    case alternatives([GlobMatcher])
    /// `value` somewhere, `left` of all before it, and `right` of all behind it.
    case tree(value: GlobMatcher, left: GlobMatcher?, right: GlobMatcher?)

    /// How many characters it matches; nil where that differs.
    var length: Int? {
        switch self {
        case .nothing: return 0
        case .text(_, let runes), .row(_, let runes): return runes
        case .single, .list, .range: return 1
        case .every(let all): return all.isEmpty ? 0 : nil
        case .alternatives(let all):
            // The first one that is known counts for those before it.
            var length: Int?
            for matcher in all {
                guard let known = length else {
                    length = matcher.length
                    continue
                }
                guard matcher.length == known else { return nil }
            }
            return length
        case .tree(let value, let left, let right):
            guard let own = value.length, let before = left.map(\.length) ?? 0,
                let behind = right.map(\.length) ?? 0
            else { return nil }
            return own + before + behind
        default: return nil
        }
    }

    // MARK: The whole text

    func matches(_ text: GlobText, _ run: inout GlobRun) -> Bool {
        switch self {
        case .nothing: return text.count == 0
        case .text(let expected, _):
            return text.count == expected.count && text.hasPrefix(expected)
        case .any(let delimiters):
            return run.spend(text.count) && delimiters.first(in: text) == nil
        case .anyAtAll: return true
        case .single, .list, .range: return matchesOne(text)
        case .contains(let needle, let isNegated):
            return run.spend(text.count) && (text.first(needle) != nil) != isNegated
        case .minimum(let count): return count <= 0 ? text.count > 0 : text.hasRunes(count)
        case .maximum(let count): return !text.hasRunes(count + 1)
        case .prefix(let prefix): return text.hasPrefix(prefix)
        case .suffix(let suffix): return text.hasSuffix(suffix)
        case .prefixAndSuffix(let prefix, let suffix):
            return text.hasPrefix(prefix) && text.hasSuffix(suffix)
        case .prefixAndAny(let prefix, let delimiters):
            return text.hasPrefix(prefix) && run.spend(text.count)
                && delimiters.first(in: text.part(from: prefix.count)) == nil
        case .anyAndSuffix(let suffix, let delimiters):
            return text.hasSuffix(suffix) && run.spend(text.count)
                && delimiters.first(in: text.part(to: text.count - suffix.count)) == nil
        case .row(let row, let runes):
            return run.spend(text.count) && text.hasRunes(runes) && !text.hasRunes(runes + 1)
                && matchesRow(row, text, &run)
        case .every(let all):
            for matcher in all where !matcher.matches(text, &run) { return false }
            return true
        case .alternatives(let all):
            for matcher in all where matcher.matches(text, &run) { return true }
            return false
        case .tree(let value, let left, let right):
            return matchesTree(value, left, right, text, &run)
        }
    }

    /// One character, or none: the empty text counts as a character that is in no list.
    private func matchesOne(_ text: GlobText) -> Bool {
        guard text.count > 0 else { return accepts(Runes.replacement) }
        let (scalar, length) = Runes.decode(text, 0)
        return length == text.count && accepts(scalar)
    }

    func accepts(_ scalar: UInt32) -> Bool {
        switch self {
        case .single(let delimiters): !delimiters.runes.contains(scalar)
        case .list(let list, let isNegated): list.contains(scalar) != isNegated
        case .range(let low, let high, let isNegated):
            (low <= scalar && scalar <= high) != isNegated
        default: false
        }
    }

    /// A character's last byte is taken for its only one, so that rows fail beyond ASCII.
    func matchesRow(
        _ row: [GlobMatcher], _ text: GlobText, _ run: inout GlobRun
    ) -> Bool {
        var index = 0
        for matcher in row {
            let length = matcher.length ?? 0
            var count = 0
            var end = index
            var next = index
            while next < text.count {
                end = next
                count += 1
                if count == length { break }
                next += Runes.decode(text, next).length
            }
            if count < length { return false }
            guard end < text.count else {
                run.fail()
                return false
            }
            if !matcher.matches(text.part(from: index, to: end + 1), &run) { return false }
            index = end + 1
        }
        return true
    }

    private func matchesTree(
        _ value: GlobMatcher, _ left: GlobMatcher?, _ right: GlobMatcher?, _ text: GlobText,
        _ run: inout GlobRun
    ) -> Bool {
        if let length, length > text.count { return false }
        // Characters count as bytes here.
        var offset = left.map { $0.length ?? 0 } ?? 0
        let limit = text.count - (right.map { $0.length ?? 0 } ?? 0)
        while offset < limit {
            let part = text.part(from: offset, to: limit)
            guard let (index, ends) = value.find(in: part, &run), run.spend(index) else {
                return false
            }
            let start = offset + index
            let before = text.part(to: start)
            if left?.matches(before, &run) ?? (start == 0) {
                for end in ends.list.reversed() {
                    let behind = text.part(from: min(start + end, text.count))
                    if right?.matches(behind, &run) ?? (behind.count == 0) { return true }
                }
            }
            offset = start + (start < text.count ? Runes.decode(text, start).length : 0)
            if run.failure != nil { return false }
        }
        return false
    }
}
