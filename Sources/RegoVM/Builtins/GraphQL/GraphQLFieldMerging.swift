// SPDX-License-Identifier: Apache-2.0

/// Fields under one name in a response must be the same (specification section 5.3.2).
///
/// Comparing every pair of fields through every pair of fragments can take time exponential in the
/// query, so all comparisons of a query share one budget.
struct GraphQLFieldMerging {
    struct Conflict {
        var name: String
        var reason: String
        var position: GraphQLPosition
        var inner: [Conflict] = []

        var message: String {
            "Fields \"\(name)\" conflict because \(explanation). Use different aliases on the "
                + "fields to "
                + "fetch both if this was intentional."
        }

        private var explanation: String {
            inner.isEmpty
                ? reason
                : inner.map { "subfields \"\($0.name)\" conflict because \($0.explanation)" }
                    .joined(separator: " and ")
        }
    }

    private var budget = Limits.graphQLComparisons
    private var comparedPairs: [String: Bool] = [:]

    var isExhausted: Bool { budget <= 0 }

    /// Fields of a selection set by their name in the response, and the fragments that it spreads.
    private struct Collection {
        var order: [String] = []
        var fields: [String: [GraphQLField]] = [:]
        var fragments: [String] = []

        init(_ selections: [GraphQLSelection]) { add(selections) }

        private mutating func add(_ selections: [GraphQLSelection]) {
            for selection in selections {
                switch selection {
                case .field(let field):
                    if fields[field.alias] == nil { order.append(field.alias) }
                    fields[field.alias, default: []].append(field)
                case .inlineFragment(let fragment): add(fragment.selections)
                case .spread(let spread):
                    if !fragments.contains(spread.name) { fragments.append(spread.name) }
                }
            }
        }
    }

    mutating func conflicts(
        within selections: [GraphQLSelection], _ validator: GraphQLValidator
    ) -> [Conflict] {
        let collection = Collection(selections)
        var found: [Conflict] = []
        for name in collection.order {
            let fields = collection.fields[name] ?? []
            for (index, field) in fields.enumerated() {
                for other in fields[(index + 1)...] {
                    if let conflict = conflict(field, other, false, validator, 0) {
                        found.append(conflict)
                    }
                }
            }
        }
        var compared: Set<String> = []
        for (index, fragment) in collection.fragments.enumerated() {
            found += between(collection, fragment, false, &compared, validator, 0)
            for other in collection.fragments[(index + 1)...] {
                found += between(fragment, other, false, validator, 0)
            }
        }
        return found
    }

    private mutating func spend() -> Bool {
        budget -= 1
        return budget > 0
    }

    private mutating func between(
        _ left: Collection, _ right: Collection, _ areExclusive: Bool,
        _ validator: GraphQLValidator,
        _ depth: Int
    ) -> [Conflict] {
        var found: [Conflict] = []
        for name in left.order {
            for field in left.fields[name] ?? [] {
                for other in right.fields[name] ?? [] {
                    if let conflict = conflict(field, other, areExclusive, validator, depth) {
                        found.append(conflict)
                    }
                }
            }
        }
        return found
    }

    private mutating func between(
        _ collection: Collection, _ name: String, _ areExclusive: Bool,
        _ compared: inout Set<String>,
        _ validator: GraphQLValidator, _ depth: Int
    ) -> [Conflict] {
        guard compared.insert(name).inserted, spend(), let fragment = validator.fragment(name)
        else { return [] }
        let other = Collection(fragment.selections)
        var found = between(collection, other, areExclusive, validator, depth)
        for next in other.fragments where next != name {
            found += between(collection, next, areExclusive, &compared, validator, depth)
        }
        return found
    }

    private mutating func between(
        _ left: String, _ right: String, _ areExclusive: Bool, _ validator: GraphQLValidator,
        _ depth: Int
    ) -> [Conflict] {
        guard left != right, spend() else { return [] }
        let pair = left < right ? "\(left) \(right)" : "\(right) \(left)"
        // What was compared as not exclusive covers both.
        if let known = comparedPairs[pair], areExclusive || !known { return [] }
        comparedPairs[pair] = areExclusive
        guard let first = validator.fragment(left), let second = validator.fragment(right) else {
            return []
        }
        let (a, b) = (Collection(first.selections), Collection(second.selections))
        var found = between(a, b, areExclusive, validator, depth)
        for next in b.fragments { found += between(left, next, areExclusive, validator, depth) }
        for next in a.fragments { found += between(next, right, areExclusive, validator, depth) }
        return found
    }

    private mutating func conflict(
        _ left: GraphQLField, _ right: GraphQLField, _ parentsAreExclusive: Bool,
        _ validator: GraphQLValidator, _ depth: Int
    ) -> Conflict? {
        guard spend(), depth < Limits.graphQLDepth, let leftType = left.definition?.type,
            let rightType = right.definition?.type, let leftParent = left.parent,
            let rightParent = right.parent
        else { return nil }
        let areExclusive =
            parentsAreExclusive
            || (leftParent.name != rightParent.name && leftParent.kind == .object
                && rightParent.kind == .object)
        if !areExclusive {
            if left.name != right.name {
                return Conflict(
                    name: left.alias,
                    reason: "\"\(left.name)\" and \"\(right.name)\" are different fields",
                    position: right.position)
            }
            if !haveSameArguments(left, right) {
                return Conflict(
                    name: left.alias, reason: "they have differing arguments",
                    position: right.position)
            }
        }
        if typesConflict(leftType, rightType, validator.schema) {
            return Conflict(
                name: left.alias,
                reason:
                    "they return conflicting types \"\(leftType.text)\" and \"\(rightType.text)\"",
                position: right.position)
        }
        let inner = subConflicts(
            left.selections, right.selections, areExclusive, validator, depth + 1)
        return inner.isEmpty
            ? nil : Conflict(name: left.alias, reason: "", position: right.position, inner: inner)
    }

    private mutating func subConflicts(
        _ left: [GraphQLSelection], _ right: [GraphQLSelection], _ areExclusive: Bool,
        _ validator: GraphQLValidator, _ depth: Int
    ) -> [Conflict] {
        let (a, b) = (Collection(left), Collection(right))
        var found = between(a, b, areExclusive, validator, depth)
        for fragment in b.fragments {
            var compared: Set<String> = []
            found += between(a, fragment, areExclusive, &compared, validator, depth)
        }
        for fragment in a.fragments {
            var compared: Set<String> = []
            found += between(b, fragment, areExclusive, &compared, validator, depth)
        }
        for first in a.fragments {
            for second in b.fragments {
                found += between(first, second, areExclusive, validator, depth)
            }
        }
        return found
    }

    private func haveSameArguments(_ left: GraphQLField, _ right: GraphQLField) -> Bool {
        guard left.arguments.count == right.arguments.count else { return false }
        return left.arguments.allSatisfy { argument in
            right.arguments.contains {
                $0.name == argument.name && $0.value.kind == argument.value.kind
                    && $0.value.text == argument.value.text
            }
        }
    }

    private func typesConflict(
        _ left: GraphQLType, _ right: GraphQLType, _ schema: GraphQLSchema
    ) -> Bool {
        if left.isNonNull != right.isNonNull { return true }
        switch (left.element, right.element) {
        case (let a?, let b?): return typesConflict(a, b, schema)
        case (nil, nil):
            guard let a = schema.types[left.name], let b = schema.types[right.name] else {
                return false
            }
            return (a.isLeaf || b.isLeaf) && a.name != b.name
        default: return true
        }
    }
}
