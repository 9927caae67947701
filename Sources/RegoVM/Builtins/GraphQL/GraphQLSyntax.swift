// SPDX-License-Identifier: Apache-2.0

// The syntax tree of GraphQL documents (GraphQL specification, October 2021), in the cut of Go's
// gqlparser, whose JSON form policies see.

/// Line and column from 1; columns count characters.
struct GraphQLPosition: Equatable {
    var line = -1
    var column = -1
}

/// Why a document is not accepted.
struct GraphQLError: Error {
    var message: String
    var position: GraphQLPosition

    init(_ message: String, _ position: GraphQLPosition) {
        self.message = message
        self.position = position
    }

    /// `input:1:2: message`
    var located: String { "input:\(position.line):\(position.column): \(message)" }
}

final class GraphQLType {
    /// Empty for lists.
    var name = ""
    var element: GraphQLType?
    var isNonNull = false
    var position = GraphQLPosition()

    init(name: String = "", element: GraphQLType? = nil, isNonNull: Bool = false) {
        self.name = name
        self.element = element
        self.isNonNull = isNonNull
    }

    /// The name inside of all lists.
    var baseName: String {
        var type = self
        while let element = type.element { type = element }
        return type.name
    }

    var text: String {
        (element.map { "[\($0.text)]" } ?? name) + (isNonNull ? "!" : "")
    }

    /// A value of this type can stand where `other` is expected.
    func isCompatible(with other: GraphQLType) -> Bool {
        guard name == other.name, isNonNull || !other.isNonNull else { return false }
        switch (element, other.element) {
        case (let own?, let expected?): return own.isCompatible(with: expected)
        case (nil, nil): return true
        default: return false
        }
    }
}

final class GraphQLValue {
    /// Numbered as in gqlparser.
    enum Kind: Int {
        case variable, int, float, string, block, boolean, null, `enum`, list, object
    }

    struct Child {
        /// Empty in lists.
        var name = ""
        var value: GraphQLValue
        var position = GraphQLPosition()
    }

    let kind: Kind
    var raw = ""
    var children: [Child] = []
    var position = GraphQLPosition()
    // Found by validation.
    var expectedType: GraphQLType?
    var definition: GraphQLDefinition?

    init(_ kind: Kind, raw: String = "", children: [Child] = [], position: GraphQLPosition) {
        self.kind = kind
        self.raw = raw
        self.children = children
        self.position = position
    }

    /// As messages show it.
    var text: String {
        switch kind {
        case .variable: "$" + raw
        case .string, .block: GoText.quoted(raw)
        case .list: "[" + children.map(\.value.text).joined(separator: ",") + "]"
        case .object:
            "{" + children.map { "\($0.name):\($0.value.text)" }.joined(separator: ",") + "}"
        default: raw
        }
    }
}

struct GraphQLArgument {
    var name: String
    var value: GraphQLValue
    var position: GraphQLPosition
}

struct GraphQLDirective {
    var name: String
    var arguments: [GraphQLArgument]
    var position: GraphQLPosition
}

// MARK: Queries

final class GraphQLField {
    var alias = ""
    var name = ""
    var arguments: [GraphQLArgument] = []
    var directives: [GraphQLDirective] = []
    var selections: [GraphQLSelection] = []
    var position = GraphQLPosition()
    // Found by validation.
    var definition: GraphQLFieldDefinition?
    var parent: GraphQLDefinition?
}

struct GraphQLSpread {
    var name: String
    var directives: [GraphQLDirective]
    var position: GraphQLPosition
}

struct GraphQLInlineFragment {
    /// Empty when there is none.
    var typeCondition = ""
    var directives: [GraphQLDirective] = []
    var selections: [GraphQLSelection] = []
    var position = GraphQLPosition()
}

enum GraphQLSelection {
    case field(GraphQLField)
    case spread(GraphQLSpread)
    case inlineFragment(GraphQLInlineFragment)
}

struct GraphQLVariable {
    var name: String
    var type: GraphQLType
    var defaultValue: GraphQLValue?
    var directives: [GraphQLDirective] = []
    var position: GraphQLPosition
}

struct GraphQLOperation {
    /// `query`, `mutation` or `subscription`.
    var kind = "query"
    var name = ""
    var variables: [GraphQLVariable] = []
    var directives: [GraphQLDirective] = []
    var selections: [GraphQLSelection] = []
    var position = GraphQLPosition()
}

struct GraphQLFragment {
    var name = ""
    var variables: [GraphQLVariable] = []
    var typeCondition = ""
    var directives: [GraphQLDirective] = []
    var selections: [GraphQLSelection] = []
    var position = GraphQLPosition()
}

struct GraphQLQueryDocument {
    var operations: [GraphQLOperation] = []
    var fragments: [GraphQLFragment] = []
}

// MARK: Schemas

/// A field of a type, or an argument of a field or directive.
struct GraphQLFieldDefinition {
    var description = ""
    var name = ""
    var arguments: [GraphQLFieldDefinition] = []
    var defaultValue: GraphQLValue?
    var type = GraphQLType()
    var directives: [GraphQLDirective] = []
    var position = GraphQLPosition()
}

struct GraphQLEnumValue {
    var description = ""
    var name = ""
    var directives: [GraphQLDirective] = []
    var position = GraphQLPosition()
}

/// A type of any kind, or an extension of one.
struct GraphQLDefinition {
    enum Kind: String {
        case scalar = "SCALAR"
        case object = "OBJECT"
        case interface = "INTERFACE"
        case union = "UNION"
        case `enum` = "ENUM"
        case inputObject = "INPUT_OBJECT"
    }

    var kind: Kind
    var description = ""
    var name = ""
    var directives: [GraphQLDirective] = []
    var interfaces: [String] = []
    var fields: [GraphQLFieldDefinition] = []
    /// Members of a union.
    var types: [String] = []
    var enumValues: [GraphQLEnumValue] = []
    var position = GraphQLPosition()
    var isBuiltIn = false

    var isLeaf: Bool { kind == .enum || kind == .scalar }
    var isAbstract: Bool { kind == .interface || kind == .union }
    var isComposite: Bool { kind == .object || isAbstract }
    var isInput: Bool { isLeaf || kind == .inputObject }

    func field(_ name: String) -> GraphQLFieldDefinition? { fields.first { $0.name == name } }
}

struct GraphQLDirectiveDefinition {
    var description = ""
    var name = ""
    var arguments: [GraphQLFieldDefinition] = []
    var locations: [String] = []
    var isRepeatable = false
    var position = GraphQLPosition()
}

struct GraphQLSchemaDefinition {
    struct OperationType {
        var operation: String
        var type: String
        var position: GraphQLPosition
    }

    var description = ""
    var directives: [GraphQLDirective] = []
    var operationTypes: [OperationType] = []
    var position = GraphQLPosition()
}

struct GraphQLSchemaDocument {
    var schema: [GraphQLSchemaDefinition] = []
    var schemaExtensions: [GraphQLSchemaDefinition] = []
    var directives: [GraphQLDirectiveDefinition] = []
    var definitions: [GraphQLDefinition] = []
    var extensions: [GraphQLDefinition] = []
}
