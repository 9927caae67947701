// SPDX-License-Identifier: Apache-2.0

/// Reads syntax trees back from the values that `GraphQLDescriber` makes. Unknown fields are passed
/// over, missing ones are empty.
struct GraphQLDecoder {
    private func failure(_ field: StaticString) -> BuiltinError {
        .failed("json: cannot unmarshal GraphQL field \(field)")
    }

    private func text(_ object: Value, _ key: StaticString) throws(BuiltinError) -> String {
        let value = object[key]
        if value.isUndefined || value.kind == .null { return "" }
        guard let text = value.asString else { throw failure(key) }
        return text
    }

    private func list<Element>(
        _ object: Value, _ key: StaticString, _ depth: Int,
        _ decode: (Value, Int) throws(BuiltinError) -> Element
    ) throws(BuiltinError) -> [Element] {
        let value = object[key]
        if value.isUndefined || value.kind == .null { return [] }
        guard value.kind == .array || value.kind == .set, depth < Limits.graphQLDepth else {
            throw failure(key)
        }
        var elements: [Element] = []
        for element in value.elements {
            guard element.kind == .object else { throw failure(key) }
            elements.append(try decode(element, depth + 1))
        }
        return elements
    }

    private func texts(_ object: Value, _ key: StaticString) throws(BuiltinError) -> [String] {
        let value = object[key]
        if value.isUndefined || value.kind == .null { return [] }
        guard value.kind == .array || value.kind == .set else { throw failure(key) }
        let texts = value.elements.compactMap(\.asString)
        guard texts.count == value.count else { throw failure(key) }
        return texts
    }

    // MARK: Queries

    func query(_ value: Value) throws(BuiltinError) -> GraphQLQueryDocument {
        GraphQLQueryDocument(
            operations: try list(value, "Operations", 0, operation),
            fragments: try list(value, "Fragments", 0, fragment))
    }

    private func operation(_ value: Value, _ depth: Int) throws(BuiltinError) -> GraphQLOperation {
        let kind = try text(value, "Operation")
        return GraphQLOperation(
            kind: kind.isEmpty ? "query" : kind, name: try text(value, "Name"),
            variables: try list(value, "VariableDefinitions", depth, variable),
            directives: try list(value, "Directives", depth, directive),
            selections: try list(value, "SelectionSet", depth, selection))
    }

    private func fragment(_ value: Value, _ depth: Int) throws(BuiltinError) -> GraphQLFragment {
        GraphQLFragment(
            name: try text(value, "Name"),
            variables: try list(value, "VariableDefinition", depth, variable),
            typeCondition: try text(value, "TypeCondition"),
            directives: try list(value, "Directives", depth, directive),
            selections: try list(value, "SelectionSet", depth, selection))
    }

    private func variable(_ value: Value, _ depth: Int) throws(BuiltinError) -> GraphQLVariable {
        GraphQLVariable(
            name: try text(value, "Variable"), type: try type(value["Type"], depth),
            defaultValue: try optionalValue(value, "DefaultValue", depth),
            directives: try list(value, "Directives", depth, directive), position: GraphQLPosition()
        )
    }

    private func selection(_ value: Value, _ depth: Int) throws(BuiltinError) -> GraphQLSelection {
        let directives = try list(value, "Directives", depth, directive)
        let selections = try list(value, "SelectionSet", depth, selection)
        if value["Alias"].isUndefined && value["TypeCondition"].isDefined {
            return .inlineFragment(
                GraphQLInlineFragment(
                    typeCondition: try text(value, "TypeCondition"), directives: directives,
                    selections: selections))
        }
        guard value["Alias"].isDefined else {
            return .spread(
                GraphQLSpread(
                    name: try text(value, "Name"), directives: directives,
                    position: GraphQLPosition()))
        }
        let field = GraphQLField()
        field.alias = try text(value, "Alias")
        field.name = try text(value, "Name")
        field.arguments = try list(value, "Arguments", depth, argument)
        field.directives = directives
        field.selections = selections
        return .field(field)
    }

    // MARK: Values, types, directives

    private func argument(_ value: Value, _ depth: Int) throws(BuiltinError) -> GraphQLArgument {
        GraphQLArgument(
            name: try text(value, "Name"), value: try self.value(value["Value"], depth),
            position: GraphQLPosition())
    }

