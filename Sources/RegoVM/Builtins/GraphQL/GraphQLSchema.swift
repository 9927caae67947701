// SPDX-License-Identifier: Apache-2.0

/// A schema that was checked, ready to validate queries (specification section 3).
struct GraphQLSchema {
    private(set) var types: [String: GraphQLDefinition] = [:]
    private(set) var directives: [String: GraphQLDirectiveDefinition] = [:]
    /// Names of the object types that can stand for a type.
    private var possible: [String: [String]] = [:]
    /// Names of the root types by operation.
    private var roots: [String: String] = [:]

    private static let directivesThatMayRepeat: Set<String> = [
        "include", "skip", "deprecated", "specifiedBy",
    ]

    init(_ document: GraphQLSchemaDocument) throws(GraphQLError) {
        let prelude = GraphQLPrelude.document()
        let order = try collectTypes(
            prelude.definitions + document.definitions, document.extensions)
        collectPossibleTypes(order)
        try collectDirectives(prelude.directives + document.directives)
        try collectRoots(document)
        try GraphQLSchemaChecker(schema: self).check()
        guard document.schema.isEmpty else {
            addIntrospection()
            return
        }
        for (operation, name) in [
            ("query", "Query"), ("mutation", "Mutation"), ("subscription", "Subscription"),
        ]
        where roots[operation] == nil && types[name] != nil {
            roots[operation] = name
        }
        addIntrospection()
    }

    // MARK: Look-up

    func root(_ operation: String) -> GraphQLDefinition? { roots[operation].flatMap { types[$0] } }

    func possibleTypes(_ definition: GraphQLDefinition) -> [String] {
        definition.kind == .union ? definition.types : possible[definition.name] ?? []
    }

    func possibleTypes(named name: String) -> [String] { possible[name] ?? [] }

    // MARK: Collecting

    /// Joins types with their extensions; returns names in the order of the documents.
    private mutating func collectTypes(
        _ definitions: [GraphQLDefinition], _ extensions: [GraphQLDefinition]
    ) throws(GraphQLError) -> [String] {
        var order: [String] = []
        for definition in definitions {
            guard types[definition.name] == nil else {
                throw GraphQLError("Cannot redeclare type \(definition.name).", definition.position)
            }
            types[definition.name] = definition
            order.append(definition.name)
        }
        for addition in extensions {
            var base = types[addition.name]
            if base == nil {
                order.append(addition.name)
                base = GraphQLDefinition(
                    kind: addition.kind, name: addition.name, position: addition.position)
            }
            guard var base else { continue }
            guard base.kind == addition.kind else {
                throw GraphQLError(
                    "Cannot extend type \(base.name) because the base type is a "
                        + "\(base.kind.rawValue), "
                        + "not \(addition.kind.rawValue).", addition.position)
            }
            base.directives += addition.directives
            base.interfaces += addition.interfaces
            base.fields += addition.fields
            base.types += addition.types
            base.enumValues += addition.enumValues
            types[addition.name] = base
        }
        return order
    }

    private mutating func collectPossibleTypes(_ order: [String]) {
        for name in order {
            guard let definition = types[name] else { continue }
            switch definition.kind {
            case .union: possible[name, default: []] += definition.types
            case .object, .inputObject, .interface:
                for interface in definition.interfaces {
                    possible[interface, default: []].append(name)
                }
                if definition.kind != .interface { possible[name, default: []].append(name) }
            case .scalar, .enum: break
            }
        }
    }

    private mutating func collectDirectives(
        _ definitions: [GraphQLDirectiveDefinition]
    ) throws(GraphQLError) {
        for definition in definitions {
            if directives[definition.name] != nil,
                !Self.directivesThatMayRepeat.contains(definition.name)
            {
                throw GraphQLError(
                    "Cannot redeclare directive \(definition.name).", definition.position)
            }
            directives[definition.name] = definition
        }
    }

    private mutating func collectRoots(_ document: GraphQLSchemaDocument) throws(GraphQLError) {
        if document.schema.count > 1 {
            throw GraphQLError(
                "Cannot have multiple schema entry points, consider schema extensions instead.",
                document.schema[1].position)
        }
        for definition in document.schema + document.schemaExtensions {
            for entry in definition.operationTypes {
                guard types[entry.type] != nil else {
                    throw GraphQLError(
                        "Schema root \(entry.operation) refers to a type \(entry.type) that does "
                            + "not exist.",
                        entry.position)
                }
                roots[entry.operation] = entry.type
            }
        }
    }

    private mutating func addIntrospection() {
        guard let name = roots["query"] else { return }
        types[name]?.fields += [
            GraphQLFieldDefinition(
                name: "__schema", type: GraphQLType(name: "__Schema", isNonNull: true)),
            GraphQLFieldDefinition(
                name: "__type",
                arguments: [
                    GraphQLFieldDefinition(
                        name: "name", type: GraphQLType(name: "String", isNonNull: true))
                ], type: GraphQLType(name: "__Type")),
        ]
    }
}
