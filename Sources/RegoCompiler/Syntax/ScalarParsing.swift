// SPDX-License-Identifier: Apache-2.0

// Numbers, strings and template strings.
extension SyntaxParser {
    /// The largest power of two of a number, up or down; OPA's limit.
    private static let exponentLimit = 100_000.0

    @inline(never)
    func parseNumber() throws(SyntaxError) -> Term {
        let first = token
        var number: [UInt8] = []
        if kind == .minus {
            number.append(UInt8(ascii: "-"))
            advance()
            guard kind == .number || kind == .dot else { throw unexpected("expected number") }
        }
        let startsWithDot = kind == .dot
        if startsWithDot {
            number += [UInt8(ascii: "0"), UInt8(ascii: ".")]
            advance()
            guard kind == .number else { throw unexpected("expected number") }
        }
        let digits = bytes[Int(token.start)..<Int(token.end)]
        try checkNumber(digits, isFraction: startsWithDot)
        number += digits
        try checkMagnitude(number)
        height = 1
        advance()
        return term(.number(String(decoding: number, as: UTF8.self)), from: first)
    }

    private func checkNumber(_ digits: ArraySlice<UInt8>, isFraction: Bool) throws(SyntaxError) {
        if isFraction {
            guard !digits.contains(UInt8(ascii: ".")) else { throw unexpected("invalid float") }
            return
        }
        guard digits.first == UInt8(ascii: "0"), digits.count > 1 else { return }
        let second = digits[digits.startIndex + 1]
        guard second == UInt8(ascii: ".") || second | 0x20 == UInt8(ascii: "e") else {
            throw unexpected("expected number without leading zero")
        }
    }

    private func checkMagnitude(_ number: [UInt8]) throws(SyntaxError) {
        let unsigned = number.first == UInt8(ascii: "-") ? number[1...] : number[...]
        let bits = Double(LiteralDecoding.magnitude(unsigned)) * 3.321_928_094_887_362
        guard abs(bits) <= Self.exponentLimit else { throw error("number too big") }
    }

    /// The value of the current string token.
    @inline(never)
    func stringText() throws(SyntaxError) -> String {
        let inner = bytes[(Int(token.start) + 1)..<(Int(token.end) - 1)]
        guard token.kind == .string, token.flags.contains(.hasEscape) else {
            return String(decoding: inner, as: UTF8.self)
        }
        guard let result = LiteralDecoding.text(inner, isTemplate: false) else {
            throw error("illegal string literal: \(text(token))")
        }
        return result
    }

    // MARK: Template strings

    /// `$"text {expression} text"`
    @inline(never)
    func parseTemplate() throws(SyntaxError) -> Term {
        let first = token
        var parts: [Term] = []
        var tallest = 0
        while true {
            let text = try templateText()
            if !text.isEmpty {
                parts.append(Term(location: location(of: token), kind: .string(text)))
            }
            if kind == .templateEnd { break }
            guard kind == .templatePart else { throw unexpected() }
            advance()
            parts.append(try parseInterpolation())
            tallest = max(tallest, height)
            guard kind == .rightBrace else {
                throw kind == .illegal
                    ? unexpected() : error("expected } to end template string expression")
            }
            advance()
        }
        advance()
        try raise(above: tallest)
        return term(.template(parts), from: first)
    }

    /// The literal text of the current part.
    private func templateText() throws(SyntaxError) -> String {
        guard kind == .templatePart || kind == .templateEnd else { throw unexpected() }
        let opening = token.flags.contains(.continued) ? 0 : 2
        let inner = bytes[(Int(token.start) + opening)..<(Int(token.end) - 1)]
        guard token.flags.contains(.hasEscape) else {
            return String(decoding: inner, as: UTF8.self)
        }
        if token.flags.contains(.raw) { return LiteralDecoding.rawTemplateText(inner) }
        guard let result = LiteralDecoding.text(inner, isTemplate: true) else {
            throw error("illegal template-string part: \(text(token))")
        }
        return result
    }

    @inline(never)
    private func parseInterpolation() throws(SyntaxError) -> Term {
        let first = token
        let expression = try parseLiteral()
        guard let refusal = interpolationRefusal(expression) else {
            guard case .term(let value) = expression.kind else {
                throw error("invalid template-string expression", at: expression.location)
            }
            return expression.modifiers.isEmpty
                ? value : try modifiedValue(value, expression, from: first)
        }
        throw error("unexpected \(refusal) in template-string expression", at: expression.location)
    }

    /// What the expression is, if it has no value to interpolate.
    private func interpolationRefusal(_ expression: Expression) -> String? {
        guard !expression.isNegated else { return "negation ('not')" }
        switch expression.kind {
        case .term(let value):
            guard case .call(let name, _, _) = value.kind else { return nil }
            if name == ["eq"] { return "unification ('=')" }
            return name == ["assign"] ? "assignment (':=')" : nil
        case .every: return "'every'"
        case .someIn, .someVariables: return "'some'"
        case .and: return "'and'"
        case .or: return "'or'"
        case .block: return "negation ('not')"
        }
    }

    /// A value under `with`: `[v | v := value with ...][0]`, since only expressions have modifiers.
    @inline(never)
    private func modifiedValue(
        _ value: Term, _ expression: Expression, from first: Token
    ) throws(SyntaxError) -> Term {
        let name = wildcard()
        let place = expression.location
        let call = Term(
            location: place,
            kind: .call(
                name: ["assign"], place,
                [Term(location: place, kind: .variable(name)), value]))
        expression.kind = .term(call)
        let head = Term(location: place, kind: .variable(name))
        try raise(above: height + 2)
        return term(
            .ref(
                term(.arrayComprehension(head, [expression]), from: first),
                [Term(location: place, kind: .number("0"))]), from: first)
    }
}
