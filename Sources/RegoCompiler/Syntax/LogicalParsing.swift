// SPDX-License-Identifier: Apache-2.0

// `and`, `or`, and bodies under `not`.
//
// In the place of an operand braces hold a body, and parentheses group operands. Whether a bracket
// is one of these or begins a value is seen from what stands behind and inside it, so nothing is
// read twice.
extension SyntaxParser {
    var isLogicalOperator: Bool { kind == .and || kind == .or }

    private var hasLogicalKeywords: Bool {
        keywords.contains(.and) || keywords.contains(.or)
    }

    // MARK: Chains

    /// A chain that begins with a bracket: `{ ... } and y`, `(a or b)`. nil, and nothing read,
    /// when the expression begins otherwise.
    mutating func parseLeadingLogicalOperand() throws(Diagnostic) -> Expression? {
        guard hasLogicalKeywords, let close = partner(of: cursor) else { return nil }
        let first = token
        let isFollowed = isLogicalOperator(at: close + 1)
        if kind == .leftBrace, isFollowed {
            return try parseChainTail(try parseBracedOperand(), first)
        }
        if kind == .leftParenthesis, isGroup(cursor, isOperand: false) {
            return try parseChainTail(try parseGroup(), first)
        }
        return nil
    }

    /// What follows a chain's first operand: operators, operands, and modifiers of the whole.
    mutating func parseChainTail(
        _ operand: Expression, _ first: Token
    ) throws(Diagnostic) -> Expression {
        try parseChainTail([operand], first)
    }

    private mutating func parseChainTail(
        _ operand: Body, _ first: Token
    ) throws(Diagnostic) -> Expression {
        let chain = try parseOrChain(operand, first)
        // A lone operand in braces does not come here: an operator always follows those.
        let expression = chain[0]
        if kind == .with, !isKeywordReference { try parseModifiers(of: expression) }
        return expression
    }

    private mutating func parseOrChain(
        _ operand: Body, _ first: Token
    ) throws(Diagnostic) -> Body {
        var left = try parseAndChain(operand, first)
        while kind == .or {
            let leftHeight = height
            advance()
            let rightToken = token
            let right = try parseAndChain(try parseOperand(of: "or"), rightToken)
            left = [try chained(left, right, .or, first, leftHeight)]
        }
        return left
    }

    private mutating func parseAndChain(
        _ operand: Body, _ first: Token
    ) throws(Diagnostic) -> Body {
        var left = operand
        while kind == .and {
            let leftHeight = height
            advance()
            let right = try parseOperand(of: "and")
            left = [try chained(left, right, .and, first, leftHeight)]
        }
        return left
    }

    private mutating func chained(
        _ left: Body, _ right: Body, _ operation: Token.Kind, _ first: Token, _ leftHeight: Int
    ) throws(Diagnostic) -> Expression {
        try checkCanFail(left, operation)
        try checkCanFail(right, operation)
        try raise(above: max(leftHeight, height))
        return Expression(
            location: location(from: first, to: previousEnd),
            kind: operation == .and ? .and(left, right) : .or(left, right))
    }

    // MARK: Operands

    /// One operand after an operator.
    private mutating func parseOperand(of operation: String) throws(Diagnostic) -> Body {
        try enter()
        defer { leave() }
        if kind == .leftBrace { return try parseBracedOperand() }
        let first = token
        let isNegated = kind == .not && !isKeywordReference
        if isNegated { advance() }
        if isNegated, keywords.contains(.not),
            let block = try parseNegatedBlock(first, isOperand: true)
        {
            return [block]
        }
        if !isNegated, kind == .leftParenthesis, isGroup(cursor, isOperand: true) {
            return [try parseGroup()]
        }
        if isKeywordReference { kind = .identifier }
        let expression = try parseExpression()
        return [isNegated ? negated(expression, first) : expression]
    }

    /// `{ ... }` as an operand.
    private mutating func parseBracedOperand() throws(Diagnostic) -> Body {
        let first = token
        let start = mark()
        let isEmpty = kind(at: cursor + 1) == .rightBrace
        do {
            let body = try parseBracedBody()
            try checkUnion(body, first)
            return body
        } catch {
            // Perhaps the braces hold a value: then say so.
            let stop = mark()
            restore(start)
            if !isEmpty, (try? parseInfix()) != nil, isLogicalOperator || kind == .rightBrace {
                throw braceLedOperand(first)
            }
            restore(stop)
            throw error
        }
    }

    /// After `not`: `{ ... }` or a group of operands. nil when a plain expression follows.
    mutating func parseNegatedBlock(
        _ first: Token, isOperand: Bool
    ) throws(Diagnostic) -> Expression? {
        let body: Body
        if kind == .leftBrace {
            body = try parseNegatedBraces()
        } else if kind == .leftParenthesis, hasLogicalKeywords, isGroup(cursor, isOperand: true) {
            body = [try parseGroup()]
        } else {
            return nil
        }
        try raise(above: height)
        let block = Expression(
            location: location(from: first, to: previousEnd), kind: .block(body))
        block.isNegated = true
        return block
    }

