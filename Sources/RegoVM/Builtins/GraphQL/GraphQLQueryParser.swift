// SPDX-License-Identifier: Apache-2.0

/// Executable documents (specification section 2.2).
extension GraphQLParser {
    static func query(_ text: String) throws(GraphQLError) -> GraphQLQueryDocument {
        var parser = GraphQLParser(text)
        var document = GraphQLQueryDocument()
        while parser.peek().kind != .end {
            let token = parser.peek()
            switch (token.kind, token.text) {
            case (.leftBrace, _), (.name, "query"), (.name, "mutation"), (.name, "subscription"):
                document.operations.append(try parser.operation())
            case (.name, "fragment"): document.fragments.append(try parser.fragment())
            default: throw parser.unexpected(token)
            }
        }
        return document
    }

    private mutating func operation() throws(GraphQLError) -> GraphQLOperation {
        var operation = GraphQLOperation(position: peek().position)
        if peek().kind != .leftBrace {
            operation.kind = try next().text
            if peek().kind == .name { operation.name = try next().text }
            operation.variables = try variables()
            operation.directives = try directives(isConstant: false)
        }
        operation.selections = try selections()
        return operation
    }

    mutating func operationKind() throws(GraphQLError) -> String {
        let token = try next()
        guard ["query", "mutation", "subscription"].contains(token.text) else {
            throw unexpected(token)
        }
        return token.text
    }

    private mutating func variables() throws(GraphQLError) -> [GraphQLVariable] {
        try many(.leftParenthesis, .rightParenthesis) { (parser) throws(GraphQLError) in
            let position = parser.peek().position
            try parser.expect(.dollar)
            let name = try parser.name()
            try parser.expect(.colon)
            var variable = GraphQLVariable(name: name, type: try parser.type(), position: position)
            if try parser.skip(.equals) {
                variable.defaultValue = try parser.value(isConstant: true)
            }
            variable.directives = try parser.directives(isConstant: false)
            return variable
        }
    }

    /// A selection set, which must be there and not be empty.
    private mutating func selections() throws(GraphQLError) -> [GraphQLSelection] {
        guard peek().kind == .leftBrace else {
            throw GraphQLError("Expected {, found \(peek().kind.rawValue)", peek().position)
        }
        return try many(.leftBrace, .rightBrace, atLeastOne: true) {
            (parser) throws(GraphQLError) in
            try parser.selection()
        }
    }

    private mutating func selection() throws(GraphQLError) -> GraphQLSelection {
        guard try skip(.spread) else { return .field(try field()) }
        let token = peek()
        if token.kind == .name && token.text != "on" {
            let name = try name()
            return .spread(
                GraphQLSpread(
                    name: name, directives: try directives(isConstant: false),
                    position: token.position))
        }
        var fragment = GraphQLInlineFragment(position: token.position)
        if token.kind == .name {
            try next()
            fragment.typeCondition = try name()
        }
        fragment.directives = try directives(isConstant: false)
        fragment.selections = try selections()
        return .inlineFragment(fragment)
    }

    private mutating func field() throws(GraphQLError) -> GraphQLField {
        let field = GraphQLField()
        field.position = peek().position
        field.alias = try name()
        field.name = try skip(.colon) ? name() : field.alias
        field.arguments = try arguments(isConstant: false)
        field.directives = try directives(isConstant: false)
        if peek().kind == .leftBrace { field.selections = try selections() }
        return field
    }

    private mutating func fragment() throws(GraphQLError) -> GraphQLFragment {
        var fragment = GraphQLFragment(position: peek().position)
        try expectKeyword("fragment")
        if peek().text == "on" { throw unexpected(peek()) }
        fragment.name = try name()
        fragment.variables = try variables()
        try expectKeyword("on")
        fragment.typeCondition = try name()
        fragment.directives = try directives(isConstant: false)
        fragment.selections = try selections()
        return fragment
    }
}
