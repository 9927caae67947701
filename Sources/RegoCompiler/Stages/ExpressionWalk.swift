// SPDX-License-Identifier: Apache-2.0

/// Visits every term and every modifier of resolved clauses, closures included.
struct ExpressionWalk {
    var onTerm: (Term) -> Void = { _ in }
    var onModifier: (Modifier) -> Void = { _ in }

    func walk(_ clause: ResolvedClause) {
        for term in clause.arguments + clause.suffix + [clause.key, clause.value].compactMap({ $0 }) { walk(term) }
        walk(clause.body)
        for link in clause.elseClauses { walk(link) }
    }

    func walk(_ body: Body) { for expression in body { walk(expression) } }

    func walk(_ expression: Expression) {
        for modifier in expression.modifiers {
            onModifier(modifier)
            walk(modifier.value)
        }
        switch expression.kind {
        case .term(let term): walk(term)
        case .someVariables: break
        case .someIn(let key, let value, let domain):
            if let key { walk(key) }
            walk(value)
            walk(domain)
        case .every(let key, let value, let domain, let body):
            if let key { walk(key) }
            walk(value)
            walk(domain)
            walk(body)
        case .block(let body): walk(body)
        case .and(let left, let right), .or(let left, let right):
            walk(left)
            walk(right)
        }
    }

    func walk(_ term: Term) {
        onTerm(term)
        switch term.kind {
        case .ref(let head, let operands):
            walk(head)
            for operand in operands { walk(operand) }
        case .array(let elements), .set(let elements), .template(let elements):
            for element in elements { walk(element) }
        case .object(let entries):
            for entry in entries {
                walk(entry.key)
                walk(entry.value)
            }
        case .call(_, _, let arguments): for argument in arguments { walk(argument) }
        case .arrayComprehension(let head, let body), .setComprehension(let head, let body):
            walk(head)
            walk(body)
        case .objectComprehension(let key, let value, let body):
            walk(key)
            walk(value)
            walk(body)
        case .null, .boolean, .number, .string, .variable, .local: break
        }
    }
}

/// Collects what `with` replaces anywhere in the policy.
enum ReplacementFinder {
    static func find(_ clauses: [ResolvedClause], _ builder: ProgramBuilder) {
        let walk = ExpressionWalk(onModifier: { modifier in
            switch WithTarget(modifier, builder) {
            case .data(let path): builder.replacedPaths.append(path)
            case .callee(let callee): builder.replacedCallees.insert(callee)
            case .input, nil: break
            }
        })
        for clause in clauses { walk.walk(clause) }
    }
}

/// Refuses calls of functions that do not exist (OPA's stage CheckUndefinedFuncs).
enum FunctionCheck {
    static func check(_ clauses: [ResolvedClause], _ builder: ProgramBuilder) -> [Diagnostic] {
        var diagnostics: [Diagnostic] = []
        let walk = ExpressionWalk(onTerm: { term in
            guard case .call(let name, let location, _) = term.kind, builder.arity(name) == nil else { return }
            diagnostics.append(
                Diagnostic(.type, "undefined function \(name.joined(separator: "."))", at: location))
        })
        for clause in clauses { walk.walk(clause) }
        return diagnostics
    }
}

/// Refuses rules that refer to themselves (OPA's stage CheckRecursion).
struct RecursionCheck {
    private var edges: [[Int]]
    private let groups: [RuleGroup]

    static func check(
        _ rules: [(group: RuleGroup, clauses: [ResolvedClause])], _ builder: ProgramBuilder
    ) -> [Diagnostic] {
        var check = RecursionCheck(edges: [], groups: rules.map(\.group))
        var numbers: [ObjectIdentifier: Int] = [:]
        for (index, rule) in rules.enumerated() { numbers[ObjectIdentifier(rule.group)] = index }
        for (_, clauses) in rules {
            var targets: Set<Int> = []
            let walk = ExpressionWalk(onTerm: { term in
                for group in Self.groups(term, builder) {
                    if let number = numbers[ObjectIdentifier(group)] { targets.insert(number) }
                }
            })
            for clause in clauses { walk.walk(clause) }
            check.edges.append(targets.sorted())
        }
        return check.cycles()
    }

    /// The rule groups that a term may evaluate.
    private static func groups(_ term: Term, _ builder: ProgramBuilder) -> [RuleGroup] {
        switch term.kind {
        case .variable("data"): return []
        case .call(let name, _, _) where name[0] == "data":
            return builder.functions[Array(name.dropFirst())].map { [$0] } ?? []
        case .ref(let head, let operands):
            guard case .variable("data") = head.kind else { return [] }
            return below([builder.tree.root], operands)
        default: return []
        }
    }

    private static func below(_ start: [RuleTree.Node], _ operands: [Term]) -> [RuleGroup] {
        var nodes = start
        var found: [RuleGroup] = []
        for operand in operands {
            var next: [RuleTree.Node] = []
            for node in nodes {
                if let group = node.group {
                    found.append(group)
                } else if case .string(let name) = operand.kind {
                    if let child = node.children[name] { next.append(child) }
                } else if case .number = operand.kind {
                    continue
                } else {
                    next += node.order.compactMap { node.children[$0] }
                }
            }
            nodes = next
        }
        func collect(_ node: RuleTree.Node) {
            if let group = node.group { found.append(group) } else { for name in node.order { collect(node.children[name]!) } }
        }
        for node in nodes { collect(node) }
        return found.filter { $0.kind != .function }
    }

    /// One diagnostic for each group that reaches itself.
    private func cycles() -> [Diagnostic] {
        var diagnostics: [Diagnostic] = []
        for start in groups.indices {
            guard let path = path(from: start) else { continue }
            let names = path.map { (["data"] + groups[$0].path).joined(separator: ".") }
            let location = (groups[start].clauses.first ?? groups[start].defaultRule)?.rule.location
            guard let location else { continue }
            diagnostics.append(
                Diagnostic(
                    .recursion, "rule \(names[0]) is recursive: \(names.joined(separator: " -> "))",
                    at: location))
        }
        return diagnostics
    }

    /// The shortest way from a group back to itself.
    private func path(from start: Int) -> [Int]? {
        guard !edges[start].isEmpty else { return nil }
        var previous = [Int](repeating: -1, count: edges.count)
        var queue = [start]
        var head = 0
        while head < queue.count {
            let current = queue[head]
            head += 1
            for next in edges[current] {
                if next == start {
                    var path = [start]
                    var step = current
                    while step != start {
                        path.append(step)
                        step = previous[step]
                    }
                    path.append(start)
                    return path.reversed()
                }
                if previous[next] < 0 {
                    previous[next] = current
                    queue.append(next)
                }
            }
        }
        return nil
    }
}
