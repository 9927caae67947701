// SPDX-License-Identifier: Apache-2.0

/// Compiles JSON Schema documents, with the checks and the messages of Go's gojsonschema.
struct JSONSchemaCompiler {
    private let evaluation: Evaluation
    private let references: JSONSchemaReferences
    private let draft: JSONSchemaDraft
    private var referenced: [String: JSONSchemaNode] = [:]
    private var depth = 0

    static func compile(
        _ document: Value, _ evaluation: Evaluation
    ) throws(BuiltinError) -> JSONSchemaNode {
        let draft = try JSONSchemaDraft(document)
        var compiler = JSONSchemaCompiler(
            evaluation: evaluation, references: try JSONSchemaReferences(document), draft: draft)
        return try compiler.schema(document, "")
    }

    private init(evaluation: Evaluation, references: JSONSchemaReferences, draft: JSONSchemaDraft) {
        self.evaluation = evaluation
        self.references = references
        self.draft = draft
    }

    private mutating func schema(_ document: Value, _ base: String) throws(BuiltinError)
        -> JSONSchemaNode
    {
        let node = JSONSchemaNode()
        try fill(node, document, base)
        return node
    }

    private mutating func fill(
        _ node: JSONSchemaNode, _ document: Value, _ base: String
    ) throws(BuiltinError) {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Limits.schemaDepth else {
            throw BuiltinError(.limit, "schema is nested too deep")
        }
        if draft.rawValue >= JSONSchemaDraft.six.rawValue, let verdict = document.asBoolean {
            node.verdict = verdict
            return
        }
        guard document.kind == .object else {
            throw .failed("Expected: Valid Schema, given: Invalid JSON")
        }
        var base = base
        for key in ["id", "$id"] as [StaticString] { _ = try text(document, key) }
        if let identifier = JSONSchemaReferences.identifier(document) {
            base = JSONSchemaReferences.resolve(identifier, base: base)
        }
        try checkDefinitions(document, base)
        _ = try text(document, "title")
        _ = try text(document, "description")
        if let reference = try text(document, "$ref") {
            node.reference = try resolve(JSONSchemaReferences.resolve(reference, base: base))
            return
        }
        try readTypes(node, document)
        try readObjects(node, document, base)
        try readArrays(node, document, base)
        try readNumbers(node, document)
        try readStrings(node, document)
        try readValues(node, document)
        try readCombinations(node, document, base)
    }

    private mutating func resolve(_ reference: String) throws(BuiltinError) -> JSONSchemaNode {
        if let known = referenced[reference] { return known }
        let target = try references.find(reference)
        guard target.kind == .object || target.kind == .boolean else {
            throw .failed("schema must be of type object")
        }
        let node = JSONSchemaNode()
        // Before it is filled: a schema may refer to itself.
        referenced[reference] = node
        let base = String(reference.prefix { $0 != "#" })
        try fill(node, target, base)
        return node
    }

    // MARK: Fields

    private func invalidType(_ expected: String, _ given: StaticString) -> BuiltinError {
        .failed("Invalid type. Expected: \(expected), given: \(given)")
    }

    private func text(_ document: Value, _ key: StaticString) throws(BuiltinError) -> String? {
        let value = document[key]
        guard value.isDefined else { return nil }
        guard let text = value.asString else { throw invalidType("string", key) }
        return text
    }

    private func list(_ document: Value, _ key: StaticString) throws(BuiltinError) -> Value? {
        let value = document[key]
        guard value.isDefined else { return nil }
        guard value.kind == .array else { throw .failed("\(key) must be of an array") }
        return value
    }

    private func count(_ document: Value, _ key: StaticString) throws(BuiltinError) -> Int? {
        let value = document[key]
        guard value.isDefined else { return nil }
        guard let integer = value.asInteger else { throw .failed("\(key) must be of an integer") }
        guard integer >= 0 else { throw .failed("\(key) must be greater than or equal to 0") }
        return Int(integer)
    }

    private static func isSchema(_ value: Value) -> Bool {
        value.kind == .object || value.kind == .boolean
    }

    private mutating func checkDefinitions(_ document: Value, _ base: String) throws(BuiltinError) {
        let definitions = document["definitions"]
        guard definitions.isDefined else { return }
        guard definitions.kind == .object, definitions.values.allSatisfy(Self.isSchema) else {
            throw invalidType("Array Of Schemas", "definitions")
        }
        for definition in definitions.values { _ = try schema(definition, base) }
    }

