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
    @inline(never)
    func parseLeadingLogicalOperand() throws(SyntaxError) -> Expression? {
        guard hasLogicalKeywords else { return nil }
        let first = token
        if kind == .leftBrace, let close = partner(of: cursor), isLogicalOperator(at: close + 1) {
            let operation = kind(at: close + 1).name
            return try parseChainTail(try parseBracedOperand(of: operation), first)
        }
        if kind == .leftParenthesis, isGroup(cursor, isOperand: false) {
            return try parseChainTail(try parseGroup(), first)
        }
        return nil
    }

    /// What follows a chain's first operand: operators, operands, and modifiers of the whole.
    func parseChainTail(
        _ operand: Expression, _ first: Token
    ) throws(SyntaxError) -> Expression {
        try parseChainTail([operand], first)
    }

    private func parseChainTail(
        _ operand: Body, _ first: Token
    ) throws(SyntaxError) -> Expression {
        let chain = try parseOrChain(operand, first)
        // A lone operand in braces does not come here: an operator always follows those.
        let expression = chain[0]
        if kind == .with, !isKeywordReference { try parseModifiers(of: expression) }
        return expression
    }

    private func parseOrChain(
        _ operand: Body, _ first: Token
    ) throws(SyntaxError) -> Body {
        var left = try parseAndChain(operand, first)
        while kind == .or {
            let leftHeight = height
            advance()
            let rightToken = token
            let right = try parseAndChain(try parseOperand(of: "or"), rightToken)
            left = [try chained(left, right, .or, (first, rightToken), leftHeight)]
        }
        return left
    }

    private func parseAndChain(
        _ operand: Body, _ first: Token
    ) throws(SyntaxError) -> Body {
        var left = operand
        while kind == .and {
            let leftHeight = height
            advance()
            let rightToken = token
            let right = try parseOperand(of: "and")
            left = [try chained(left, right, .and, (first, rightToken), leftHeight)]
        }
        return left
    }

    private func chained(
        _ left: Body, _ right: Body, _ operation: Token.Kind,
        _ first: (left: Token, right: Token), _ leftHeight: Int
    ) throws(SyntaxError) -> Expression {
        try checkCanFail(left, operation)
        try checkCanFail(right, operation)
        try raise(above: max(leftHeight, height))
        let expression = Expression(
            location: location(from: first.left, to: previousEnd),
            kind: operation == .and ? .and(left, right) : .or(left, right))
        if isBraced(left, first.left) { expression.braces.insert(.left) }
        if isBraced(right, first.right) { expression.braces.insert(.right) }
        return expression
    }

    /// True when braces around the operand, rather than the operand itself, begin at its token.
    private func isBraced(_ operand: Body, _ first: Token) -> Bool {
        first.kind == .leftBrace && operand[0].location.start > first.start
    }

    // MARK: Operands

    /// One operand after an operator.
    @inline(never)
    private func parseOperand(of operation: String) throws(SyntaxError) -> Body {
        try enter()
        defer { leave() }
        if kind == .leftBrace { return try parseBracedOperand(of: operation) }
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
        let expression = try parseOperandExpression(isNegated ? "not " : "")
        return [isNegated ? negated(expression, first) : expression]
    }

    /// A plain operand. Parentheses around braces hold a value; a body there is refused.
    func parseOperandExpression(_ prefix: String) throws(SyntaxError) -> Expression {
        let open = token
        let start = mark()
        let wrapsBraces =
            hasLogicalKeywords && kind == .leftParenthesis
            && kind(at: cursor + 1) == .leftBrace
            && partner(of: cursor + 1).map { $0 + 1 } == partner(of: cursor)
        guard wrapsBraces else { return try parseExpression() }
        do {
            return try parseExpression()
        } catch {
            let stop = mark()
            restore(start)
            advance()
            let brace = token
            guard (try? parseBracedBody()) != nil else {
                restore(stop)
                throw error
            }
            throw self.error(
                "`(...)` in an operand position cannot contain a body", at: location(of: open),
                hint: "drop the parens to keep the body: `\(prefix)\(text(from: brace))`")
        }
    }

    /// `{ ... }` as an operand.
    @inline(never)
    private func parseBracedOperand(
        of operation: String
    ) throws(SyntaxError) -> Body {
        let first = token
        let start = mark()
        let isEmpty = kind(at: cursor + 1) == .rightBrace
        let body: Body
        do {
            body = try parseBracedBody()
        } catch {
            guard !isEmpty else { throw error }
            // Perhaps the braces hold a value: then say so.
            let stop = mark()
            restore(start)
            if (try? parseInfix()) != nil { throw braceLedOperand(first, of: operation) }
            restore(stop)
            throw error
        }
        try checkUnion(body, first, "")
        return body
    }

    /// After `not`: `{ ... }` or a group of operands. nil when a plain expression follows.
    @inline(never)
    func parseNegatedBlock(
        _ first: Token, isOperand: Bool
    ) throws(SyntaxError) -> Expression? {
        let body: Body
        let isBraced = kind == .leftBrace
        if isBraced {
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
        if isBraced { block.braces = .left }
        return block
    }

    private func parseNegatedBraces() throws(SyntaxError) -> Body {
        let first = token
        let start = mark()
        let isEmpty = kind(at: cursor + 1) == .rightBrace
        let body: Body
        do {
            body = try parseBracedBody()
        } catch {
            guard !isEmpty else { throw error }
            let stop = mark()
            restore(start)
            if let value = try? parseInfix() { throw negatedValue(value, first) }
            restore(stop)
            throw error
        }
        try checkUnion(body, first, "not ")
        return body
    }

    // MARK: Groups

    /// Whether the parenthesis at `open` groups operands, rather than being part of a term.
    private func isGroup(_ open: Int, isOperand: Bool) -> Bool {
        var open = open
        while true {
            // One that nothing closes may group as well, and is then said to be open.
            let close = partner(of: open) ?? tokens.count - 1
            let first = open + 1
            if first == close { return isOperand }
            if kind(at: first) == .not, !headsReference(first) { return true }
            switch operatorInside(first, close) {
            case .and?, .or?: return true
            case .with?: return isOperand || isLogicalOperator(at: close + 1)
            default: break
            }
            // `((a or b))` groups as `(a or b)` does.
            guard kind(at: first) == .leftParenthesis, partner(of: first) == close - 1 else {
                return false
            }
            open = first
        }
    }

    /// `and` or `or` between operands, else `with`, else nil; brackets inside are passed over.
    private func operatorInside(_ first: Int, _ close: Int) -> Token.Kind? {
        var index = first
        var found: Token.Kind?
        while index < close {
            let kind = kind(at: index)
            if kind == .and || kind == .or, index > first, endsOperand(index - 1) { return kind }
            if kind == .with, !headsReference(index) { found = .with }
            index = max(index, Int(tokens[index].partner)) + 1
        }
        return found
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
    @inline(never)
    private func parseGroup() throws(SyntaxError) -> Expression {
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

    func modifierOnOperand(_ modifier: Token) -> SyntaxError {
        let name = kind.name
        return error(
            "`with` modifier is not allowed on operand of `\(name)`",
            at: location(of: modifier),
            hint: "Wrap the operand in `(...)` or `{...}` to scope, or move `with` after the"
                + " `\(name)` expression to apply it to the whole expression")
    }

    /// An operand that begins with a value's brace, when the braces do not hold a body.
    func braceLedOperand(_ brace: Token, of operation: String) -> SyntaxError {
        error(
            "operand of `\(operation)` cannot begin with `{` unless the braces hold a body",
            at: location(of: brace),
            hint: "wrap the operand to keep the value: `(\(text(from: brace))) \(operation) ...`")
    }

    /// Braces under `not` that hold a value.
    private func negatedValue(_ value: Term, _ brace: Token) -> SyntaxError {
        let operand = text(from: brace)
        return error(
            "`{...}` in an operand position must contain expression(s), got: "
                + value.leftmostOperand.kind.name,
            at: location(of: brace),
            hint: "write `not (\(operand))` to negate the value, or `not {\(operand)}` for a body"
                + " holding it")
    }

    /// The text from a token to the one before the current one.
    private func text(from first: Token) -> String {
        String(decoding: bytes[Int(first.start)..<Int(previousEnd)], as: UTF8.self)
    }

    /// `{ a | b }` as an operand reads as a body, but looks like a comprehension.
    private func checkUnion(
        _ body: Body, _ brace: Token, _ prefix: String
    ) throws(SyntaxError) {
        guard let first = body.first, case .term(let term) = first.kind,
            case .call(let name, let place, _) = term.kind, name == ["or"],
            bytes[Int(place.start)] == UInt8(ascii: "|"),
            bytes[Int(first.location.start)] != UInt8(ascii: "(")
        else { return }
        let braces = text(from: brace)
        let inner = bytes[Int(first.location.start)..<Int(first.location.end)]
        let before = bytes[Int(brace.start)..<inner.startIndex]
        let after = bytes[inner.endIndex..<Int(previousEnd)]
        let union = [before, inner, after].map { String(decoding: $0, as: UTF8.self) }
        throw error(
            "ambiguous `{ ... | ... }` operand: read as a body holding a set-union expression,"
                + " not as a comprehension",
            at: location(of: brace),
            hint: "write `\(prefix)(\(braces))` for the comprehension, or"
                + " `\(prefix)\(union[0])(\(union[1]))\(union[2])` for the set union")
    }

    /// An operand of nothing but `print` always succeeds.
    private func checkCanFail(_ operand: Body, _ operation: Token.Kind) throws(SyntaxError) {
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

extension Term {
    /// The first operand of the first operand, and so on, through infix operators.
    fileprivate var leftmostOperand: Term {
        var term = self
        while case .call(_, let place, let operands) = term.kind, let first = operands.first,
            place.start > first.location.start
        {
            term = first
        }
        return term
    }
}
