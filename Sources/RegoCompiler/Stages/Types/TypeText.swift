// SPDX-License-Identifier: Apache-2.0

/// Types as OPA writes them in messages.
enum TypeText {
    static let unknown = "???"

    static func text(_ type: RegoType?) -> String {
        switch type {
        case nil: return unknown
        case .any: return "any"
        case .null: return "null"
        case .boolean: return "boolean"
        case .number: return "number"
        case .string: return "string"
        case .array(let elements, let rest):
            let fixed = elements.isEmpty ? "" : "<\(list(elements))>"
            return "array" + fixed + (rest.map { "[\(text($0))]" } ?? "")
        case .object(let properties, let rest):
            let fixed = properties.map { "\($0.key.text): \(text($0.type))" }.joined(
                separator: ", ")
            return "object" + (fixed.isEmpty ? "" : "<\(fixed)>")
                + (rest.map { "[\(text($0.key)): \(text($0.value))]" } ?? "")
        case .set(let element): return "set[\(text(element))]"
        case .union(let members): return "any<\(list(members))>"
        case .function(let arguments, let result):
            return "(\(list(arguments))) => \(result.map { text($0) } ?? "")"
        }
    }

    static func list(_ types: [RegoType?]) -> String {
        types.map { text($0) }.joined(separator: ", ")
    }
}
