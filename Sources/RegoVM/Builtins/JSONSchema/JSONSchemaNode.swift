// SPDX-License-Identifier: Apache-2.0

/// A compiled JSON Schema (drafts 4, 6 and 7), or a part of one.
final class JSONSchemaNode {
    /// What stands where a schema or a boolean may.
    enum Choice {
        case boolean(Bool)
        case schema(JSONSchemaNode)
    }

    enum Dependency {
        case properties([String])
        case schema(JSONSchemaNode)
    }

    enum Items {
        /// One schema for all elements.
        case every(JSONSchemaNode)
        /// A schema for each of the first elements.
        case each([JSONSchemaNode])
    }

    /// `true` or `false` in place of a schema.
    var verdict: Bool?
    /// What `$ref` points to; everything beside it is ignored.
    var reference: JSONSchemaNode?
    var types: [String] = []

    var multipleOf: Value?
    var minimum: Value?
    var exclusiveMinimum: Value?
    var maximum: Value?
    var exclusiveMaximum: Value?

    var minLength: Int?
    var maxLength: Int?
    var pattern: (text: String, compiled: Pattern)?
    var format: String?

    var items: Items?
    var additionalItems: Choice?
    var minItems: Int?
    var maxItems: Int?
    var hasUniqueItems = false
    var contains: JSONSchemaNode?

    var properties: [(name: Value, schema: JSONSchemaNode)] = []
    var patternProperties: [(pattern: Pattern, schema: JSONSchemaNode)] = []
    var additionalProperties: Choice?
    var propertyNames: JSONSchemaNode?
    var dependencies: [(name: Value, dependency: Dependency)] = []
    var required: [String] = []
    var minProperties: Int?
    var maxProperties: Int?

    var constant: Value?
    var enumeration: [Value]?

    var anyOf: [JSONSchemaNode] = []
    var oneOf: [JSONSchemaNode] = []
    var allOf: [JSONSchemaNode] = []
    var not: JSONSchemaNode?
    var condition: JSONSchemaNode?
    var consequence: JSONSchemaNode?
    var alternative: JSONSchemaNode?

    static let primitiveTypes = [
        "array", "boolean", "integer", "number", "null", "object", "string",
    ]

    /// As messages show them: `string`, or `[string,null]`.
    var shownTypes: String {
        types.count == 1 ? types[0] : "[\(types.joined(separator: ","))]"
    }
}

/// The drafts that schemas are read by; a schema that names none may mix them.
enum JSONSchemaDraft: Int {
    case four = 4
    case six = 6
    case seven = 7
    case mixed = 100

    /// The draft that a schema names in `$schema`.
    init(_ document: Value) throws(BuiltinError) {
        self = .mixed
        if document.kind == .boolean { return }
        guard document.kind == .object else { throw .failed("schema is invalid") }
        let name = document["$schema"]
        guard name.isDefined else { return }
        guard let text = name.asString else {
            throw .failed("Invalid type. Expected: string, given: $schema")
        }
        switch text {
        case "http://json-schema.org/draft-04/schema#": self = .four
        case "http://json-schema.org/draft-06/schema#": self = .six
        case "http://json-schema.org/draft-07/schema#": self = .seven
        default: break
        }
    }
}
