// SPDX-License-Identifier: Apache-2.0

/// What query and schema documents have in common (specification sections 2.1 to 2.12).
struct GraphQLParser {
    private var lexer: GraphQLLexer
    private var lookahead: GraphQLToken?
    private(set) var previous = GraphQLToken(kind: .end, position: GraphQLPosition())
    private var depth = 0

    init(_ text: String) { lexer = GraphQLLexer(text) }

    mutating func peek() -> GraphQLToken {
        if let lookahead { return lookahead }
        let token = lexer.next()
        lookahead = token
        return token
    }

    @discardableResult
    mutating func next() throws(GraphQLError) -> GraphQLToken {
        let token = peek()
        if let error = token.error { throw error }
        lookahead = nil
        previous = token
        return token
    }

    func unexpected(_ token: GraphQLToken) -> GraphQLError {
        GraphQLError("Unexpected \(token.shown)", token.position)
    }

    @discardableResult
    mutating func expect(_ kind: GraphQLToken.Kind) throws(GraphQLError) -> GraphQLToken {
        let token = peek()
        guard token.kind == kind else {
            throw GraphQLError(
                "Expected \(kind.rawValue), found \(token.kind.rawValue)", token.position)
        }
        return try next()
    }

    mutating func expectKeyword(_ word: String) throws(GraphQLError) {
        let token = peek()
        guard token.kind == .name, token.text == word else {
            throw GraphQLError(
                "Expected \(GoText.quoted(word)), found \(token.shown)", token.position)
        }
        try next()
    }

    mutating func skip(_ kind: GraphQLToken.Kind) throws(GraphQLError) -> Bool {
        guard peek().kind == kind else { return false }
        try next()
        return true
    }

    mutating func name() throws(GraphQLError) -> String { try expect(.name).text }

    /// Elements between two brackets, when the first one is there.
    mutating func many<Element>(
        _ open: GraphQLToken.Kind, _ close: GraphQLToken.Kind, atLeastOne: Bool = false,
        _ element: (inout GraphQLParser) throws(GraphQLError) -> Element
    ) throws(GraphQLError) -> [Element] {
        guard try skip(open) else { return [] }
        depth += 1
        guard depth <= Limits.graphQLDepth else {
            throw GraphQLError(
                "document is nested deeper than \(Limits.graphQLDepth)", previous.position)
        }
        var elements: [Element] = []
        while peek().kind != close { elements.append(try element(&self)) }
        if atLeastOne && elements.isEmpty {
            throw GraphQLError(
                "expected at least one definition, found \(peek().kind.rawValue)", peek().position)
        }
        depth -= 1
        try next()
        return elements
    }

    // MARK: Values, types, directives

    mutating func arguments(isConstant: Bool) throws(GraphQLError) -> [GraphQLArgument] {
        try many(.leftParenthesis, .rightParenthesis) { (parser) throws(GraphQLError) in
            let position = parser.peek().position
            let name = try parser.name()
            try parser.expect(.colon)
            return GraphQLArgument(
                name: name, value: try parser.value(isConstant: isConstant), position: position)
        }
    }

    mutating func directives(isConstant: Bool) throws(GraphQLError) -> [GraphQLDirective] {
        var directives: [GraphQLDirective] = []
        while try skip(.at) {
            let position = peek().position
            let name = try name()
            directives.append(
                GraphQLDirective(
                    name: name, arguments: try arguments(isConstant: isConstant), position: position
                ))
        }
        return directives
    }

    mutating func value(isConstant: Bool) throws(GraphQLError) -> GraphQLValue {
        let token = peek()
        let kind: GraphQLValue.Kind
        switch token.kind {
        case .leftBracket:
            let children = try many(.leftBracket, .rightBracket) { (parser) throws(GraphQLError) in
                GraphQLValue.Child(value: try parser.value(isConstant: isConstant))
            }
            return GraphQLValue(.list, children: children, position: token.position)
        case .leftBrace:
            let children = try many(.leftBrace, .rightBrace) { (parser) throws(GraphQLError) in
                let position = parser.peek().position
                let name = try parser.name()
                try parser.expect(.colon)
                return GraphQLValue.Child(
                    name: name, value: try parser.value(isConstant: isConstant), position: position)
            }
            return GraphQLValue(.object, children: children, position: token.position)
        case .dollar where !isConstant:
            try next()
            return GraphQLValue(.variable, raw: try name(), position: token.position)
        case .int: kind = .int
        case .float: kind = .float
        case .string: kind = .string
        case .blockString: kind = .block
        case .name:
            kind =
                token.text == "true" || token.text == "false"
                ? .boolean : token.text == "null" ? .null : .enum
        default: throw unexpected(token)
        }
        try next()
        return GraphQLValue(kind, raw: token.text, position: token.position)
    }

    mutating func type() throws(GraphQLError) -> GraphQLType {
        let type = GraphQLType()
        if peek().kind == .leftBracket {
            depth += 1
            guard depth <= Limits.graphQLDepth else {
                throw GraphQLError(
                    "document is nested deeper than \(Limits.graphQLDepth)", previous.position)
            }
            try next()
            type.position = peek().position
            type.element = try self.type()
            try expect(.rightBracket)
            depth -= 1
        } else {
            type.position = peek().position
            type.name = try name()
        }
        if peek().kind == .bang {
            try next()
            type.position = peek().position
            type.isNonNull = true
        }
        return type
    }
}
