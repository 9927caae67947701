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
            guard got.kind == .array || got.kind == .set, want.count == got.count else { return false }
            let a = sorts ? want.elements.sorted() : Array(want.elements)
            let b = sorts ? got.elements.sorted() : Array(got.elements)
            return zip(a, b).allSatisfy { same($0, $1) }
        case .integer, .decimal:
            guard got.isNumber else { return false }
            if want.isEqual(to: got) { return true }
            guard let a = Double(want.description), let b = Double(got.description) else { return false }
            return abs(a - b) <= 1e-9 * max(abs(a), abs(b))
        default: return want.isEqual(to: got)
        }
    }

    /// Keys that are no strings were written as their JSON text.
    private func sameText(_ want: Value, _ got: Value) -> Bool { want.description == got.description }
}
