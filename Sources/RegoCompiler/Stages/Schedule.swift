// SPDX-License-Identifier: Apache-2.0

/// Orders the expressions of a body so that each finds its variables bound (OPA's stage
/// CheckSafetyRuleBodies).
enum Schedule {
    struct Unsafe: Error {
        /// Each variable with the index in the body of the expression that needs it.
        var variables: [(id: Int, index: Int)]
    }

    /// - Parameter binding: its `bound` is what the body finds bound, and is what is bound after
    ///   it on return.
    static func order(_ body: Body, _ binding: inout Binding) throws(Unsafe) -> Body {
        var ordered: Body = []
        ordered.reserveCapacity(body.count)
        var waiting = body
        while !waiting.isEmpty {
            var blocked: Body = []
            for expression in waiting {
                var trial = binding
                trial.expression(expression)
                if trial.unmet.isEmpty {
                    binding.bound = trial.bound
                    ordered.append(expression)
                } else {
                    blocked.append(expression)
                }
            }
            if blocked.count == waiting.count { throw unsafe(blocked, of: body, binding) }
            waiting = blocked
        }
        return ordered
    }

    private static func unsafe(_ blocked: Body, of body: Body, _ binding: Binding) -> Unsafe {
        var seen: Set<Int> = []
        var variables: [(Int, Int)] = []
        for (index, expression) in body.enumerated()
        where blocked.contains(where: { $0 === expression }) {
            var trial = binding
            trial.expression(expression)
            for id in trial.unmet where seen.insert(id).inserted {
                variables.append((id, index))
            }
        }
        return Unsafe(variables: variables)
    }
}
