// SPDX-License-Identifier: Apache-2.0

/// Turns a glob into matchers, by the steps of `gobwas/glob`: what matches depends on them.
enum GlobCompiler {
    static func compile(
        _ tree: GlobNode, _ delimiters: Delimiters
    ) throws(BuiltinError) -> GlobMatcher {
        try matcher(tree, delimiters)
    }

    private static func matcher(
        _ node: GlobNode, _ delimiters: Delimiters
    ) throws(BuiltinError) -> GlobMatcher {
        switch node {
        case .nothing: return .nothing
        case .text(let bytes): return simplified(.text(bytes))
        case .any: return simplified(.any(delimiters))
        case .anyAtAll: return .anyAtAll
        case .single: return .single(delimiters)
        case .list(let list, let isNegated):
            return simplified(.list(list, isNegated: isNegated))
        case .range(let low, let high, let isNegated):
            return .range(low, high, isNegated: isNegated)
        case .alternatives(let children):
            guard children.count <= GlobLimits.alternatives else { throw tooLong }
            if let shorter = GlobFactoring.shortened(children) {
                return try matcher(shorter, delimiters)
            }
            return .alternatives(try matchers(children, delimiters))
        case .sequence(let children):
            guard children.count <= GlobLimits.parts else { throw tooLong }
            guard !children.isEmpty else { return .nothing }
            let whole = simplified(joined(glued(try matchers(children, delimiters))[...]))
            guard whole.depth(limit: GlobLimits.matcherDepth) < GlobLimits.matcherDepth else {
                throw tooLong
            }
            return whole
        }
    }

    private static var tooLong: BuiltinError {
        BuiltinError(.limit, "glob has too many parts")
    }

    private static func matchers(
        _ nodes: [GlobNode], _ delimiters: Delimiters
    ) throws(BuiltinError) -> [GlobMatcher] {
        var result: [GlobMatcher] = []
        for node in nodes { result.append(simplified(try matcher(node, delimiters))) }
        return result
    }

    /// A row of matchers as one: a tree around the longest part of known length.
    private static func joined(_ matchers: ArraySlice<GlobMatcher>) -> GlobMatcher {
        guard matchers.count > 1, let first = matchers.first else {
            return matchers.first ?? .nothing
        }
        if let glued = glue(matchers) { return glued }
        var longest: (index: Int, length: Int)?
        for (index, matcher) in zip(matchers.indices, matchers) {
            if let length = matcher.length, length >= longest?.length ?? 0 {
                longest = (index, length)
            }
        }
        guard let longest else {
            return .tree(value: first, left: nil, right: joined(matchers.dropFirst()))
        }
        let left = matchers[..<longest.index]
        let right = matchers[(longest.index + 1)...]
        return .tree(
            value: matchers[longest.index], left: left.isEmpty ? nil : joined(left),
            right: right.isEmpty ? nil : joined(right))
    }

    // MARK: Gluing

    /// Replaces the longest stretch that one matcher can stand for, again and again.
    private static func glued(_ matchers: [GlobMatcher]) -> [GlobMatcher] {
        var matchers = matchers
        while true {
            var best: (matcher: GlobMatcher, range: Range<Int>)?
            for start in matchers.indices {
                for end in (start + 1...matchers.count).reversed() {
                    guard let glued = glue(matchers[start..<end]) else { continue }
                    guard let known = best else {
                        best = (glued, start..<end)
                        continue
                    }
                    let isLonger =
                        if let length = glued.length, let other = known.matcher.length {
                            length > other
                        } else {
                            false
                        }
                    if isLonger || known.range.count < end - start { best = (glued, start..<end) }
                }
            }
            guard let best else { return matchers }
            matchers.replaceSubrange(best.range, with: [best.matcher])
        }
    }

    private static func glue(_ matchers: ArraySlice<GlobMatcher>) -> GlobMatcher? {
        guard matchers.count > 1 else { return nil }
        return glueWildcards(matchers) ?? glueRow(matchers)
    }

    private static func glueRow(_ matchers: ArraySlice<GlobMatcher>) -> GlobMatcher? {
        var runes = 0
        for matcher in matchers {
            guard let length = matcher.length else { return nil }
            runes += length
        }
        return .row(Array(matchers), runes: runes)
    }

    /// Wildcards with the same delimiters: so many characters, and no delimiter among them.
    private static func glueWildcards(_ matchers: ArraySlice<GlobMatcher>) -> GlobMatcher? {
        var shared: Delimiters?
        var hasAny = false
        var hasAnyAtAll = false
        var count = 0
        for matcher in matchers {
            let own: Delimiters
            switch matcher {
            case .anyAtAll:
                own = Delimiters([UInt32]())
                hasAnyAtAll = true
            case .any(let delimiters):
                own = delimiters
                hasAny = true
            case .single(let delimiters):
                own = delimiters
                count += 1
            case .list(let list, isNegated: true):
                own = Delimiters(list)
                count += 1
            default: return nil
            }
            guard own == shared ?? own else { return nil }
            shared = own
        }
        guard let shared else { return nil }
        if count == 0 {
            if hasAnyAtAll && !hasAny { return .anyAtAll }
            if hasAny && !hasAnyAtAll { return .any(shared) }
        } else if (hasAny || hasAnyAtAll) && shared.isEmpty {
            return .minimum(count)
        }
        var all: [GlobMatcher] = []
        if count > 0 {
            all.append(.minimum(count))
            if !hasAny && !hasAnyAtAll { all.append(.maximum(count)) }
        }
        if !shared.isEmpty { all.append(.contains(shared.joined, isNegated: true)) }
        return .every(all)
    }

