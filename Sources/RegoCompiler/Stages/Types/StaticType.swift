// SPDX-License-Identifier: Apache-2.0

/// Types of terms as far as the terms alone tell.
enum StaticType {
    static func of(_ term: Term) -> RegoType? { of(term) { _ in nil } }

    /// - Parameter other: the type of variables, refs, calls and comprehensions.
    static func of(_ term: Term, _ other: (Term) -> RegoType?) -> RegoType? {
        switch term.kind {
        case .null: return .null
        case .boolean: return .boolean
        case .number: return .number
        case .string, .template: return .string
        case .array(let elements):
            if elements.isEmpty { return .anyArray }
            return .array(elements.map { of($0, other) ?? .any }, rest: nil).bounded
        case .set(let elements):
            return .set(elements.reduce(nil) { RegoType.or($0, of($1, other)) } ?? .any)
        case .object(let entries): return object(entries, other)
        default: return other(term)
        }
    }

    private static func object(
        _ entries: [(key: Term, value: Term)], _ other: (Term) -> RegoType?
    ) -> RegoType {
        if entries.isEmpty { return .anyObject }
        var properties: [RegoType.Key: RegoType] = [:]
        var rest: RegoType.Rest?
        for entry in entries {
            let value = of(entry.value, other) ?? .any
            if let key = RegoType.Key(entry.key) {
                properties[key] = value
            } else {
                let key = of(entry.key, other) ?? .any
                rest = .init(
                    key: RegoType.or(rest?.key, key) ?? .any,
                    value: RegoType.or(rest?.value, value) ?? .any)
            }
        }
        let sorted = properties.map { RegoType.Property(key: $0.key, type: $0.value) }
            .sorted { $0.key.text < $1.key.text }
        return RegoType.object(sorted, rest: rest).bounded
    }
}
