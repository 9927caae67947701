// SPDX-License-Identifier: Apache-2.0

// Terms: infix operators, refs, calls and scalars.
extension SyntaxParser {
    // MARK: Infix operators

    /// A term with infix operators; at its top level also `k, v in xs`.
    func parseInfix() throws(SyntaxError) -> Term {
        try parseInfix(above: .membership, keyValue: true)
    }

    /// A term with infix operators as a member of a list, where a comma ends it.
    func parseListMember() throws(SyntaxError) -> Term {
        try parseInfix(above: .membership, keyValue: false)
    }

    private func parseInfix(
        above minimum: InfixOperator.Precedence, keyValue: Bool
    ) throws(SyntaxError) -> Term {
        let first = try parseTerm()
        return try continueInfix(first, above: minimum, keyValue: keyValue)
    }

    /// Goes on after an operand that has been read already.
    @inline(never)
    func continueInfix(
        _ first: Term, above minimum: InfixOperator.Precedence = .membership, keyValue: Bool = false
    ) throws(SyntaxError) -> Term {
        var left = first
        while true {
            if keyValue, kind == .comma {
                guard let membership = try keyValueMembership(left) else { return left }
                left = membership
                continue
            }
            guard let infix = InfixOperator(kind), infix.precedence >= minimum,
                !(infix == .member && isKeywordReference)
            else { return left }
            let leftHeight = height
            let operatorToken = token
            advance()
            let right = try parseInfix(above: infix.precedence.next, keyValue: false)
            try raise(above: max(leftHeight, height))
            left = infixCall(infix.callName, operatorToken, [left, right])
        }
    }

    /// `, v in xs` after a key. nil, and nothing read, when the comma means something else.
    @inline(never)
    private func keyValueMembership(_ key: Term) throws(SyntaxError) -> Term? {
        let start = mark()
        let keyHeight = height
        advance()
        guard let value = try? parseInfix(above: .relation, keyValue: false), kind == .in,
            !isKeywordReference
        else {
            restore(start)
            height = keyHeight
            return nil
        }
        let tallest = max(keyHeight, height)
        let operatorToken = token
        advance()
        let domain = try parseInfix(above: .relation, keyValue: false)
        try raise(above: max(tallest, height))
        return infixCall(InfixOperator.keyedMemberName, operatorToken, [key, value, domain])
    }

    // MARK: Terms

    /// A term without infix operators: a scalar, a collection, a ref or a call.
    @inline(never)
    func parseTerm() throws(SyntaxError) -> Term {
        try enter()
        defer { leave() }
        try countTerm()
        let first = token
        if kind == .minus, isUnaryMinus { return try parseUnaryMinus(first) }
        let head = try parsePrimary(first)
        return isTail ? try parseTail(of: head) : head
    }

    @inline(never)
    private func parsePrimary(_ first: Token) throws(SyntaxError) -> Term {
        switch kind {
        case .null: return scalar(.null)
        case .true: return scalar(.boolean(true))
        case .false: return scalar(.boolean(false))
        case .minus, .dot, .number: return try parseNumber()
        case .string, .rawString: return scalar(.string(try stringText()))
        case .templatePart, .templateEnd: return try parseTemplate()
        case .identifier, .contains: return scalarVariable()
        case .and, .or:
            // `and(x, y)` where an operand must stand is the set function of that name.
            guard isNextAdjacent, kind(at: cursor + 1) == .leftParenthesis else {
                throw unexpected()
            }
            return scalarVariable()
        case .leftBracket: return try parseArray(first)
        case .leftBrace: return try parseBraces(first)
        case .leftParenthesis: return try parseParentheses()
        default: throw unexpected()
        }
    }

    private func scalar(_ kind: Term.Kind) -> Term {
        let result = Term(location: location(of: token), kind: kind)
        height = 1
        advance()
        return result
    }

    private func scalarVariable() -> Term {
        let result = variable()
        advance()
        return result
    }

    @inline(never)
    private func parseParentheses() throws(SyntaxError) -> Term {
        advance()
        let inner = try parseInfix()
        guard kind == .rightParenthesis else {
            throw kind == .illegal ? unexpected() : error("non-terminated expression")
        }
        advance()
        return inner
    }

    // MARK: Unary minus

    private var isUnaryMinus: Bool {
        let next = kind(at: cursor + 1)
        return next == .identifier || next == .contains
    }

    /// `-x` is `0 - x`.
    @inline(never)
    private func parseUnaryMinus(_ sign: Token) throws(SyntaxError) -> Term {
        let zero = Term(location: location(of: sign), kind: .number("0"))
        advance()
        let head = scalarVariable()
        let operand = isTail ? try parseTail(of: head) : head
        try raise(above: height)
        return infixCall(InfixOperator.minus.callName, sign, [zero, operand])
    }

