// SPDX-License-Identifier: Apache-2.0
import Testing

@Suite struct GraphQLBuiltinTests {
    private static let schema = """
        type Query { me: User, node(id: ID!, size: Int = 3): Node, all(filter: Filter): [Node!]! }
        interface Node { id: ID! }
        type User implements Node { id: ID!, name: String, kind: Kind, friend: User }
        type Bot implements Node { id: ID!, size: Int }
        union Any = User | Bot
        input Filter { name: String!, kind: Kind }
        enum Kind { HUMAN ROBOT }
        directive @log(level: Int!) on FIELD
        type Subscription { a: Int, b: Int }
        """

    private static func quoted(_ text: String) -> String {
        "\""
            + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing(
                "\n", with: "\\n")
            + "\""
    }

    @Test(arguments: [
        "{ me { name } }",
        "{ me { ...f } } fragment f on User { name friend { ...g } } fragment g on User { id }",
        "query Q($i: ID!) { node(id: $i) { id ... on User { name } } }",
        "{ __schema { types { name } } }",
        "{ all(filter: {name: \"x\", kind: HUMAN}) { __typename } }",
        "{ me { n: name @log(level: 1) } }",
        "query ($k: Kind = HUMAN) { all(filter: {name: \"\", kind: $k}) { id } }", "",
        "{ me { ... @include(if: true) { name } } }",
    ])
    func accepts(_ query: String) {
        let shown = BuiltinProbe().call(
            "graphql.parse_and_verify", Self.quoted(query), Self.quoted(Self.schema))
        #expect(shown.hasPrefix("[true"))
    }

    @Test(arguments: [
        ("{ me { nam } }", #"Cannot query field "nam" on type "User". Did you mean "name"?"#),
        ("{ me }", #"Field "me" of type "User" must have a selection of subfields"#),
        (
            "{ me { name { x } } }",
            #"must not have a selection since type "String" has no subfields"#
        ),
        (
            "{ node { id } }",
            #"Field "node" argument "id" of type "ID!" is required, but it was not provided"#
        ),
        ("{ node(id: 1, x: 2) { id } }", #"Unknown argument "x" on field "Query.node""#),
        ("{ node(id: true) { id } }", "Expected type ID!, found true"),
        ("query ($x: Int) { me { id } }", #"Variable "$x" is never used"#),
        ("{ node(id: $x) { id } }", #"Variable "$x" is not defined"#),
        ("query ($x: Int) { node(id: $x) { id } }", "used in position expecting type"),
        ("{ me { ...f } }", #"Unknown fragment "f""#),
        ("{ me { id } } fragment f on User { id }", #"Fragment "f" is never used"#),
        (
            "{ me { ...f } } fragment f on User { ...f }",
            #"Cannot spread fragment "f" within itself"#
        ),
        ("{ me { ... on Bot { id } } }", #"objects of type "User" can never be of type "Bot""#),
        (
            "{ me { a: id a: name } }",
            #"Fields "a" conflict because "id" and "name" are different fields"#
        ),
        ("{ me { id @nope } }", #"Unknown directive "@nope""#),
        ("{ me @log(level: 1) @log(level: 2) { id } }", "can only be used once at this location"),
        (
            "{ all(filter: {kind: HUMAN}) { id } }",
            "Field Filter.name of required type String! was not provided"
        ),
        ("{ all(filter: {name: \"\", kind: HUMA}) { id } }", "Did you mean the enum value HUMAN?"),
        (
            "query A { me { id } } query A { me { id } }",
            #"There can be only one operation named "A""#
        ),
        (
            "{ me { id } } query A { me { id } }",
            "This anonymous operation must be the only defined operation"
        ),
        ("mutation { x }", #"Schema does not support operation type "mutation""#),
        ("subscription { a b }", "Anonymous Subscription must select only one top level field"),
    ])
    func refuses(_ query: String, _ message: String) {
        let operands = [Self.quoted(query), Self.quoted(Self.schema)]
        let shown = BuiltinProbe().call("graphql.parse", operands[0], operands[1])
        #expect(shown.hasPrefix("eval_builtin_error: "))
        #expect(shown.contains(message))
        #expect(BuiltinProbe().call("graphql.is_valid", operands[0], operands[1]) == "false")
    }

    @Test(arguments: [
        BuiltinCase(
            "graphql.parse_query", [quoted("{")],
            "eval_builtin_error: Expected Name, found <EOF> in GraphQL string at location 1:2"),
        .init(
            "graphql.parse_query", [quoted("{ a(b: \"x) }")],
            "eval_builtin_error: Unexpected <Invalid> in GraphQL string at location 1:13"),
        .init(
            "graphql.parse_schema", [quoted("type A {}")],
            "eval_builtin_error: expected at least one definition, found } in GraphQL string at "
                + "location 1:9"
        ),
        .init(
            "graphql.parse_query", [quoted("{ a(b: \"\"\"\n  x\n    y\n\"\"\") }")],
            #"{"Operations":[{"Name":"","Operation":"query","SelectionSet":[{"Alias":"a","#
                + #""Arguments":[{"#
                + #""Name":"b","Value":{"ExpectedTypeHasDefault":false,"Kind":4,"Raw":"x\n  "#
                + #"y"}}],"Name":"a"}]}]}"#
        ),
        .init("graphql.schema_is_valid", [quoted("type A implements B { x: Int }")], "false"),
        .init("graphql.schema_is_valid", ["[1]"], "false"),
        .init(
            "graphql.schema_is_valid", [quoted("extend type Query { x(a: Int = 1): Int }")], "true"
        ),
    ])
    func readsDocuments(_ builtin: BuiltinCase) { builtin.check() }

    @Test func nestingIsBounded() {
        let query = String(repeating: "{ a ", count: 10_000)
        let shown = BuiltinProbe().call("graphql.parse_query", Self.quoted(query))
        #expect(shown.hasPrefix("eval_builtin_error: document is nested deeper than"))
    }

    @Test func comparisonsOfFieldsAreBounded() {
        let fields = String(repeating: "me { id } ", count: 2000)
        let shown = BuiltinProbe().call(
            "graphql.is_valid", Self.quoted("{ \(fields) }"), Self.quoted(Self.schema))
        #expect(shown == "eval_limit_error: GraphQL query needs too many comparisons of fields")
    }

    @Test func treesCanBeGivenBack() {
        let probe = BuiltinProbe()
        let query = probe.call(
            "graphql.parse_query", Self.quoted("{ me { ...f } } fragment f on User { id }"))
        let schema = probe.call("graphql.parse_schema", Self.quoted(Self.schema))
        #expect(probe.call("graphql.parse", query, schema) == "[\(query),\(schema)]")
    }
}