    private mutating func parseNegatedBraces() throws(Diagnostic) -> Body {
        let first = token
        let body = try parseBracedBody()
        try checkUnion(body, first)
        return body
    }

    // MARK: Groups

    /// Whether the parenthesis at `open` groups operands, rather than being part of a term.
    private func isGroup(_ open: Int, isOperand: Bool) -> Bool {
        guard let close = partner(of: open) else { return false }
        if open + 1 == close { return isOperand }
        let first = open + 1
        if kind(at: first) == .not, !headsReference(first) { return true }
        var index = first
        var hasModifier = false
        while index < close {
            if isLogicalOperator(at: index), index > first, endsOperand(index - 1) { return true }
            hasModifier = hasModifier || (kind(at: index) == .with && !headsReference(index))
            index = max(index, Int(tokens[index].partner)) + 1
        }
        if hasModifier { return isOperand || isLogicalOperator(at: close + 1) }
        return kind(at: first) == .leftParenthesis && partner(of: first) == close - 1
            && isGroup(first, isOperand: isOperand)
    }

    private func isLogicalOperator(at index: Int) -> Bool {
        let kind = kind(at: index)
        return kind == .and || kind == .or
    }

    private func headsReference(_ index: Int) -> Bool {
        guard index + 1 < tokens.count, !tokens[index + 1].flags.contains(.spaceBefore) else {
            return false
        }
        return tokens[index + 1].kind == .dot || tokens[index + 1].kind == .leftBracket
    }

    /// Whether a token can be the last one of a term, so that an operator may follow.
    private func endsOperand(_ index: Int) -> Bool {
        switch kind(at: index) {
        case .identifier, .number, .string, .rawString, .templateEnd, .null, .true, .false,
            .contains, .rightBracket, .rightBrace, .rightParenthesis:
            true
        default:
            // A keyword as a ref's last name.
            index > 0 && tokens[index - 1].kind == .dot && tokens[index].kind.isKeyword
        }
    }

    /// `( operands )`
    private mutating func parseGroup() throws(Diagnostic) -> Expression {
        try enter()
        defer { leave() }
        let open = token
        advance()
        guard kind != .rightParenthesis else {
            throw error("empty parenthesized group", at: location(of: open))
        }
        let first = token
        let chain = try parseOrChain(try parseOperand(of: ""), first)
        guard chain.count == 1, let expression = chain.first else {
            throw error(
                "`(...)` in an operand position cannot contain a body", at: location(of: open))
        }
        if kind == .with, !isKeywordReference {
            let modifierToken = token
            try parseModifiers(of: expression)
            guard !isLogicalOperator else { throw modifierOnOperand(modifierToken) }
        }
        guard kind == .rightParenthesis else {
            throw error("expected ) to close parenthesized group")
        }
        advance()
        return expression
    }

    // MARK: Refusals

    func modifierOnOperand(_ modifier: Token) -> Diagnostic {
        let name = kind.name
        return error(
            "`with` modifier is not allowed on operand of `\(name)`",
            at: location(of: modifier),
            hint: "wrap the operand in `(...)` or `{...}` to scope, or move `with` after the"
                + " `\(name)` expression to apply it to the whole expression")
    }

    /// An operand that begins with a value's brace, when the braces do not hold a body.
    func braceLedOperand(_ brace: Token) -> Diagnostic {
        let name = isLogicalOperator ? kind.name : "and"
        return error(
            "operand of `\(name)` cannot begin with `{` unless the braces hold a body",
            at: location(of: brace), hint: "wrap the operand in `(...)` to keep the value")
    }

    /// `{ a | b }` as an operand reads as a body, but looks like a comprehension.
    private func checkUnion(_ body: Body, _ brace: Token) throws(Diagnostic) {
        guard let first = body.first, case .term(let term) = first.kind,
            case .call(let name, let place, _) = term.kind, name == ["or"],
            bytes[Int(place.start)] == UInt8(ascii: "|"),
            bytes[Int(first.location.start)] != UInt8(ascii: "(")
        else { return }
        throw error(
            "ambiguous `{ ... | ... }` operand: read as a body holding a set-union expression,"
                + " not as a comprehension",
            at: location(of: brace),
            hint: "write `({ ... | ... })` for the comprehension, or `{ (... | ...) }` for the"
                + " set union")
    }

    /// An operand of nothing but `print` always succeeds.
    private func checkCanFail(_ operand: Body, _ operation: Token.Kind) throws(Diagnostic) {
        for expression in operand {
            guard !expression.isNegated, case .term(let term) = expression.kind,
                case .call(let name, _, _) = term.kind, name == ["print"]
            else { return }
        }
        throw error(
            "operand of `\(operation.name)` cannot consist only of calls to `print`",
            at: operand[0].location,
            hint: "`print` produces no value and always succeeds, so the operand can never fail;"
                + " move it out of the operand, or add an expression that can fail")
    }
}
