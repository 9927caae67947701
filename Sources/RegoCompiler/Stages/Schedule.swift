// SPDX-License-Identifier: Apache-2.0

/// Orders the expressions of a body so that each finds its variables bound (OPA's stage
/// CheckSafetyRuleBodies).
///
/// For OPA each call is an expression of its own. Here it stays where it was written as long as
/// that makes no difference.
struct Schedule {
    struct Unsafe: Error {
        /// Each variable with the index in the body of the expression that needs it.
        var variables: [(id: Int, index: Int)]
    }

    /// Something to be placed: an expression of the body, or a part of it.
    private struct Item {
        let expression: Expression
        /// Of the body's expression.
        let index: Int
    }

    private(set) var binding: Binding
    /// With those that were made for parts of expressions.
    private(set) var variables: VariableTable
    /// Parts of expressions that stand for themselves when they are looked at alone.
    private var parts: [ObjectIdentifier: Body] = [:]

    /// - Parameter binding: its `bound` is what the body finds bound.
    init(_ binding: Binding, _ variables: VariableTable) {
        self.binding = binding
        self.variables = variables
    }

    /// The body in an order in which it can be evaluated; what is bound behind it is in `binding`.
    mutating func order(_ body: Body) throws(Unsafe) -> Body {
        var ordered: Body = []
        ordered.reserveCapacity(body.count)
        var waiting = body.enumerated().map { Item(expression: $1, index: $0) }
        var isSplit = false
        while !waiting.isEmpty {
            var blocked: [Item] = []
            for item in waiting {
                if let placed = place(item.expression, isSplit: isSplit) {
                    ordered += placed
                } else {
                    blocked.append(item)
                }
            }
            if blocked.count == waiting.count {
                guard !isSplit else { throw unsafe(blocked) }
                isSplit = true
                blocked = blocked.flatMap { item in
                    split(item.expression).map { Item(expression: $0, index: item.index) }
                }
            }
            waiting = blocked
        }
        return ordered
    }

    /// The same; nil where there is none.
    mutating func orderOrNothing(_ body: Body) -> Body? {
        do throws(Unsafe) { return try order(body) } catch { return nil }
    }

    /// Variables for what has to be evaluated of heads, and the expressions that give them values.
    mutating func evaluations(of heads: [Term]) -> (values: [Term], expressions: Body) {
        var units = CallUnits(binding, variables)
        var expressions: Body = []
        let values = heads.map { head in
            guard head.needsEvaluation else { return head }
            let (variable, expression) = units.assign(head)
            expressions.append(expression)
            return variable
        }
        (binding.depths, variables) = (units.binding.depths, units.variables)
        return (values, expressions)
    }

    private mutating func split(_ expression: Expression) -> Body {
        guard !expression.isNegated, CallUnits.isNested(expression) else { return [expression] }
        if let known = parts[ObjectIdentifier(expression)] { return known }
        let result = take { $0.calls(of: expression) }
        parts[ObjectIdentifier(expression)] = result
        return result
    }

    private mutating func take(_ make: (inout CallUnits) -> Body) -> Body {
        var units = CallUnits(binding, variables)
        let result = make(&units)
        variables = units.variables
        binding.depths = units.binding.depths
        return result
    }

    // MARK: One expression

    /// What is to be evaluated for an expression; nil, and nothing bound, when it has to wait.
    private mutating func place(_ expression: Expression, isSplit: Bool) -> Body? {
        var whole = binding
        whole.expression(expression)
        let isNested = !isSplit && !expression.isNegated && CallUnits.isNested(expression)
        if whole.unmet.isEmpty, !isNested || whole.bound.count == binding.bound.count {
            binding.bound = whole.bound
            return [expression]
        }
        guard isNested else { return placeUnit(expression) }
        let before = binding.bound
        var placed: Body = []
        var waiting = split(expression)
        while !waiting.isEmpty {
            var blocked: Body = []
            for unit in waiting {
                if let parts = placeUnit(unit) { placed += parts } else { blocked.append(unit) }
            }
            guard blocked.count < waiting.count else {
                binding.bound = before
                return nil
            }
            waiting = blocked
        }
        guard whole.unmet.isEmpty else { return placed }
        binding.bound = whole.bound
        return [expression]
    }

    /// The same for an expression without calls inside of it.
    private mutating func placeUnit(_ unit: Expression) -> Body? {
        var trial = binding
        trial.expression(unit)
        if trial.unmet.isEmpty {
            binding.bound = trial.bound
            return [unit]
        }
        guard !unit.isNegated, missing(unit)?.isEmpty == true else { return nil }
        let before = binding.bound
        let parts = take { $0.refs(of: unit) }
        for part in parts {
            var trial = binding
            trial.expression(part)
            guard trial.unmet.isEmpty else {
                binding.bound = before
                return nil
            }
            binding.bound = trial.bound
        }
        return parts
    }

    /// nil when the expression is none of those that bind as terms do.
    private func missing(_ unit: Expression) -> Set<Int>? {
        guard !unit.isNegated, !unit.isTakenOut, case .term(let term) = unit.kind else {
            return nil
        }
        return SafeOutputs(binding).missing(term, modifiers: unit.modifiers)
    }

    // MARK: Errors

    private func unsafe(_ blocked: [Item]) -> Unsafe {
        var seen: Set<Int> = []
        var variables: [(Int, Int)] = []
        for item in blocked {
            for id in unmet(item.expression) where !isOwn(id) && seen.insert(id).inserted {
                variables.append((id, item.index))
            }
        }
        // Never silent, whatever the two views of an expression make of it.
        for item in blocked where variables.isEmpty {
            var trial = binding
            trial.expression(item.expression)
            for id in trial.unmet { variables.append((id, item.index)) }
        }
        return Unsafe(variables: variables)
    }

    private func unmet(_ expression: Expression) -> [Int] {
        if let missing = missing(expression), !missing.isEmpty { return missing.sorted() }
        var trial = binding
        trial.expression(expression)
        return trial.unmet
    }

    private func isOwn(_ id: Int) -> Bool { variables.names[id] == CallUnits.name }
}