    // MARK: Simplifying

    private static func simplified(_ matcher: GlobMatcher) -> GlobMatcher {
        switch matcher {
        case .any(let delimiters) where delimiters.isEmpty: return .anyAtAll
        case .alternatives(let all) where all.count == 1: return all[0]
        case .list(let list, isNegated: false) where list.count == 1:
            return .text(Delimiters(list).joined)
        case .tree(let value, let left, let right):
            return simplifiedTree(value, left.map(simplified), right.map(simplified))
        default: return matcher
        }
    }

    private static func simplifiedTree(
        _ value: GlobMatcher, _ left: GlobMatcher?, _ right: GlobMatcher?
    ) -> GlobMatcher {
        guard case .text(let text, _) = value else {
            return .tree(value: value, left: left, right: right)
        }
        switch (left, right) {
        case (nil, nil): return value
        case (.anyAtAll, .anyAtAll): return .contains(text, isNegated: false)
        case (.anyAtAll, nil): return .suffix(text)
        case (nil, .anyAtAll): return .prefix(text)
        case (nil, .suffix(let suffix)): return .prefixAndSuffix(text, suffix)
        case (.prefix(let prefix), nil): return .prefixAndSuffix(prefix, text)
        case (.any(let delimiters), nil): return .anyAndSuffix(text, delimiters)
        case (nil, .any(let delimiters)): return .prefixAndAny(text, delimiters)
        default: return .tree(value: value, left: left, right: right)
        }
    }
}

extension GlobMatcher {
    static func text(_ bytes: [UInt8]) -> GlobMatcher {
        .text(bytes, runes: bytes.withUnsafeBufferPointer { Runes.count($0) })
    }

    /// How deep matchers stand inside of each other, up to a limit.
    fileprivate func depth(limit: Int) -> Int {
        guard limit > 0 else { return 0 }
        switch self {
        case .row(let all, _), .every(let all), .alternatives(let all):
            return 1 + (all.map { $0.depth(limit: limit - 1) }.max() ?? 0)
        case .tree(let value, let left, let right):
            return 1
                + max(
                    value.depth(limit: limit - 1), left?.depth(limit: limit - 1) ?? 0,
                    right?.depth(limit: limit - 1) ?? 0)
        default: return 1
        }
    }
}

/// Takes out of alternatives what all of them begin or end with: `{ab*,ac*}` is `a{b,c}*`.
enum GlobFactoring {
    /// nil where they have nothing in common.
    static func shortened(_ alternatives: [GlobNode]) -> GlobNode? {
        let sequences = alternatives.map { node -> [GlobNode]? in
            if case .sequence(let children) = node { children } else { nil }
        }
        let rows = sequences.compactMap { $0 }
        guard rows.count == alternatives.count, rows.count > 1 else { return nil }
        let (left, right) = common(rows)
        guard left + right > 0 else { return nil }

        var result: [GlobNode] = []
        if left > 0 { result.append(.sequence(Array(rows[0].prefix(left)))) }
        var rest: [GlobNode] = []
        for row in rows {
            let middle = Array(row[left..<(row.count - right)])
            let node = middle.isEmpty ? GlobNode.nothing : .sequence(middle)
            if !rest.contains(node) { rest.append(node) }
        }
        if rest.count > 1 {
            result.append(.alternatives(rest))
        } else if rest[0] != .nothing {
            result.append(rest[0])
        }
        if right > 0 { result.append(.sequence(Array(rows[0].suffix(right)))) }
        return .sequence(result)
    }

    /// How many parts all begin with, and how many of the others all end with.
    private static func common(_ rows: [[GlobNode]]) -> (left: Int, right: Int) {
        let shortest = rows.indices.min { rows[$0].count < rows[$1].count } ?? 0
        let row = rows[shortest]
        var left = 0
        var right = 0
        var (isLeftOver, isRightOver) = (false, false)
        for index in row.indices {
            guard left + right < row.count, !(isLeftOver && isRightOver) else { break }
            let mirrored = row.count - 1 - index
            for (number, other) in rows.enumerated() where number != shortest {
                if isLeftOver && isRightOver { break }
                isLeftOver = isLeftOver || row[index] != other[index]
                // Where the left side reaches over the middle there is nothing left to end with.
                isRightOver = isRightOver || (!isLeftOver && mirrored <= index)
                isRightOver =
                    isRightOver || row[mirrored] != other[mirrored + other.count - row.count]
            }
            if !isLeftOver { left += 1 }
            if !isRightOver { right += 1 }
        }
        return (left, right)
    }
}