    private func readTypes(_ node: JSONSchemaNode, _ document: Value) throws(BuiltinError) {
        let value = document["type"]
        guard value.isDefined else { return }
        let names = value.kind == .array ? Array(value.elements) : [value]
        for name in names {
            guard let type = name.asString else {
                throw .failed("Invalid type. Expected: type, given: string/Array Of Strings")
            }
            guard JSONSchemaNode.primitiveTypes.contains(type) else {
                throw .failed(
                    "has a primitive type that is NOT VALID -- given: /\(type)/ Expected valid "
                        + "values are:"
                        + "[\(JSONSchemaNode.primitiveTypes.joined(separator: " "))]")
            }
            guard !node.types.contains(type) else { throw .failed("\(type) type is duplicated") }
            node.types.append(type)
        }
    }

    // MARK: Objects

    private mutating func readObjects(
        _ node: JSONSchemaNode, _ document: Value, _ base: String
    ) throws(BuiltinError) {
        let properties = document["properties"]
        if properties.isDefined {
            guard properties.kind == .object else {
                throw .failed("Properties must be of type object")
            }
            for (key, value) in zip(properties.keys, properties.values) {
                node.properties.append((key, try schema(value, base)))
            }
        }
        node.additionalProperties = try choice(document, "additionalProperties", base)
        try readPatternProperties(node, document, base)
        let names = document["propertyNames"]
        if names.isDefined, draft != .four {
            guard Self.isSchema(names) else {
                throw invalidType("Valid Schema", "patternProperties")
            }
            node.propertyNames = try schema(names, base)
        }
        try readDependencies(node, document, base)
        node.minProperties = try count(document, "minProperties")
        node.maxProperties = try count(document, "maxProperties")
        if let low = node.minProperties, let high = node.maxProperties, low > high {
            throw .failed("minProperties cannot be greater than maxProperties")
        }
        for value in try list(document, "required")?.elements ?? Value.emptyArray.elements {
            guard let name = value.asString else { throw invalidType("string", "required") }
            guard !node.required.contains(name) else {
                throw .failed("required items must be unique")
            }
            node.required.append(name)
        }
    }

    private mutating func choice(
        _ document: Value, _ key: StaticString, _ base: String
    ) throws(BuiltinError) -> JSONSchemaNode.Choice? {
        let value = document[key]
        switch value.kind {
        case .undefined: return nil
        case .boolean: return .boolean(value.isTrue)
        case .object: return .schema(try schema(value, base))
        default: throw invalidType("boolean/Valid Schema", key)
        }
    }

    private mutating func readPatternProperties(
        _ node: JSONSchemaNode, _ document: Value, _ base: String
    ) throws(BuiltinError) {
        let patterns = document["patternProperties"]
        guard patterns.isDefined else { return }
        guard patterns.kind == .object else {
            throw invalidType("Valid Schema", "patternProperties")
        }
        for (key, value) in zip(patterns.keys, patterns.values) {
            guard let pattern = try compiled(key) else {
                throw .failed("Invalid regex pattern '\(key.asString ?? "")'")
            }
            node.patternProperties.append((pattern, try schema(value, base)))
        }
    }

    /// Nil when the pattern is malformed.
    private func compiled(_ pattern: Value) throws(BuiltinError) -> Pattern? {
        do {
            return try PatternCache.of(evaluation).expression(pattern)
        } catch {
            if error.code == .limit { throw error }
            return nil
        }
    }

    private mutating func readDependencies(
        _ node: JSONSchemaNode, _ document: Value, _ base: String
    ) throws(BuiltinError) {
        let dependencies = document["dependencies"]
        guard dependencies.isDefined else { return }
        guard dependencies.kind == .object else {
            throw .failed("dependencies must be of type object")
        }
        for (key, value) in zip(dependencies.keys, dependencies.values) {
            if Self.isSchema(value) {
                node.dependencies.append((key, .schema(try schema(value, base))))
                continue
            }
            guard value.kind == .array, value.elements.allSatisfy(\.isString) else {
                throw .failed("Dependency must be of type Schema Or Array Of Strings")
            }
            node.dependencies.append((key, .properties(value.elements.compactMap(\.asString))))
        }
    }

    // MARK: Arrays

    private mutating func readArrays(
        _ node: JSONSchemaNode, _ document: Value, _ base: String
    ) throws(BuiltinError) {
        let items = document["items"]
        if items.kind == .array {
            var schemas: [JSONSchemaNode] = []
            for element in items.elements {
                guard Self.isSchema(element) else {
                    throw invalidType("Valid Schema/Array Of Schemas", "items")
                }
                schemas.append(try schema(element, base))
            }
            node.items = .each(schemas)
        } else if items.isDefined {
            guard Self.isSchema(items) else {
                throw invalidType("Valid Schema/Array Of Schemas", "items")
            }
            node.items = .every(try schema(items, base))
        }
        node.additionalItems = try choice(document, "additionalItems", base)
        node.minItems = try count(document, "minItems")
        node.maxItems = try count(document, "maxItems")
        let unique = document["uniqueItems"]
        guard unique.isUndefined || unique.kind == .boolean else {
            throw .failed("uniqueItems must be of a boolean")
        }
        node.hasUniqueItems = unique.isTrue
        if draft != .four, document["contains"].isDefined {
            node.contains = try schema(document["contains"], base)
        }
    }