    // MARK: Refs and calls

    /// `.name`, `[term]` and `(arguments)` after a head, in any number.
    @inline(never)
    func parseTail(of head: Term) throws(SyntaxError) -> Term {
        guard head.kind.canHeadRef else {
            throw error("illegal ref (head cannot be \(head.kind.name))", at: head.location)
        }
        var head = head
        var operands: [Term] = []
        var tallest = height
        repeat {
            switch kind {
            case .dot: operands.append(try parseDotOperand())
            case .leftBracket: operands.append(try parseBracketOperand())
            default:
                height = tallest
                head = try parseCall(of: head, operands)
                tallest = height
                operands = []
                // A call's result can be looked into, but not be called.
                guard kind != .leftParenthesis else { return head }
                continue
            }
            tallest = max(tallest, height)
        } while isTail
        guard !operands.isEmpty else { return head }
        try raise(above: tallest)
        return extended(head, .ref(head, operands))
    }

    private func extended(_ head: Term, _ kind: Term.Kind) -> Term {
        Term(location: extended(head.location), kind: kind)
    }

    @inline(never)
    func parseDotOperand() throws(SyntaxError) -> Term {
        advance()
        guard !token.flags.contains(.spaceBefore) || kind == .eof else {
            throw error("unexpected whitespace token: expected identifier")
        }
        guard kind == .identifier || kind.isKeyword else {
            throw unexpected("expected identifier")
        }
        return scalar(.string(text(token)))
    }

    @inline(never)
    func parseBracketOperand() throws(SyntaxError) -> Term {
        advance()
        let operand = try parseInfix()
        try expect(.rightBracket, "expected ]")
        return operand
    }

    @inline(never)
    private func parseCall(of head: Term, _ operands: [Term]) throws(SyntaxError) -> Term {
        let nameLocation = extended(head.location)
        var tallest = height
        advance()
        let arguments = try parseList(until: .rightParenthesis)
        tallest = max(tallest, height)
        advance()
        try raise(above: tallest)
        let name = callName(head, operands)
        if arguments.isEmpty, name == ["set"] { return extended(head, .set([])) }
        guard let name else {
            let called = Term(location: nameLocation, kind: .ref(head, operands))
            throw SyntaxError(
                Diagnostic(
                    .type, "undefined function \(TermText.describe(called))", at: nameLocation))
        }
        return extended(head, .call(name: name, nameLocation, arguments))
    }

    /// A called function's path; nil when it is no constant path.
    private func callName(_ head: Term, _ operands: [Term]) -> [String]? {
        guard case .variable(let first) = head.kind else { return nil }
        var name = [first]
        for operand in operands {
            guard case .string(let text) = operand.kind else { return nil }
            name.append(text)
        }
        return name
    }
}

/// An operator between two terms.
enum InfixOperator {
    case member
    case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual
    case union, intersection
    case plus, minus, times, divide, remainder

    /// From the weakest to the strongest; all associate to the left.
    enum Precedence: UInt8, Comparable {
        case membership, relation, union, intersection, sum, product, none

        static func < (left: Precedence, right: Precedence) -> Bool {
            left.rawValue < right.rawValue
        }

        var next: Precedence { Precedence(rawValue: rawValue + 1) ?? .none }
    }

    init?(_ kind: Token.Kind) {
        switch kind {
        case .in: self = .member
        case .equal: self = .equal
        case .notEqual: self = .notEqual
        case .less: self = .less
        case .lessOrEqual: self = .lessOrEqual
        case .greater: self = .greater
        case .greaterOrEqual: self = .greaterOrEqual
        case .union: self = .union
        case .intersection: self = .intersection
        case .plus: self = .plus
        case .minus: self = .minus
        case .times: self = .times
        case .divide: self = .divide
        case .remainder: self = .remainder
        default: return nil
        }
    }

    var precedence: Precedence {
        switch self {
        case .member: .membership
        case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual: .relation
        case .union: .union
        case .intersection: .intersection
        case .plus, .minus: .sum
        case .times, .divide, .remainder: .product
        }
    }

    /// The function that the operator stands for.
    var callName: [String] {
        switch self {
        case .member: ["internal", "member_2"]
        case .equal: ["equal"]
        case .notEqual: ["neq"]
        case .less: ["lt"]
        case .lessOrEqual: ["lte"]
        case .greater: ["gt"]
        case .greaterOrEqual: ["gte"]
        case .union: ["or"]
        case .intersection: ["and"]
        case .plus: ["plus"]
        case .minus: ["minus"]
        case .times: ["mul"]
        case .divide: ["div"]
        case .remainder: ["rem"]
        }
    }

    static var keyedMemberName: [String] { ["internal", "member_3"] }
}
