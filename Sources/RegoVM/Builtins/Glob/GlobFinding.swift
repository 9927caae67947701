// SPDX-License-Identifier: Apache-2.0

extension GlobMatcher {
    /// The first place where a part of the text matches, and where such parts end.
    func find(in text: GlobText, _ run: inout GlobRun) -> (start: Int, ends: GlobEnds)? {
        switch self {
        case .nothing: return (0, .one(0))
        case .text(let expected, _):
            return text.first(expected).map { ($0, .one(expected.count)) }
        case .any(let delimiters):
            let end = delimiters.first(in: text) ?? text.count
            return end == 0 && text.count > 0 ? (0, .one(0)) : whole(text.part(to: end), &run)
        case .anyAtAll: return whole(text, &run)
        case .single, .list, .range: return findOne(in: text)
        case .contains(let needle, let isNegated):
            return findNeedle(needle, isNegated, in: text, &run)
        case .minimum(let count):
            guard text.count >= count, run.spend(text.count) else { return nil }
            let ends = text.runeEnds.dropFirst(max(count, 1) - 1)
            return ends.isEmpty ? nil : (0, .several(Array(ends)))
        case .maximum(let count):
            guard run.spend(text.count) else { return nil }
            return (0, .several([0] + text.runeEnds.prefix(count)))
        case .prefix(let prefix):
            return text.first(prefix).map { start in
                let rest = text.part(from: start + prefix.count)
                return (start, ends(of: rest, behind: prefix.count, &run))
            }
        case .prefixAndAny(let prefix, let delimiters):
            return text.first(prefix).map { start in
                let rest = text.part(from: start + prefix.count)
                let end = delimiters.first(in: rest) ?? rest.count
                return (start, ends(of: rest.part(to: end), behind: prefix.count, &run))
            }
        case .suffix(let suffix):
            return text.first(suffix).map { (0, .one($0 + suffix.count)) }
        case .anyAndSuffix(let suffix, let delimiters):
            return text.first(suffix).map { place in
                let start = delimiters.last(in: text.part(to: place)).map { $0 + 1 } ?? 0
                return (start, .one(place + suffix.count - start))
            }
        case .prefixAndSuffix(let prefix, let suffix):
            return findPair(prefix, suffix, in: text, &run)
        case .row(let row, let runes): return findRow(row, runes, in: text, &run)
        case .every(let all): return findEvery(all, in: text, &run)
        case .alternatives(let all): return findAny(all, in: text, &run)
        // The library does not look for these.
        case .tree: return nil
        }
    }

    /// Every beginning of the text, and all of it.
    private func whole(_ text: GlobText, _ run: inout GlobRun) -> (start: Int, ends: GlobEnds)? {
        guard run.spend(text.count) else { return nil }
        return (0, .several(text.runeStarts + [text.count]))
    }

    private func ends(of rest: GlobText, behind prefix: Int, _ run: inout GlobRun) -> GlobEnds {
        guard run.spend(rest.count) else { return .one(prefix) }
        return .several([prefix] + rest.runeEnds.map { prefix + $0 })
    }

    private func findOne(in text: GlobText) -> (start: Int, ends: GlobEnds)? {
        var index = 0
        while index < text.count {
            let (scalar, length) = Runes.decode(text, index)
            if accepts(scalar) { return (index, .one(GlobText.goLength(scalar, length))) }
            index += length
        }
        return nil
    }

    private func findNeedle(
        _ needle: [UInt8], _ isNegated: Bool, in text: GlobText, _ run: inout GlobRun
    ) -> (start: Int, ends: GlobEnds)? {
        let place = text.first(needle)
        if isNegated { return whole(text.part(to: place ?? text.count), &run) }
        guard let place else { return nil }
        let offset = place + needle.count
        guard text.count > offset else { return (0, .one(offset)) }
        let rest = text.part(from: offset)
        guard run.spend(rest.count) else { return nil }
        return (0, .several((rest.runeStarts + [rest.count]).map { offset + $0 }))
    }

    private func findPair(
        _ prefix: [UInt8], _ suffix: [UInt8], in text: GlobText, _ run: inout GlobRun
    ) -> (start: Int, ends: GlobEnds)? {
        guard let start = text.first(prefix) else { return nil }
        if suffix.isEmpty { return (start, .one(text.count - start)) }
        var rest = text.part(from: start)
        var ends: [Int] = []
        while run.spend(suffix.count), let place = rest.last(suffix) {
            ends.append(place + suffix.count)
            rest = rest.part(to: place)
        }
        return ends.isEmpty ? nil : (start, .several(ends.reversed()))
    }