    // MARK: Numbers, strings, values

    private func readNumbers(_ node: JSONSchemaNode, _ document: Value) throws(BuiltinError) {
        let multiple = document["multipleOf"]
        if multiple.isDefined {
            guard multiple.isNumber else { throw invalidType("Number", "multipleOf") }
            guard multiple.compare(.integer(0 as Int64)) > 0 else {
                throw .failed("multipleOf must be strictly greater than 0")
            }
            node.multipleOf = multiple
        }
        node.minimum = try bound(document, "minimum")
        node.maximum = try bound(document, "maximum")
        try readExclusive(
            document, "exclusiveMinimum", "minimum", &node.minimum, &node.exclusiveMinimum)
        try readExclusive(
            document, "exclusiveMaximum", "maximum", &node.maximum, &node.exclusiveMaximum)
    }

    private func bound(_ document: Value, _ key: StaticString) throws(BuiltinError) -> Value? {
        let value = document[key]
        guard value.isDefined else { return nil }
        guard value.isNumber else { throw .failed("\(key) must be of a Number") }
        return value
    }

    /// A boolean that changes the bound beside it (draft 4), or a bound of its own.
    private func readExclusive(
        _ document: Value, _ key: StaticString, _ boundKey: StaticString, _ bound: inout Value?,
        _ exclusive: inout Value?
    ) throws(BuiltinError) {
        let value = document[key]
        guard value.isDefined else { return }
        if value.isNumber && draft != .four {
            exclusive = value
            return
        }
        guard let isExclusive = value.asBoolean, draft == .four || draft == .mixed else {
            throw invalidType(
                draft == .four ? "boolean" : draft == .mixed ? "boolean/number" : "number", key)
        }
        guard let limit = bound else { throw .failed("\(key) cannot be used without \(boundKey)") }
        if isExclusive {
            exclusive = limit
            bound = nil
        }
    }

    private func readStrings(_ node: JSONSchemaNode, _ document: Value) throws(BuiltinError) {
        node.minLength = try count(document, "minLength")
        node.maxLength = try count(document, "maxLength")
        if let low = node.minLength, let high = node.maxLength, low > high {
            throw .failed("minLength cannot be greater than maxLength")
        }
        if let text = try text(document, "pattern") {
            guard let pattern = try compiled(document["pattern"]) else {
                throw .failed("pattern must be a valid regex")
            }
            node.pattern = (text, pattern)
        }
        node.format = try text(document, "format")
    }

    private func readValues(_ node: JSONSchemaNode, _ document: Value) throws(BuiltinError) {
        if draft != .four, document["const"].isDefined { node.constant = document["const"] }
        guard let values = try list(document, "enum") else { return }
        var allowed: [Value] = []
        var seen: Set<Value> = []
        for value in values.elements {
            guard seen.insert(value).inserted else { throw .failed("enum items must be unique") }
            allowed.append(value)
        }
        node.enumeration = allowed
    }

    // MARK: Combinations

    private mutating func readCombinations(
        _ node: JSONSchemaNode, _ document: Value, _ base: String
    ) throws(BuiltinError) {
        node.oneOf = try schemas(document, "oneOf", base)
        node.anyOf = try schemas(document, "anyOf", base)
        node.allOf = try schemas(document, "allOf", base)
        node.not = try optional(document, "not", base)
        guard draft.rawValue >= JSONSchemaDraft.seven.rawValue else { return }
        node.condition = try optional(document, "if", base)
        node.consequence = try optional(document, "then", base)
        node.alternative = try optional(document, "else", base)
    }

    private mutating func schemas(
        _ document: Value, _ key: StaticString, _ base: String
    ) throws(BuiltinError) -> [JSONSchemaNode] {
        guard let values = try list(document, key) else { return [] }
        var nodes: [JSONSchemaNode] = []
        for value in values.elements { nodes.append(try schema(value, base)) }
        return nodes
    }

    private mutating func optional(
        _ document: Value, _ key: StaticString, _ base: String
    ) throws(BuiltinError) -> JSONSchemaNode? {
        let value = document[key]
        guard value.isDefined else { return nil }
        guard Self.isSchema(value) else { throw .failed("\(key) must be of an object") }
        return try schema(value, base)
    }
}
