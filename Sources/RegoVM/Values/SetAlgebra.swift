// SPDX-License-Identifier: Apache-2.0

// Union, intersection and difference of sets. Members lie sorted, so results are made in order and
// need no second sort.

extension Value {
    /// The members of the set that are also members of `other`.
    func intersection(_ other: Value, in arena: Arena) -> Value {
        let (few, many) = count <= other.count ? (self, other) : (other, self)
        return few.filtered(in: arena) { many.position(of: $0) >= 0 }
    }

    /// The members of the set that are no members of `other`.
    func subtracting(_ other: Value, in arena: Arena) -> Value {
        if other.count == 0 { return self }
        return filtered(in: arena) { other.position(of: $0) < 0 }
    }

    private func filtered(in arena: Arena, _ isKept: (Value) -> Bool) -> Value {
        guard count > 0 else { return .emptySet }
        let kept = arena.values(count)
        var size = 0
        for member in elements where isKept(member) {
            kept[size] = member
            size += 1
        }
        return size == count ? self : .set(in: arena, unique: kept, count: size)
    }

    /// The members of both sets.
    func union(_ other: Value, in arena: Arena) -> Value {
        if count == 0 { return other }
        if other.count == 0 { return self }
        let (left, right) = (elements, other.elements)
        let merged = arena.values(left.count + right.count)
        var (i, j, size) = (0, 0, 0)
        while i < left.count && j < right.count {
            let order = left[i].compare(right[j])
            merged[size] = order <= 0 ? left[i] : right[j]
            size += 1
            if order <= 0 { i += 1 }
            if order >= 0 { j += 1 }
        }
        while i < left.count {
            merged[size] = left[i]
            (i, size) = (i + 1, size + 1)
        }
        while j < right.count {
            merged[size] = right[j]
            (j, size) = (j + 1, size + 1)
        }
        return .set(in: arena, unique: merged, count: size)
    }
}
