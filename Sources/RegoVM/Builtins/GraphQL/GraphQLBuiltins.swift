// SPDX-License-Identifier: Apache-2.0

/// `graphql.*`
enum GraphQLBuiltins {
    private static let document = "any<string, object[any: any]>"

    static let all: [Builtin] = [
        Builtin("graphql.parse_query", "string -> object[any: any]") {
            evaluation, operands throws(BuiltinError) in
            let query = try query(operands.string(0))
            return GraphQLDescriber(evaluation: evaluation).describe(query)
        },
        Builtin("graphql.parse_schema", "string -> object[any: any]") {
            evaluation, operands throws(BuiltinError) in
            let schema = try schema(operands.string(0))
            return GraphQLDescriber(evaluation: evaluation).describe(schema)
        },
        Builtin(
            "graphql.parse", "\(document), \(document) -> array<object[any: any], object[any: any]>"
        ) {
            evaluation, operands throws(BuiltinError) in
            let (query, schema) = try parse(operands)
            let describer = GraphQLDescriber(evaluation: evaluation)
            let result = evaluation.array(describer.describe(query), describer.describe(schema))
            try validate(query, schema)
            return result
        },
        Builtin(
            "graphql.parse_and_verify",
            "\(document), \(document) -> array<boolean, object[any: any], object[any: any]>"
        ) { evaluation, operands throws(BuiltinError) in
            do throws(BuiltinError) {
                let (query, schema) = try parse(operands)
                try validate(query, schema)
                let describer = GraphQLDescriber(evaluation: evaluation)
                return evaluation.array(
                    .true, describer.describe(query), describer.describe(schema))
            } catch {
                if error.code == .limit { throw error }
                return evaluation.array(.false, .emptyObject, .emptyObject)
            }
        },
        Builtin("graphql.is_valid", "\(document), \(document) -> boolean") {
            _, operands throws(BuiltinError) in
            do throws(BuiltinError) {
                let (query, schema) = try parse(operands)
                try validate(query, schema)
                return .true
            } catch {
                if error.code == .limit { throw error }
                return .false
            }
        },
        Builtin("graphql.schema_is_valid", "\(document) -> boolean") { _, operands in
            let isDocument = operands[0].isString || operands[0].kind == .object
            guard isDocument, let document = try? schema(operands[0]) else { return .false }
            return .boolean((try? GraphQLSchema(document)) != nil)
        },
    ]

    private static func parse(
        _ operands: Operands
    ) throws(BuiltinError) -> (GraphQLQueryDocument, GraphQLSchemaDocument) {
        for index in 0..<2 where !operands[index].isString && operands[index].kind != .object {
            throw .operand(index, mustBeOneOf: "string, object", got: operands[index])
        }
        return (try query(operands[0]), try schema(operands[1]))
    }

    private static func query(_ operand: Value) throws(BuiltinError) -> GraphQLQueryDocument {
        guard let text = operand.asString else { return try GraphQLDecoder().query(operand) }
        try checkSize(operand)
        do {
            return try GraphQLParser.query(text)
        } catch {
            throw failure(error)
        }
    }

    private static func schema(_ operand: Value) throws(BuiltinError) -> GraphQLSchemaDocument {
        guard let text = operand.asString else { return try GraphQLDecoder().schema(operand) }
        try checkSize(operand)
        do {
            return try GraphQLParser.schema(text)
        } catch {
            throw failure(error)
        }
    }

    private static func checkSize(_ text: Value) throws(BuiltinError) {
        guard text.count <= Limits.graphQLBytes else {
            throw BuiltinError(.limit, "GraphQL document of \(text.count) bytes exceeds the limit")
        }
    }

    private static func failure(_ error: GraphQLError) -> BuiltinError {
        .failed(
            "\(error.message) in GraphQL string at location "
                + "\(error.position.line):\(error.position.column)"
        )
    }

    private static func validate(
        _ query: GraphQLQueryDocument, _ document: GraphQLSchemaDocument
    ) throws(BuiltinError) {
        let schema: GraphQLSchema
        do {
            schema = try GraphQLSchema(document)
        } catch {
            throw .failed(
                "Error in gqlparser SchemaDocument to Schema conversion: \(error.located)")
        }
        let errors = try GraphQLValidator.validate(query, schema)
        guard let first = errors.first else { return }
        // OPA shows the first error with its place behind all others, and without the last full
        // stop.
        let messages = ([first.message] + errors.dropFirst().map(\.located)).joined(separator: "\n")
        let shown = messages.hasSuffix(".") ? String(messages.dropLast()) : messages
        throw failure(GraphQLError(shown, first.position))
    }
}
