// SPDX-License-Identifier: Apache-2.0

// What is inside a value of a type (OPA's functions Select, Keys and Values).
extension RegoType {
    /// The type of the member under a key; nil when there is none.
    func select(_ key: Key) -> RegoType? {
        switch self {
        case .any: return .any
        case .array(let elements, let rest):
            guard case .number(let text) = key, let index = Int(text), index >= 0 else {
                return nil
            }
            return index < elements.count ? elements[index] : rest
        case .object(let properties, let rest):
            if let property = properties.first(where: { $0.key == key }) { return property.type }
            guard let rest, rest.key.unifies(key.type) else { return nil }
            return rest.value
        case .set(let element): return element.unifies(key.type) ? key.type : nil
        case .union(let members):
            return members.reduce(nil) { RegoType.or($0, $1.select(key)) }
        case .null, .boolean, .number, .string, .function: return nil
        }
    }

    /// What selects members; nil for values that have none.
    var keys: RegoType? {
        switch self {
        case .any: .any
        case .array: .number
        case .object(let properties, let rest):
            properties.reduce(rest?.key) { RegoType.or($0, $1.key.type) } ?? .any
        case .set(let element): element
        case .union(let members): members.reduce(nil) { RegoType.or($0, $1.keys) }
        case .null, .boolean, .number, .string, .function: nil
        }
    }

    /// What the members are; nil for values that have none.
    var values: RegoType? {
        switch self {
        case .any: .any
        case .array(let elements, let rest): elements.reduce(rest) { RegoType.or($0, $1) }
        case .object(let properties, let rest):
            properties.reduce(rest?.value) { RegoType.or($0, $1.type) }
        case .set(let element): element
        case .union(let members): members.reduce(nil) { RegoType.or($0, $1.values) }
        case .null, .boolean, .number, .string, .function: nil
        }
    }

    /// Known string keys, for suggestions.
    var knownKeys: [String] {
        switch self {
        case .object(let properties, _):
            properties.compactMap { if case .string(let name) = $0.key { name } else { nil } }
        case .union(let members): members.flatMap(\.knownKeys)
        default: []
        }
    }

    // MARK: Unification

    /// True when some value is of both types.
    func unifies(_ other: RegoType) -> Bool {
        switch (self, other) {
        case (.function, _), (_, .function): return true
        case (.any, _), (_, .any): return true
        case (.union(let members), _): return members.contains { $0.unifies(other) }
        case (_, .union(let members)): return members.contains { unifies($0) }
        case (.null, .null), (.boolean, .boolean), (.number, .number), (.string, .string):
            return true
        case (.set(let a), .set(let b)): return a.unifies(b)
        case (.array(let a, let restA), .array(let b, let restB)):
            return Self.arrayUnifies(a, restA, b, restB)
        case (.object(let a, let restA), .object(let b, let restB)):
            guard a.allSatisfy({ Self.member($0.type, other.select($0.key)) }),
                b.allSatisfy({ Self.member($0.type, select($0.key)) })
            else { return false }
            guard let restA, let restB else { return true }
            return restA.value.unifies(restB.value)
        default: return false
        }
    }

    private static func member(_ type: RegoType, _ other: RegoType?) -> Bool {
        other.map { type.unifies($0) } ?? false
    }

    private static func arrayUnifies(
        _ a: [RegoType], _ restA: RegoType?, _ b: [RegoType], _ restB: RegoType?
    ) -> Bool {
        for index in 0..<max(a.count, b.count) {
            guard let left = index < a.count ? a[index] : restA,
                let right = index < b.count ? b[index] : restB, left.unifies(right)
            else { return false }
        }
        // Empty arrays are of both types, whatever the others' elements are; OPA looks at them
        // still.
        guard let restA, let restB else { return true }
        return restA.unifies(restB)
    }
}
