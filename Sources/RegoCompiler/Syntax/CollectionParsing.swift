// SPDX-License-Identifier: Apache-2.0

// Arrays, sets, objects, and their comprehensions.
//
// `|` is an operator and also begins a comprehension's body; the comprehension goes first. Only
// with a comma before the closing bracket can `|` be the operator, as in `{1 | 2, 3}`.
extension SyntaxParser {
    @inline(never)
    func parseArray(_ first: Token) throws(SyntaxError) -> Term {
        let close = partner(of: cursor)
        advance()
        if kind == .rightBracket { return try finish(.array([]), first, above: 0) }
        let mayBeComprehension = !skipLeadingComma()
        let head = try parseTerm()
        let headHeight = height
        if kind == .union, mayBeComprehension,
            let body = try parseComprehensionBody(.rightBracket, close)
        {
            return try finish(
                .arrayComprehension(head, body), first, above: max(headHeight, height))
        }
        height = headHeight
        let member = try continueInfix(head)
        let members = try parseList(until: .rightBracket, after: member)
        return try finish(.array(members), first, above: height)
    }

    /// `{`: an object, a set, or a comprehension of either.
    @inline(never)
    func parseBraces(_ first: Token) throws(SyntaxError) -> Term {
        let close = partner(of: cursor)
        advance()
        if kind == .rightBrace { return try finish(.object([]), first, above: 0) }
        let mayBeComprehension = !skipLeadingComma()
        let head = try parseTerm()
        let headHeight = height
        if kind == .union, mayBeComprehension,
            let body = try parseComprehensionBody(.rightBrace, close)
        {
            return try finish(.setComprehension(head, body), first, above: max(headHeight, height))
        }
        height = headHeight
        let member = try continueInfix(head)
        switch kind {
        case .rightBrace, .comma:
            let members = try parseList(until: .rightBrace, after: member)
            return try finish(.set(members), first, above: height)
        case .colon:
            return try parseObject(first, key: member, close, mayBeComprehension)
        default:
            throw unexpected("non-terminated set")
        }
    }

    /// From the colon after the first key.
    @inline(never)
    private func parseObject(
        _ first: Token, key: Term, _ close: Int?, _ mayBeComprehension: Bool
    ) throws(SyntaxError) -> Term {
        let keyHeight = height
        advance()
        let head = try parseTerm()
        let headHeight = height
        if kind == .union, mayBeComprehension,
            let body = try parseComprehensionBody(.rightBrace, close)
        {
            return try finish(
                .objectComprehension(key: key, value: head, body), first,
                above: max(keyHeight, headHeight, height))
        }
        height = headHeight
        let value = try continueInfix(head)
        var tallest = max(keyHeight, height)
        var pairs = [(key: key, value: value)]
        guard kind == .comma || kind == .rightBrace else {
            throw unexpected("non-terminated object")
        }
        while kind == .comma {
            advance()
            if kind == .rightBrace { break }
            pairs.append(try parsePair(&tallest))
        }
        guard kind == .rightBrace else { throw unexpected("expected \",\" or \"}\"") }
        return try finish(.object(Self.lastOfEach(pairs)), first, above: tallest)
    }

    /// Of pairs with one constant or variable as their key the last counts, and the others are not
    /// evaluated (as in OPA).
    private static func lastOfEach(_ pairs: Pairs) -> Pairs {
        var places: [String: Int] = [:]
        var result: Pairs = []
        for pair in pairs {
            guard let name = plainKey(pair.key) else {
                result.append(pair)
                continue
            }
            if let place = places[name] {
                result[place] = pair
            } else {
                places[name] = result.count
                result.append(pair)
            }
        }
        return result
    }

    private typealias Pairs = [(key: Term, value: Term)]

    /// The text of a constant or a variable that is no wildcard.
    private static func plainKey(_ key: Term) -> String? {
        switch key.kind {
        case .variable(let name): name.hasPrefix("$") ? nil : name
        case .string, .number, .boolean, .null: RegoPrinter.text(key)
        default: nil
        }
    }

    @inline(never)
    private func parsePair(
        _ tallest: inout Int
    ) throws(SyntaxError) -> (key: Term, value: Term) {
        let key = try parseListMember()
        tallest = max(tallest, height)
        try expect(.colon, "expected \":\"")
        let value = try parseListMember()
        tallest = max(tallest, height)
        return (key, value)
    }

    /// Reads terms up to the closing bracket, which stays the current token. A comma may precede
    /// it. Leaves the tallest member's height.
    @inline(never)
    func parseList(
        until close: Token.Kind, after first: Term? = nil
    ) throws(SyntaxError) -> [Term] {
        var members: [Term] = []
        var tallest = 0
        if let first {
            members.append(first)
            tallest = height
        }
        if first == nil, kind != close {
            members.append(try parseListMember())
            tallest = height
        }
        while kind == .comma, !members.isEmpty {
            advance()
            if kind == close { break }
            members.append(try parseListMember())
            tallest = max(tallest, height)
        }
        guard kind == close else { throw unexpected("expected \",\" or \"\(close.name)\"") }
        height = tallest
        return members
    }

    /// `[, x]` is `[x]`, and never a comprehension: kept for old policies, as OPA does.
    private func skipLeadingComma() -> Bool {
        guard kind == .comma else { return false }
        advance()
        return true
    }

    /// Steps over the closing bracket and makes the term.
    @inline(never)
    private func finish(
        _ kind: Term.Kind, _ first: Token, above tallest: Int
    ) throws(SyntaxError) -> Term {
        advance()
        try raise(above: tallest)
        return term(kind, from: first)
    }

    // MARK: Comprehensions

    /// The body after `|`, with the closing bracket as current token. nil, and nothing read, when
    /// the bar is an operator.
    @inline(never)
    private func parseComprehensionBody(
        _ close: Token.Kind, _ closeIndex: Int?
    ) throws(SyntaxError) -> Body? {
        let bar = mark()
        let mayBeOperator = hasComma(before: closeIndex)
        advance()
        guard mayBeOperator else { return try parseBody(until: close) }
        do {
            return try parseBody(until: close)
        } catch {
            guard kind == .comma else { throw error }
            restore(bar)
            return nil
        }
    }

    /// Whether a comma stands between the current token and the closing bracket, not inside other
    /// brackets. An unclosed bracket may hold anything.
    private func hasComma(before close: Int?) -> Bool {
        guard let close else { return true }
        var index = cursor
        while index < close {
            if tokens[index].kind == .comma { return true }
            index = max(index, Int(tokens[index].partner)) + 1
        }
        return false
    }
}
