// SPDX-License-Identifier: Apache-2.0

/// Whether terms can be of a type or equal to each other; variables of unknown type take the type
/// (OPA's functions unify1 and unify2).
struct Unification {
    private let scope: ClauseTypes

    init(_ scope: ClauseTypes) { self.scope = scope }

    // MARK: Two terms

    func unify(_ left: Term, _ leftType: RegoType?, _ right: Term, _ rightType: RegoType?) -> Bool {
        switch (knownType(left, leftType), knownType(right, rightType)) {
        case (nil, nil): return unifyUnknown(left, right)
        case (nil, let type?): return unify(left, with: type)
        case (let type?, nil): return unify(right, with: type)
        case (let a?, let b?): return a.unifies(b)
        }
    }

    /// A pattern with unknown variables in it is unknown itself.
    private func knownType(_ term: Term, _ type: RegoType?) -> RegoType? {
        isKnown(term) ? type : nil
    }

    private func isKnown(_ term: Term) -> Bool {
        switch term.kind {
        case .local(let id, _): scope.local(id) != nil
        case .array(let elements): elements.allSatisfy { isKnown($0) }
        case .object(let entries): entries.allSatisfy { isKnown($0.value) }
        default: true
        }
    }

    private func unifyUnknown(_ left: Term, _ right: Term) -> Bool {
        switch (left.kind, right.kind) {
        case (.array(let a), .array(let b)):
            return a.count == b.count && zip(a, b).allSatisfy { unifyTerms($0, $1) }
        case (.object(let a), .object(let b)):
            return a.count == b.count && unifyEntries(a, b)
        default:
            // Variables on both sides: both may be anything from here on.
            return unify(left, with: .any) && unify(right, with: .any)
        }
    }

    private func unifyTerms(_ a: Term, _ b: Term) -> Bool {
        unify(a, scope.type(of: a), b, scope.type(of: b))
    }

    private func unifyEntries(
        _ a: [(key: Term, value: Term)], _ b: [(key: Term, value: Term)]
    ) -> Bool {
        for entry in a {
            guard let key = RegoType.Key(entry.key) else { return true }
            guard b.allSatisfy({ RegoType.Key($0.key) != nil }) else { return true }
            guard let other = b.first(where: { RegoType.Key($0.key) == key }),
                unifyTerms(entry.value, other.value)
            else { return false }
        }
        return true
    }

    // MARK: A term and a type

    /// - Parameter widens: variables take the type besides those that they have.
    func unify(_ term: Term, with type: RegoType, widens: Bool = false) -> Bool {
        switch term.kind {
        case .local(let id, _):
            if widens {
                scope.set(id, RegoType.or(scope.local(id), type))
                return true
            }
            if let known = scope.local(id) { return known.unifies(type) }
            scope.set(id, type)
            return true
        case .array(let elements): return unify(elements: elements, term, with: type, widens)
        case .object(let entries): return unify(entries: entries, term, with: type, widens)
        case .set(let elements): return unify(members: elements, term, with: type, widens)
        default: return scope.type(of: term)?.unifies(type) ?? true
        }
    }

    /// Tries all members, since variables take the types of each that fits.
    private func unify(_ term: Term, withAny members: [RegoType]) -> Bool {
        var unifies = false
        for member in members where unify(term, with: member, widens: true) { unifies = true }
        return unifies
    }

    private func unify(elements: [Term], _ term: Term, with type: RegoType, _ widens: Bool) -> Bool
    {
        switch type {
        case .any:
            for element in elements { _ = unify(element, with: .any, widens: true) }
            return true
        case .union(let members): return unify(term, withAny: members)
        case .array(let types, let rest):
            guard types.count == elements.count || rest != nil else { return false }
            for (index, element) in elements.enumerated() {
                guard let type = index < types.count ? types[index] : rest,
                    unify(element, with: type, widens: widens)
                else { return false }
            }
            return true
        default: return false
        }
    }

    private func unify(
        entries: [(key: Term, value: Term)], _ term: Term, with type: RegoType, _ widens: Bool
    ) -> Bool {
        switch type {
        case .any:
            for entry in entries {
                _ = unify(entry.key, with: .any, widens: true)
                _ = unify(entry.value, with: .any, widens: true)
            }
            return true
        case .union(let members): return unify(term, withAny: members)
        case .object(let properties, let rest):
            guard properties.count == entries.count || rest != nil else { return false }
            for entry in entries {
                guard let key = RegoType.Key(entry.key) else {
                    _ = unify(entry.value, with: .any, widens: widens)
                    continue
                }
                guard let child = type.select(key), unify(entry.value, with: child, widens: widens)
                else {
                    return false
                }
            }
            return true
        default: return false
        }
    }

    private func unify(members: [Term], _ term: Term, with type: RegoType, _ widens: Bool) -> Bool {
        switch type {
        case .any:
            for member in members { _ = unify(member, with: .any, widens: true) }
            return true
        case .union(let types): return unify(term, withAny: types)
        case .set(let element):
            return members.allSatisfy { unify($0, with: element, widens: widens) }
        default: return false
        }
    }
}
