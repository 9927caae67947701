// SPDX-License-Identifier: Apache-2.0

/// A rule, and what the text said that the tree does not keep.
struct ParsedRule {
    var rule: Rule
    var usesIf = false
    var usesContains = false
    /// Neither a body nor a value was written.
    var isBare = false
    /// Where `else` branches stand whose bodies have no `if` before them.
    var bareElseBodies: [Location] = []
}

private struct ParsedHead {
    var head: Head
    var usesContains: Bool
}

// Rules: heads, bodies, `else`, `default`.
extension SyntaxParser {
    /// The rules of one statement: one, or one for each body in braces.
    func parseRules() throws(SyntaxError) -> [ParsedRule] {
        let first = token
        let start = mark()
        if kind == .default, !isKeywordReference { return [try parseDefaultRule(first)] }
        // Version 1 has its own word against a rule named `contains`.
        guard kind == .identifier || kind == .contains || isKeywordReference else {
            try refuseStatement(start)
            return []
        }
        let headMark = mark()
        let parsed = try parseHead(isDefault: false)
        let rule = Rule(
            location: location(from: first, to: previousEnd), isDefault: false,
            head: parsed.head, body: [], elseRule: nil)
        var result = ParsedRule(rule: rule, usesContains: parsed.usesContains)
        if kind == .if, !isKeywordReference {
            result.usesIf = true
            advance()
            rule.body = try parseBodyAfterIf()
        } else {
            makePartialSet(&rule.head, parsed.usesContains)
            guard kind == .leftBrace else { return try finishConstant(result, start) }
            rule.body = try parseBracedBody()
        }
        try parseElseBranches(of: &result, headMark)
        rule.location.end = previousEnd
        return try parseFurtherBodies(of: result, headMark)
    }

    /// In version 0, `p[x]` without a value is a set with the member `x`.
    private func makePartialSet(_ head: inout Head, _ usesContains: Bool) {
        guard !usesContains, head.arguments == nil, head.value == nil, head.ref.count == 2 else {
            return
        }
        head.key = head.ref.removeLast()
    }

    // MARK: Bodies

    /// `{ ... }` or one expression. Braces are a body, unless they are a value that is no set.
    private func parseBodyAfterIf() throws(SyntaxError) -> Body {
        guard kind == .leftBrace else { return [try parseLiteral()] }
        guard mayBeValue(cursor) else { return try parseBracedBody() }
        let start = mark()
        if let literal = try? parseLiteral(), !literal.isSet { return [literal] }
        restore(start)
        return try parseBracedBody()
    }

    /// Whether braces could hold an object or a comprehension, or belong to a longer expression.
    private func mayBeValue(_ open: Int) -> Bool {
        guard let close = partner(of: open) else { return false }
        if open + 1 == close { return true }
        switch kind(at: close + 1) {
        case .dot, .leftBracket: if isAdjacent(close + 1) { return true }
        case .with, .and, .or, .unify, .assign: return true
        case let next where InfixOperator(next) != nil: return true
        default: break
        }
        var index = open + 1
        while index < close {
            if tokens[index].kind == .colon || tokens[index].kind == .union { return true }
            index = max(index, Int(tokens[index].partner)) + 1
        }
        return false
    }

    private func isAdjacent(_ index: Int) -> Bool {
        !tokens[index].flags.contains(.spaceBefore)
    }

    /// More bodies after the first are more rules with the same head.
    private func parseFurtherBodies(
        of first: ParsedRule, _ headMark: Mark
    ) throws(SyntaxError) -> [ParsedRule] {
        var rules = [first]
        while kind == .leftBrace {
            guard first.rule.elseRule == nil else { throw error("expected else keyword") }
            let brace = token
            let end = partner(of: cursor).map { tokens[$0].end } ?? brace.end
            let place = location(from: brace, to: end)
            var head = try copiedHead(headMark, at: place)
            if !first.usesIf { makePartialSet(&head, first.usesContains) }
            let body = try parseBracedBody()
            var next = first
            next.rule = Rule(
                location: place, isDefault: false, head: head, body: body, elseRule: nil)
            rules.append(next)
        }
        return rules
    }

