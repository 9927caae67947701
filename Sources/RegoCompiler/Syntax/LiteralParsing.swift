// SPDX-License-Identifier: Apache-2.0

// Bodies and their expressions.
extension SyntaxParser {
    // MARK: Bodies

    /// Expressions up to the closing bracket, which stays the current token.
    @inline(never)
    func parseBody(until close: Token.Kind) throws(SyntaxError) -> Body {
        try enter()
        defer { leave() }
        guard kind != close else { throw error("found empty body") }
        var body: Body = []
        var tallest = 0
        while true {
            body.append(try parseLiteral())
            tallest = max(tallest, height)
            if kind == .semicolon {
                advance()
                continue
            }
            if kind == close { break }
            guard token.flags.contains(.newlineBefore), kind != .eof else {
                throw unexpected(
                    "expected \\n or ; or \(close.name)", hint: missingKeywordHint(body))
            }
        }
        height = tallest
        return body
    }

    /// `{ ... }`
    func parseBracedBody() throws(SyntaxError) -> Body {
        advance()
        let body = try parseBody(until: .rightBrace)
        advance()
        return body
    }

    /// Advice where an expression only makes sense with a keyword that is off.
    private func missingKeywordHint(_ body: Body) -> String? {
        guard kind == .identifier, let last = body.last else { return nil }
        if token.kind == .in, case .someVariables = last.kind {
            return "`import future.keywords.in` for `some x in xs` expressions"
        }
        if case .term(let term) = last.kind, case .variable("every") = term.kind, isMembership {
            return "`import future.keywords.every` for `every x in xs { ... }` expressions"
        }
        return nil
    }

    /// Whether `x in` or `k, v in` stands here, be `in` a keyword or not.
    private var isMembership: Bool {
        var index = cursor + 1
        if kind(at: index) == .comma { index += 2 }
        return index < tokens.count && tokens[index].kind == .in
    }

    // MARK: Expressions

    /// One expression of a body with its modifiers, and `and`/`or` chains of them.
    @inline(never)
    func parseLiteral() throws(SyntaxError) -> Expression {
        try enter()
        defer { leave() }
        let first = token
        let expression = try parseUnplacedLiteral(first)
        expression.location = location(from: first, to: previousEnd)
        return expression
    }

    @inline(never)
    private func parseUnplacedLiteral(_ first: Token) throws(SyntaxError) -> Expression {
        if let chain = try parseLeadingLogicalOperand() { return chain }
        if isKeywordReference {
            kind = .identifier
            return try parsePlainLiteral(negation: nil, first)
        }
        var negation: Token?
        if kind == .not {
            negation = first
            advance()
        }
        switch kind {
        case .some where !isKeywordReference:
            guard negation == nil else { throw unexpected("illegal negation of 'some'") }
            return try parseSome()
        case .every where !isKeywordReference:
            guard negation == nil else { throw unexpected("illegal negation of 'every'") }
            return try parseEvery()
        default:
            return try parsePlainLiteral(negation: negation, first)
        }
    }

    /// `x`, `x = y`, `x := y`, each perhaps negated, with modifiers, or first in a chain.
    @inline(never)
    private func parsePlainLiteral(
        negation: Token?, _ first: Token
    ) throws(SyntaxError) -> Expression {
        if negation != nil, keywords.contains(.not),
            let block = try parseNegatedBlock(first, isOperand: false)
        {
            return try parseChainTail(block, first)
        }
        let operandToken = token
        var expression = try parseOperandExpression(negation == nil ? "" : "not ")
        let modifierToken = kind == .with && !isKeywordReference ? token : nil
        if modifierToken != nil { try parseModifiers(of: expression) }
        if negation != nil { expression = negated(expression, first) }
        guard isLogicalOperator else { return expression }
        if let modifierToken { throw modifierOnOperand(modifierToken) }
        if negation == nil, operandToken.kind == .leftBrace {
            throw braceLedOperand(operandToken, of: kind.name)
        }
        return try parseChainTail(expression, first)
    }

    /// An expression under `not`. With `future.keywords.not` the negation is a body of its own,
    /// and modifiers stand outside it.
    @inline(never)
    func negated(_ expression: Expression, _ first: Token) -> Expression {
        guard keywords.contains(.not) else {
            expression.isNegated = true
            return expression
        }
        let modifiers = expression.modifiers
        expression.modifiers = []
        let place = location(from: first, to: previousEnd)
        expression.location = place
        let block = Expression(location: place, kind: .block([expression]))
        block.isNegated = true
        block.modifiers = modifiers
        return block
    }

