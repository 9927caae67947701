// SPDX-License-Identifier: Apache-2.0

/// Type system documents (specification section 3).
extension GraphQLParser {
    private static let kinds: [String: GraphQLDefinition.Kind] = [
        "scalar": .scalar, "type": .object, "interface": .interface, "union": .union, "enum": .enum,
        "input": .inputObject,
    ]
    private static let locations: Set<String> = [
        "QUERY", "MUTATION", "SUBSCRIPTION", "FIELD", "FRAGMENT_DEFINITION", "FRAGMENT_SPREAD",
        "INLINE_FRAGMENT", "VARIABLE_DEFINITION", "SCHEMA", "SCALAR", "OBJECT", "FIELD_DEFINITION",
        "ARGUMENT_DEFINITION", "INTERFACE", "UNION", "ENUM", "ENUM_VALUE", "INPUT_OBJECT",
        "INPUT_FIELD_DEFINITION",
    ]

    static func schema(_ text: String) throws(GraphQLError) -> GraphQLSchemaDocument {
        var parser = GraphQLParser(text)
        var document = GraphQLSchemaDocument()
        while parser.peek().kind != .end {
            let description = try parser.description()
            let token = parser.peek()
            guard token.kind == .name else { throw parser.unexpected(token) }
            switch token.text {
            case "schema": document.schema.append(try parser.schemaDefinition(description))
            case "directive":
                document.directives.append(try parser.directiveDefinition(description))
            case "extend":
                if !description.isEmpty { throw parser.unexpected(parser.previous) }
                try parser.next()
                try parser.readExtension(into: &document)
            default:
                guard kinds[token.text] != nil else { throw parser.unexpected(token) }
                document.definitions.append(try parser.definition(description))
            }
        }
        return document
    }

    private mutating func description() throws(GraphQLError) -> String {
        let kind = peek().kind
        return kind == .string || kind == .blockString ? try next().text : ""
    }

    private mutating func readExtension(
        into document: inout GraphQLSchemaDocument
    ) throws(GraphQLError) {
        let token = peek()
        if token.text == "schema" {
            let definition = try schemaDefinition("", isExtension: true)
            guard !definition.directives.isEmpty || !definition.operationTypes.isEmpty else {
                throw unexpected(peek())
            }
            document.schemaExtensions.append(definition)
            return
        }
        guard Self.kinds[token.text] != nil else { throw unexpected(token) }
        let definition = try definition("", isExtension: true)
        let isEmpty =
            definition.directives.isEmpty && definition.interfaces.isEmpty
            && definition.fields.isEmpty
            && definition.types.isEmpty && definition.enumValues.isEmpty
        guard !isEmpty else { throw unexpected(peek()) }
        document.extensions.append(definition)
    }

    private mutating func schemaDefinition(
        _ description: String, isExtension: Bool = false
    ) throws(GraphQLError) -> GraphQLSchemaDefinition {
        try expectKeyword("schema")
        var definition = GraphQLSchemaDefinition(
            description: description, position: peek().position)
        definition.directives = try directives(isConstant: true)
        definition.operationTypes = try many(.leftBrace, .rightBrace, atLeastOne: true) {
            (parser) throws(GraphQLError) in
            let position = parser.peek().position
            let operation = try parser.operationKind()
            try parser.expect(.colon)
            return GraphQLSchemaDefinition.OperationType(
                operation: operation, type: try parser.name(), position: position)
        }
        return definition
    }

    private mutating func definition(
        _ description: String, isExtension: Bool = false
    ) throws(GraphQLError) -> GraphQLDefinition {
        let keyword = try next()
        guard let kind = Self.kinds[keyword.text] else { throw unexpected(keyword) }
        var definition = GraphQLDefinition(
            kind: kind, description: description, position: peek().position)
        definition.name = try name()
        if kind == .object || (kind == .interface && !isExtension) {
            definition.interfaces = try interfaces()
        }
        definition.directives = try directives(isConstant: true)
        switch kind {
        case .object, .interface:
            definition.fields = try many(.leftBrace, .rightBrace, atLeastOne: true) {
                (parser) throws(GraphQLError) in try parser.fieldDefinition()
            }
        case .inputObject:
            definition.fields = try many(.leftBrace, .rightBrace, atLeastOne: true) {
                (parser) throws(GraphQLError) in try parser.inputDefinition()
            }
        case .union: definition.types = try unionMembers()
        case .enum:
            definition.enumValues = try many(.leftBrace, .rightBrace, atLeastOne: true) {
                (parser) throws(GraphQLError) in
                var value = GraphQLEnumValue(position: parser.peek().position)
                value.description = try parser.description()
                value.name = try parser.name()
                value.directives = try parser.directives(isConstant: true)
                return value
            }
        case .scalar: break
        }
        return definition
    }

    private mutating func interfaces() throws(GraphQLError) -> [String] {
        guard peek().kind == .name, peek().text == "implements" else { return [] }
        try next()
        _ = try skip(.ampersand)
        var names = [try name()]
        while try skip(.ampersand) { names.append(try name()) }
        return names
    }

    private mutating func unionMembers() throws(GraphQLError) -> [String] {
        guard try skip(.equals) else { return [] }
        _ = try skip(.pipe)
        var names = [try name()]
        while try skip(.pipe) { names.append(try name()) }
        return names
    }

    private mutating func fieldDefinition() throws(GraphQLError) -> GraphQLFieldDefinition {
        var field = GraphQLFieldDefinition(position: peek().position)
        field.description = try description()
        field.name = try name()
        field.arguments = try argumentDefinitions()
        try expect(.colon)
        field.type = try type()
        field.directives = try directives(isConstant: true)
        return field
    }

    private mutating func argumentDefinitions() throws(GraphQLError) -> [GraphQLFieldDefinition] {
        try many(.leftParenthesis, .rightParenthesis, atLeastOne: true) {
            (parser) throws(GraphQLError) in try parser.inputDefinition()
        }
    }

    /// An argument, or a field of an input object.
    private mutating func inputDefinition() throws(GraphQLError) -> GraphQLFieldDefinition {
        var field = GraphQLFieldDefinition(position: peek().position)
        field.description = try description()
        field.name = try name()
        try expect(.colon)
        field.type = try type()
        if try skip(.equals) { field.defaultValue = try value(isConstant: true) }
        field.directives = try directives(isConstant: true)
        return field
    }

    private mutating func directiveDefinition(
        _ description: String
    ) throws(GraphQLError) -> GraphQLDirectiveDefinition {
        try expectKeyword("directive")
        try expect(.at)
        var definition = GraphQLDirectiveDefinition(
            description: description, position: peek().position)
        definition.name = try name()
        definition.arguments = try argumentDefinitions()
        if peek().kind == .name && peek().text == "repeatable" {
            definition.isRepeatable = true
            try next()
        }
        try expectKeyword("on")
        _ = try skip(.pipe)
        repeat {
            let location = try expect(.name)
            guard Self.locations.contains(location.text) else { throw unexpected(location) }
            definition.locations.append(location.text)
        } while try skip(.pipe)
        return definition
    }
}