    /// Reads the head once more: no two rules share its terms. OPA places those of further bodies
    /// at the body.
    private func copiedHead(
        _ headMark: Mark, at place: Location? = nil
    ) throws(SyntaxError) -> Head {
        let here = mark()
        revisit(headMark)
        placement = place
        defer { placement = nil }
        let head = try parseHead(isDefault: false).head
        revisit(here)
        return head
    }

    // MARK: else

    private func parseElseBranches(
        of parsed: inout ParsedRule, _ headMark: Mark
    ) throws(SyntaxError) {
        let rule = parsed.rule
        guard kind == .else, !isKeywordReference else { return }
        guard rule.head.ref.dropFirst().allSatisfy({ $0.kind.isGround }) else {
            throw error("else keyword cannot be used on rules with variables in head")
        }
        guard rule.head.key == nil else {
            throw error("else keyword cannot be used on multi-value rules")
        }
        var last = rule
        var count = 0
        while kind == .else, !isKeywordReference {
            count += 1
            guard count <= limits.elseBranches else { throw error("too many else branches") }
            let branch = try parseElse(headMark, &parsed)
            last.elseRule = branch
            last = branch
        }
    }

    private func parseElse(
        _ headMark: Mark, _ parsed: inout ParsedRule
    ) throws(SyntaxError) -> Rule {
        let first = token
        var head = try copiedHead(headMark)
        head.value = nil
        head.isAssigned = false
        advance()
        switch kind {
        case .leftBrace, .if: break
        case .assign, .unify:
            head.isAssigned = kind == .assign
            advance()
            head.value = try parseInfix()
        default:
            throw unexpected("expected else value term or rule body")
        }
        head.location = location(from: first, to: previousEnd)
        if kind == .leftBrace { parsed.bareElseBodies.append(head.location) }
        let rule = Rule(
            location: head.location, isDefault: false, head: head, body: [], elseRule: nil)
        rule.body = try parseElseBody(rule.location)
        rule.location.end = previousEnd
        return rule
    }

    private func parseElseBody(_ place: Location) throws(SyntaxError) -> Body {
        if kind == .leftBrace { return try parseBracedBody() }
        guard kind == .if, !isKeywordReference else { return [] }
        advance()
        if kind == .leftBrace { return try parseBracedBody() }
        guard kind != .eof else { throw unexpected("rule body expected") }
        let literal = try parseLiteral()
        // OPA places a lone expression at its `else`.
        literal.location = place
        literal.location.end = previousEnd
        return [literal]
    }

    // MARK: Heads

    private func parseHead(isDefault: Bool) throws(SyntaxError) -> ParsedHead {
        let first = token
        var head = Head(
            location: location(of: first), ref: [variable()], arguments: nil, key: nil,
            value: nil, isAssigned: false)
        advance()
        try parseHeadRef(&head)
        let usesContains = kind == .contains && !isKeywordReference
        if usesContains {
            try parseContains(&head)
        } else if kind == .assign || kind == .unify {
            head.isAssigned = kind == .assign
            advance()
            try checkValueStarts(head, isDefault)
            head.value = try parseInfix()
        }
        head.location = extended(head.location)
        return ParsedHead(head: head, usesContains: usesContains)
    }

    /// `.name`, `[term]` and at last `(arguments)`. Space may follow the first name.
    private func parseHeadRef(_ head: inout Head) throws(SyntaxError) {
        var mayFollow = true
        while mayFollow || !token.flags.contains(.spaceBefore) {
            mayFollow = false
            switch kind {
            case .dot: head.ref.append(try parseDotOperand())
            case .leftBracket: head.ref.append(try parseBracketOperand())
            case .leftParenthesis:
                advance()
                let arguments = try parseList(until: .rightParenthesis)
                advance()
                // OPA takes `f()` for the rule `f`.
                head.arguments = arguments.isEmpty ? nil : arguments
                guard !isTail else {
                    throw unexpected("rule head ref \(name(of: head))(...) invalid")
                }
                return
            default:
                return
            }
        }
    }

    private func parseContains(_ head: inout Head) throws(SyntaxError) {
        let example = "(e.g., \(name(of: head)) contains <VALUE> { ... })"
        guard head.arguments == nil else {
            throw unexpected(
                "the contains keyword can only be used with multi-value rule definitions "
                    + example)
        }
        advance()
        guard startsTerm else { throw unexpected("expected rule key term \(example)") }
        head.key = try parseInfix()
    }