    /// A term, an assignment or a unification.
    @inline(never)
    func parseExpression() throws(SyntaxError) -> Expression {
        let first = token
        let left = try parseInfix()
        guard kind == .assign || kind == .unify else {
            return Expression(location: location(from: first, to: previousEnd), kind: .term(left))
        }
        let leftHeight = height
        let operatorToken = token
        let name = kind == .assign ? ["assign"] : ["eq"]
        advance()
        let right = try parseInfix()
        try raise(above: max(leftHeight, height))
        let call = infixCall(name, operatorToken, [left, right])
        return Expression(location: location(from: first, to: previousEnd), kind: .term(call))
    }

    // MARK: some, every

    @inline(never)
    private func parseSome() throws(SyntaxError) -> Expression {
        let first = token
        if declaresVariables { return try parseSomeVariables(first) }
        let start = mark()
        advance()
        guard case .call(let name, _, let operands) = try parseInfix().kind else {
            // No membership: read what there is of a list of names, and refuse the rest.
            restore(start)
            return try parseSomeVariables(first)
        }
        guard let (key, value, domain) = membership(name, operands) else {
            guard name.first != "internal" else { throw unexpected("illegal domain") }
            throw unexpected("expected `x in xs` or `x, y in xs` expression")
        }
        let expression = Expression(
            location: location(from: first, to: previousEnd),
            kind: .someIn(key: key, value: value, domain: domain))
        if kind == .with { try parseModifiers(of: expression) }
        return expression
    }

    /// Whether names and commas follow `some`, and no `in`.
    private var declaresVariables: Bool {
        var index = cursor + 1
        while kind(at: index) == .identifier {
            let next = kind(at: index + 1)
            guard next == .comma else {
                let isAdjacent = !tokens[min(index + 1, tokens.count - 1)].flags
                    .contains(.spaceBefore)
                let continues =
                    isAdjacent
                    && (next == .dot || next == .leftBracket || next == .leftParenthesis)
                return next != .in && !continues
            }
            index += 2
        }
        return false
    }

    @inline(never)
    private func parseSomeVariables(_ first: Token) throws(SyntaxError) -> Expression {
        var variables: [Term] = []
        repeat {
            advance()
            guard kind == .identifier else { throw unexpected("expected var") }
            variables.append(variable())
            advance()
        } while kind == .comma
        height = 1
        return Expression(
            location: location(from: first, to: previousEnd), kind: .someVariables(variables))
    }

    @inline(never)
    private func parseEvery() throws(SyntaxError) -> Expression {
        let first = token
        advance()
        let term = try parseInfix()
        var tallest = height
        guard case .call(let name, _, let operands) = term.kind,
            let (key, value, domain) = membership(name, operands)
        else { throw unexpected("expected `x[, y] in xs { ... }` expression") }
        if let key, !key.kind.isVariable { throw unexpected("expected key to be a variable") }
        guard value.kind.isVariable else { throw unexpected("expected value to be a variable") }
        guard kind == .leftBrace else { throw unexpected("missing body") }
        let body = try parseBracedBody()
        tallest = max(tallest, height)
        let expression = Expression(
            location: location(from: first, to: previousEnd),
            kind: .every(key: key, value: value, domain: domain, body: body))
        if kind == .with {
            try parseModifiers(of: expression)
            tallest = max(tallest, height)
        }
        try raise(above: tallest)
        return expression
    }

    /// Key, value and domain of a call that `in` made.
    private func membership(_ name: [String], _ operands: [Term]) -> (Term?, Term, Term)? {
        if name == InfixOperator.member.callName, operands.count == 2 {
            return (nil, operands[0], operands[1])
        }
        if name == InfixOperator.keyedMemberName, operands.count == 3 {
            return (operands[0], operands[1], operands[2])
        }
        return nil
    }

    // MARK: with

    /// `with target as value`, in any number, onto an expression whose height is the current one.
    @inline(never)
    func parseModifiers(of expression: Expression) throws(SyntaxError) {
        var tallest = height
        while kind == .with, !isKeywordReference {
            let first = token
            advance()
            guard kind == .identifier else { throw unexpected("expected ident") }
            let target = try parseTerm()
            switch target.kind {
            case .variable, .ref: break
            default: throw unexpected("expected with target path")
            }
            try expect(.as, "expected as keyword")
            let value = try parseInfix()
            tallest = max(tallest, height)
            expression.modifiers.append(
                Modifier(
                    location: location(from: first, to: previousEnd), target: target,
                    value: value))
        }
        height = tallest
    }
}

extension Term.Kind {
    var isVariable: Bool {
        if case .variable = self { true } else { false }
    }
}