    private func findRow(
        _ row: [GlobMatcher], _ runes: Int, in text: GlobText, _ run: inout GlobRun
    ) -> (start: Int, ends: GlobEnds)? {
        for start in text.runeStarts {
            let rest = text.part(from: start)
            guard rest.count >= runes, run.spend(runes) else { return nil }
            if matchesRow(row, rest, &run) { return (start, .one(runes)) }
            if run.failure != nil { return nil }
        }
        return nil
    }

    /// Where all of them begin at the same place, the ends that they share.
    private func findEvery(
        _ all: [GlobMatcher], in text: GlobText, _ run: inout GlobRun
    ) -> (start: Int, ends: GlobEnds)? {
        var start = 0
        var offset = 0
        var shared: [Int] = []
        for (number, matcher) in all.enumerated() {
            guard let (place, ends) = matcher.find(in: text.part(from: start), &run) else {
                return nil
            }
            if number == 0 {
                shared = ends.list
            } else {
                let found = Set(ends.list)
                let delta = start - (place + offset)
                guard run.spend(shared.count) else { return nil }
                shared = shared.map { $0 + delta }.filter(found.contains)
                if shared.isEmpty { return nil }
            }
            start = min(place + offset, text.count)
            offset += place
        }
        return (start, .several(shared))
    }

    /// The earliest of them; the ends of those that begin there together.
    private func findAny(
        _ all: [GlobMatcher], in text: GlobText, _ run: inout GlobRun
    ) -> (start: Int, ends: GlobEnds)? {
        var best: (start: Int, ends: [Int])?
        for matcher in all {
            guard let (start, ends) = matcher.find(in: text, &run), run.spend(start) else {
                continue
            }
            guard let known = best, known.start <= start else {
                best = (start, ends.list)
                continue
            }
            if known.start == start {
                best = (start, Set(known.ends).union(ends.list).sorted())
            }
        }
        return best.map { ($0.start, .several($0.ends)) }
    }
}

/// Part of a text; it may begin or end inside of a character.
typealias GlobText = UnsafeBufferPointer<UInt8>

extension GlobText {
    func part(from start: Int = 0, to end: Int? = nil) -> GlobText {
        GlobText(rebasing: self[start..<(end ?? count)])
    }

    func first(_ needle: [UInt8]) -> Int? {
        guard let initial = needle.first else { return 0 }
        guard count >= needle.count else { return nil }
        for index in 0...(count - needle.count)
        where self[index] == initial && isEqual(needle, at: index) {
            return index
        }
        return nil
    }

    func last(_ needle: [UInt8]) -> Int? {
        guard count >= needle.count else { return nil }
        for index in (0...(count - needle.count)).reversed() where isEqual(needle, at: index) {
            return index
        }
        return nil
    }

    func hasPrefix(_ prefix: [UInt8]) -> Bool {
        count >= prefix.count && isEqual(prefix, at: 0)
    }

    func hasSuffix(_ suffix: [UInt8]) -> Bool {
        count >= suffix.count && isEqual(suffix, at: count - suffix.count)
    }

    private func isEqual(_ expected: [UInt8], at start: Int) -> Bool {
        for index in expected.indices where self[start + index] != expected[index] { return false }
        return true
    }

    func hasRunes(_ expected: Int) -> Bool {
        var index = 0
        var runes = 0
        while index < count, runes < expected {
            index += Runes.decode(self, index).length
            runes += 1
        }
        return runes >= expected
    }

    var runeStarts: [Int] {
        var starts: [Int] = []
        var index = 0
        while index < count {
            starts.append(index)
            index += Runes.decode(self, index).length
        }
        return starts
    }

    var runeEnds: [Int] {
        var ends: [Int] = []
        var index = 0
        while index < count {
            let (scalar, length) = Runes.decode(self, index)
            ends.append(index + Self.goLength(scalar, length))
            index += length
        }
        return ends
    }

    /// A broken character counts for as long as the one that stands for it.
    static func goLength(_ scalar: UInt32, _ length: Int) -> Int {
        scalar == Runes.replacement ? 3 : length
    }
}
