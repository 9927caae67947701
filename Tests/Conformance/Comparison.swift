// SPDX-License-Identifier: Apache-2.0

import RegoVM

/// Compares results as OPA's runner does: solutions as a set, sets as arrays, floats nearly.
struct Comparison {
    let sorts: Bool

    func sameSolutions(_ want: Value, _ got: Value) -> Bool {
        guard want.count == got.count else { return false }
        var left = Array(got.elements)
        for solution in want.elements {
            guard let index = left.firstIndex(where: { same(solution, $0) }) else { return false }
            left.remove(at: index)
        }
        return true
    }

    private func same(_ want: Value, _ got: Value) -> Bool {
        switch want.kind {
        case .object:
            guard got.kind == .object, want.count == got.count else { return false }
            return want.keys.indices.allSatisfy { index in
                let value = got[want.keys[index]]
                return value.isDefined && same(want.values[index], value)
            } || sameText(want, got)
        case .array:
            guard got.kind == .array || got.kind == .set, want.count == got.count else {
                return false
            }
            // A set has no order in JSON; `sort_bindings` says the same of arrays.
            return sorts || got.kind == .set
                ? sameMembers(want, got)
                : zip(want.elements, got.elements).allSatisfy { same($0, $1) }
        case .integer, .decimal:
            guard got.isNumber else { return false }
            if want.isEqual(to: got) { return true }
            guard let a = Double(want.description), let b = Double(got.description) else {
                return false
            }
            return abs(a - b) <= 1e-9 * max(abs(a), abs(b))
        default: return want.isEqual(to: got)
        }
    }

    private func sameMembers(_ want: Value, _ got: Value) -> Bool {
        var left = Array(got.elements)
        for member in want.elements {
            guard let index = left.firstIndex(where: { same(member, $0) }) else { return false }
            left.remove(at: index)
        }
        return true
    }

    /// Keys that are no strings were written as their JSON text.
    private func sameText(_ want: Value, _ got: Value) -> Bool {
        want.keys.indices.allSatisfy { index in
            let name = want.keys[index].asString ?? want.keys[index].description
            guard
                let place = got.keys.firstIndex(where: { ($0.asString ?? $0.description) == name })
            else {
                return false
            }
            return same(want.values[index], got.values[place])
        }
    }
}
