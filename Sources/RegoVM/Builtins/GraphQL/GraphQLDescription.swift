// SPDX-License-Identifier: Apache-2.0

/// Syntax trees as the values that policies see: gqlparser's JSON without positions, nulls and
/// empty
/// collections.
struct GraphQLDescriber {
    let evaluation: Evaluation

    private func text(_ text: String) -> Value { evaluation.string(text) }

    /// Leaves out what is null or an empty collection.
    private func object(_ entries: [(StaticString, Value)]) -> Value {
        evaluation.object(
            entries.filter { $0.1.kind != .null && !($0.1.isCollection && $0.1.count == 0) })
    }

    private func list<Element>(_ elements: [Element], _ describe: (Element) -> Value) -> Value {
        evaluation.array(elements.map(describe))
    }

    func describe(_ document: GraphQLQueryDocument) -> Value {
        object([
            ("Operations", list(document.operations, describe)),
            ("Fragments", list(document.fragments, describe)),
        ])
    }

    private func describe(_ operation: GraphQLOperation) -> Value {
        object([
            ("Operation", text(operation.kind)), ("Name", text(operation.name)),
            ("VariableDefinitions", list(operation.variables, describe)),
            ("Directives", list(operation.directives, describe)),
            ("SelectionSet", list(operation.selections, describe)),
        ])
    }

    private func describe(_ fragment: GraphQLFragment) -> Value {
        object([
            ("Name", text(fragment.name)),
            ("VariableDefinition", list(fragment.variables, describe)),
            ("TypeCondition", text(fragment.typeCondition)),
            ("Directives", list(fragment.directives, describe)),
            ("SelectionSet", list(fragment.selections, describe)),
        ])
    }

    private func describe(_ variable: GraphQLVariable) -> Value {
        object([
            ("Variable", text(variable.name)), ("Type", describe(variable.type)),
            ("DefaultValue", variable.defaultValue.map(describe) ?? .null),
            ("Directives", list(variable.directives, describe)), ("Used", .false),
        ])
    }

    private func describe(_ selection: GraphQLSelection) -> Value {
        switch selection {
        case .field(let field):
            object([
                ("Alias", text(field.alias)), ("Name", text(field.name)),
                ("Arguments", list(field.arguments, describe)),
                ("Directives", list(field.directives, describe)),
                ("SelectionSet", list(field.selections, describe)),
            ])
        case .spread(let spread):
            object([("Name", text(spread.name)), ("Directives", list(spread.directives, describe))])
        case .inlineFragment(let fragment):
            object([
                ("TypeCondition", text(fragment.typeCondition)),
                ("Directives", list(fragment.directives, describe)),
                ("SelectionSet", list(fragment.selections, describe)),
            ])
        }
    }

    private func describe(_ argument: GraphQLArgument) -> Value {
        object([("Name", text(argument.name)), ("Value", describe(argument.value))])
    }

    private func describe(_ directive: GraphQLDirective) -> Value {
        object([
            ("Name", text(directive.name)), ("Arguments", list(directive.arguments, describe)),
            ("Location", .emptyString),
        ])
    }

    private func describe(_ value: GraphQLValue) -> Value {
        let children = list(value.children) { child in
            object([("Name", text(child.name)), ("Value", describe(child.value))])
        }
        return object([
            ("Raw", text(value.raw)), ("Children", children),
            ("Kind", .integer(value.kind.rawValue)),
            ("ExpectedTypeHasDefault", .false),
        ])
    }

    private func describe(_ type: GraphQLType) -> Value {
        object([
            ("NamedType", text(type.name)), ("Elem", type.element.map(describe) ?? .null),
            ("NonNull", .boolean(type.isNonNull)),
        ])
    }

    // MARK: Schemas

    func describe(_ document: GraphQLSchemaDocument) -> Value {
        object([
            ("Schema", list(document.schema, describe)),
            ("SchemaExtension", list(document.schemaExtensions, describe)),
            ("Directives", list(document.directives, describe)),
            ("Definitions", list(document.definitions, describe)),
            ("Extensions", list(document.extensions, describe)),
        ])
    }

    private func describe(_ definition: GraphQLSchemaDefinition) -> Value {
        let types = list(definition.operationTypes) { entry in
            object([("Operation", text(entry.operation)), ("Type", text(entry.type))])
        }
        return object([
            ("Description", text(definition.description)),
            ("Directives", list(definition.directives, describe)), ("OperationTypes", types),
        ])
    }

    private func describe(_ definition: GraphQLDefinition) -> Value {
        let values = list(definition.enumValues) { value in
            object([
                ("Description", text(value.description)), ("Name", text(value.name)),
                ("Directives", list(value.directives, describe)),
            ])
        }
        return object([
            ("Kind", text(definition.kind.rawValue)), ("Description", text(definition.description)),
            ("Name", text(definition.name)), ("Directives", list(definition.directives, describe)),
            ("Interfaces", list(definition.interfaces, text)),
            ("Fields", list(definition.fields, describe)), ("Types", list(definition.types, text)),
            ("EnumValues", values), ("BuiltIn", .boolean(definition.isBuiltIn)),
        ])
    }

    private func describe(_ field: GraphQLFieldDefinition) -> Value {
        object([
            ("Description", text(field.description)), ("Name", text(field.name)),
            ("Arguments", list(field.arguments, describe)),
            ("DefaultValue", field.defaultValue.map(describe) ?? .null),
            ("Type", describe(field.type)),
            ("Directives", list(field.directives, describe)),
        ])
    }

    private func describe(_ definition: GraphQLDirectiveDefinition) -> Value {
        object([
            ("Description", text(definition.description)), ("Name", text(definition.name)),
            ("Arguments", list(definition.arguments, describe)),
            ("Locations", list(definition.locations, text)),
            ("IsRepeatable", .boolean(definition.isRepeatable)),
        ])
    }
}