    private func directive(_ value: Value, _ depth: Int) throws(BuiltinError) -> GraphQLDirective {
        GraphQLDirective(
            name: try text(value, "Name"), arguments: try list(value, "Arguments", depth, argument),
            position: GraphQLPosition())
    }

    private func optionalValue(
        _ object: Value, _ key: StaticString, _ depth: Int
    ) throws(BuiltinError) -> GraphQLValue? {
        object[key].kind == .object ? try value(object[key], depth) : nil
    }

    private func value(_ value: Value, _ depth: Int) throws(BuiltinError) -> GraphQLValue {
        let number = value["Kind"].isUndefined ? 0 : value["Kind"].asInteger
        guard let number, let kind = GraphQLValue.Kind(rawValue: Int(number)) else {
            throw failure("Kind")
        }
        let children = try list(value, "Children", depth) { (child, depth) throws(BuiltinError) in
            GraphQLValue.Child(
                name: try text(child, "Name"), value: try self.value(child["Value"], depth))
        }
        return GraphQLValue(
            kind, raw: try text(value, "Raw"), children: children, position: GraphQLPosition())
    }

    private func type(_ value: Value, _ depth: Int) throws(BuiltinError) -> GraphQLType {
        guard depth < Limits.graphQLDepth else { throw failure("Type") }
        let element = value["Elem"].kind == .object ? try type(value["Elem"], depth + 1) : nil
        return GraphQLType(
            name: try text(value, "NamedType"), element: element, isNonNull: value["NonNull"].isTrue
        )
    }

    // MARK: Schemas

    func schema(_ value: Value) throws(BuiltinError) -> GraphQLSchemaDocument {
        GraphQLSchemaDocument(
            schema: try list(value, "Schema", 0, schemaDefinition),
            schemaExtensions: try list(value, "SchemaExtension", 0, schemaDefinition),
            directives: try list(value, "Directives", 0, directiveDefinition),
            definitions: try list(value, "Definitions", 0, definition),
            extensions: try list(value, "Extensions", 0, definition))
    }

    private func schemaDefinition(
        _ value: Value, _ depth: Int
    ) throws(BuiltinError) -> GraphQLSchemaDefinition {
        GraphQLSchemaDefinition(
            description: try text(value, "Description"),
            directives: try list(value, "Directives", depth, directive),
            operationTypes: try list(value, "OperationTypes", depth) {
                (entry, _) throws(BuiltinError) in
                GraphQLSchemaDefinition.OperationType(
                    operation: try text(entry, "Operation"), type: try text(entry, "Type"),
                    position: GraphQLPosition())
            })
    }

    private func definition(_ value: Value, _ depth: Int) throws(BuiltinError) -> GraphQLDefinition
    {
        guard let kind = GraphQLDefinition.Kind(rawValue: try text(value, "Kind")) else {
            throw failure("Kind")
        }
        return GraphQLDefinition(
            kind: kind, description: try text(value, "Description"), name: try text(value, "Name"),
            directives: try list(value, "Directives", depth, directive),
            interfaces: try texts(value, "Interfaces"),
            fields: try list(value, "Fields", depth, field), types: try texts(value, "Types"),
            enumValues: try list(value, "EnumValues", depth) {
                (entry, depth) throws(BuiltinError) in
                GraphQLEnumValue(
                    description: try text(entry, "Description"), name: try text(entry, "Name"),
                    directives: try list(entry, "Directives", depth, directive))
            },
            isBuiltIn: value["BuiltIn"].isTrue)
    }

    private func field(_ value: Value, _ depth: Int) throws(BuiltinError) -> GraphQLFieldDefinition
    {
        GraphQLFieldDefinition(
            description: try text(value, "Description"), name: try text(value, "Name"),
            arguments: try list(value, "Arguments", depth, field),
            defaultValue: try optionalValue(value, "DefaultValue", depth),
            type: try type(value["Type"], depth),
            directives: try list(value, "Directives", depth, directive))
    }

    private func directiveDefinition(
        _ value: Value, _ depth: Int
    ) throws(BuiltinError) -> GraphQLDirectiveDefinition {
        GraphQLDirectiveDefinition(
            description: try text(value, "Description"), name: try text(value, "Name"),
            arguments: try list(value, "Arguments", depth, field),
            locations: try texts(value, "Locations"), isRepeatable: value["IsRepeatable"].isTrue)
    }
}
