// SPDX-License-Identifier: Apache-2.0

import RegoVM

/// Makes types of JSON schemas. What it does not know of a schema counts as `any`.
///
/// As in OPA an object with `properties` has no others unless `additionalProperties` says so.
struct SchemaReader {
    /// Schemas nested deeper, or that refer to themselves, are `any` below.
    private static let depthLimit = 24
    /// Keywords that are followed in all; a schema that refers to itself doubles with each level.
    private static let nodeLimit = 20_000

    private let root: Value
    private var nodes = 0

    static func type(_ schema: Value) -> RegoType {
        var reader = SchemaReader(root: schema)
        return reader.type(schema, 0)
    }

    private init(root: Value) { self.root = root }

    private mutating func type(_ schema: Value, _ depth: Int) -> RegoType {
        nodes += 1
        guard schema.kind == .object, depth < Self.depthLimit, nodes < Self.nodeLimit else {
            return .any
        }
        if let reference = schema["$ref"].asString {
            guard let target = resolve(reference) else { return .any }
            return type(target, depth + 1)
        }
        for keyword in [schema["anyOf"], schema["oneOf"]] where keyword.count > 0 {
            return RegoType.merging(keyword.elements.map { type($0, depth + 1) })
        }
        if schema["allOf"].count > 0 { return .any }
        let kinds = schema["type"]
        guard kinds.kind == .array, kinds.count > 0 else { return type(kinds, schema, depth) }
        return RegoType.merging(kinds.elements.map { type($0, schema, depth) })
    }

    private mutating func type(_ kind: Value, _ schema: Value, _ depth: Int) -> RegoType {
        switch kind.asString {
        case "null": return .null
        case "boolean": return .boolean
        case "number", "integer": return .number
        case "string": return .string
        case "array": return array(schema, depth)
        case "object": return object(schema, depth)
        default: return schema["properties"].count > 0 ? object(schema, depth) : .any
        }
    }

    private mutating func array(_ schema: Value, _ depth: Int) -> RegoType {
        let items = schema["items"]
        guard items.kind == .array else { return .array([], rest: type(items, depth + 1)) }
        let rest = schema["additionalItems"]
        return .array(
            items.elements.map { type($0, depth + 1) },
            rest: rest.asBoolean == false ? nil : type(rest, depth + 1))
    }

    private mutating func object(_ schema: Value, _ depth: Int) -> RegoType {
        let members = schema["properties"]
        let others = schema["additionalProperties"]
        var properties: [RegoType.Property] = []
        for index in members.keys.indices {
            guard let name = members.keys[index].asString else { continue }
            properties.append(
                .init(key: .string(name), type: type(members.values[index], depth + 1)))
        }
        let isOpen = others.isDefined ? others.asBoolean != false : properties.isEmpty
        return .object(
            properties.sorted { $0.key.text < $1.key.text },
            rest: isOpen ? .init(key: .string, value: type(others, depth + 1)) : nil)
    }

    /// `#`, or `#/definitions/name` and the like.
    private func resolve(_ reference: String) -> Value? {
        guard reference.hasPrefix("#") else { return nil }
        var result = root
        for part in reference.dropFirst().split(separator: "/") {
            let name = String(part)
            let keys = result.keys
            guard let index = keys.indices.first(where: { keys[$0].asString == name }) else {
                return nil
            }
            result = result.values[index]
        }
        return result
    }
}