    private func checkValueStarts(_ head: Head, _ isDefault: Bool) throws(SyntaxError) {
        guard !startsTerm else { return }
        let name = name(of: head)
        if isDefault {
            throw unexpected("expected default rule value term (e.g., default \(name) := <VALUE>)")
        }
        if head.arguments != nil {
            throw unexpected("expected function value term (e.g., \(name)(...) := <VALUE> { ... })")
        }
        throw unexpected("expected rule value term (e.g., \(name) := <VALUE> { ... })")
    }

    /// Whether the current token can begin a term.
    private var startsTerm: Bool {
        switch kind {
        case .eof, .rightBrace, .rightBracket, .rightParenthesis, .semicolon, .comma, .colon,
            .assign, .unify, .equal, .notEqual:
            false
        default:
            !kind.isKeyword || [.null, .true, .false, .contains, .and, .or].contains(kind)
        }
    }

    private func name(of head: Head) -> String {
        TermText.describe(head.ref[0], Array(head.ref.dropFirst()))
    }

    // MARK: Constants and defaults

    /// A rule of a head alone, or the refusal of a statement that only began like one.
    private func finishConstant(
        _ parsed: ParsedRule, _ start: Mark
    ) throws(SyntaxError) -> [ParsedRule] {
        if parsed.usesContains { return [parsed] }
        guard kind != .illegal else { throw unexpected() }
        guard !continuesExpression else {
            try refuseStatement(start)
            return []
        }
        var result = parsed
        let head = parsed.rule.head
        if head.value == nil, head.key == nil, head.arguments == nil {
            guard head.ref.count > 1 else {
                refuse(ruleNameRefusal(of: head.ref[0]), at: parsed.rule.location)
                return []
            }
            result.isBare = true
        }
        return [result]
    }

    /// Whether the current token makes one expression of itself and the head before it.
    private var continuesExpression: Bool {
        switch kind {
        case .semicolon, .comma: true
        case .with, .and, .or: !isKeywordReference
        case .in: !isKeywordReference
        default: InfixOperator(kind) != nil
        }
    }

    private func parseDefaultRule(_ first: Token) throws(SyntaxError) -> ParsedRule {
        advance()
        guard kind == .identifier || isKeywordReference else { throw unexpected() }
        let head = try parseHead(isDefault: true).head
        let rule = Rule(
            location: location(from: first, to: previousEnd), isDefault: true, head: head,
            body: [], elseRule: nil)
        guard head.value != nil || head.arguments != nil || head.ref.count != 2 else {
            throw error("illegal default rule (must have a value)", at: rule.location)
        }
        if let value = head.value, let sort = value.kind.firstReference {
            throw error(
                "illegal default rule (value cannot contain \(sort))", at: rule.location)
        }
        try checkDefaultArguments(head.arguments ?? [], rule.location)
        return ParsedRule(rule: rule)
    }

    private func checkDefaultArguments(
        _ arguments: [Term], _ place: Location
    ) throws(SyntaxError) {
        var names: Set<String> = []
        for argument in arguments {
            guard case .variable(let name) = argument.kind else {
                throw error(
                    "illegal default rule (arguments cannot contain \(argument.kind.name))",
                    at: place)
            }
            guard names.insert(name).inserted else {
                throw error(
                    "illegal default rule (arguments cannot be repeated \(name))", at: place)
            }
        }
    }
}

extension Expression {
    /// Whether this is a set literal and nothing more.
    fileprivate var isSet: Bool {
        guard !isNegated, case .term(let term) = kind, case .set = term.kind else { return false }
        return true
    }
}

extension Term.Kind {
    /// The sort of the first variable, ref or call outside comprehensions.
    fileprivate var firstReference: String? {
        switch self {
        case .variable, .ref, .call: name
        case .array(let members), .set(let members), .template(let members):
            members.lazy.compactMap { $0.kind.firstReference }.first
        case .object(let pairs):
            pairs.lazy.compactMap { $0.key.kind.firstReference ?? $0.value.kind.firstReference }
                .first
        default: nil
        }
    }
}
