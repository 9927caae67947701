// SPDX-License-Identifier: Apache-2.0

/// Refuses rules that refer to themselves, and orders rules so that each follows those that it
/// refers to (OPA's stage CheckRecursion and its rule graph).
struct RecursionCheck {
    private let rules: [ResolvedGroup]
    /// For each rule and each of its clauses and branches, the rules that it refers to.
    private let targets: [[(location: Location, rules: Set<Int>)]]
    private let edges: [[Int]]

    @Sendable
    static func check(_ compilation: Compilation) -> [Diagnostic] {
        let check = RecursionCheck(compilation)
        let components = StrongComponents.find(check.edges)
        compilation.dependencyOrder = components.order
        return check.cycles(components.component)
    }

    private init(_ compilation: Compilation) {
        rules = compilation.rules
        let references = References(compilation)
        targets = rules.map { rule in
            rule.all.flatMap { clause in
                ([clause] + clause.elseClauses).map { ($0.location, references.targets(of: $0)) }
            }
        }
        edges = targets.map { clauses in
            clauses.reduce(into: Set<Int>()) { $0.formUnion($1.rules) }.sorted()
        }
    }

    /// One diagnostic for each clause that is evaluated again to evaluate itself.
    private func cycles(_ component: [Int]) -> [Diagnostic] {
        var diagnostics: [Diagnostic] = []
        for start in rules.indices {
            for clause in targets[start] {
                // More would not be reported.
                guard diagnostics.count <= Compiler.errorLimit else { return diagnostics }
                let inside = clause.rules.filter { component[$0] == component[start] }
                guard !inside.isEmpty, let path = path(from: start, by: inside.sorted(), component)
                else {
                    continue
                }
                let names = path.map { TermText.path(["data"] + rules[$0].group.path) }
                diagnostics.append(
                    Diagnostic(
                        .recursion,
                        "rule \(names[0]) is recursive: \(names.joined(separator: " -> "))",
                        at: clause.location))
            }
        }
        return diagnostics
    }

    /// The shortest way from a rule back to itself that begins with one of `first`.
    private func path(from start: Int, by first: [Int], _ component: [Int]) -> [Int]? {
        if first.contains(start) { return [start, start] }
        var previous: [Int: Int] = [:]
        var queue = first
        for rule in first { previous[rule] = start }
        var head = 0
        while head < queue.count {
            let current = queue[head]
            head += 1
            for next in edges[current] where component[next] == component[start] {
                if next == start {
                    var path = [start]
                    var step = current
                    while step != start, let before = previous[step] {
                        path.append(step)
                        step = before
                    }
                    return [start] + path.reversed()
                }
                guard previous[next] == nil else { continue }
                previous[next] = current
                queue.append(next)
            }
        }
        return nil
    }
}

/// The rules that a clause refers to.
private struct References {
    private let tree: RuleTree
    private let functions: [[String]: RuleGroup]
    private var numbers: [ObjectIdentifier: Int] = [:]

    init(_ compilation: Compilation) {
        tree = compilation.tree
        functions = compilation.builder.functions
        for (index, rule) in compilation.rules.enumerated() {
            numbers[ObjectIdentifier(rule.group)] = index
        }
    }

    func targets(of clause: ResolvedClause) -> Set<Int> {
        var targets: Set<Int> = []
        guard !clause.features.isDisjoint(with: [.references, .modifiers]) else { return targets }
        // The head of the ref that was visited last: no reference by itself.
        var head: Term?
        let walk = ExpressionWalk(
            onTerm: { term in
                guard term !== head else { return }
                if case .ref(let root, _) = term.kind { head = root }
                collect(term, into: &targets)
            },
            onModifier: { modifier in
                // Replacing one function by another calls the other.
                guard case .call(let name, _, let none) = modifier.value.kind, none.isEmpty else {
                    return
                }
                function(name).map { _ = targets.insert($0) }
            })
        walk.walkOne(clause)
        return targets
    }

    private func function(_ name: [String]) -> Int? {
        guard name[0] == "data", let group = functions[Array(name.dropFirst())] else { return nil }
        return numbers[ObjectIdentifier(group)]
    }

    private func collect(_ term: Term, into targets: inout Set<Int>) {
        switch term.kind {
        case .call(let name, _, _):
            if let number = function(name) { targets.insert(number) }
        case .ref(let head, let operands):
            guard case .variable("data") = head.kind else { return }
            below(operands, into: &targets)
        case .variable("data"): below([], into: &targets)
        default: break
        }
    }

    private func below(_ operands: [Term], into targets: inout Set<Int>) {
        var nodes = [tree.root]
        for operand in operands {
            var next: [RuleTree.Node] = []
            for node in nodes {
                if let group = node.group {
                    insert(group, into: &targets)
                    continue
                }
                switch operand.kind {
                case .string(let name):
                    if let child = node.children[name] { next.append(child) }
                // No rule has such a name.
                case .number, .boolean, .null, .array, .set, .object: break
                default: next += node.order.compactMap { node.children[$0] }
                }
            }
            nodes = next
        }
        while let node = nodes.popLast() {
            if let group = node.group { insert(group, into: &targets) }
            nodes += node.order.compactMap { node.children[$0] }
        }
    }

    /// A document does not contain functions: they are only called.
    private func insert(_ group: RuleGroup, into targets: inout Set<Int>) {
        guard group.kind != .function, let number = numbers[ObjectIdentifier(group)] else { return }
        targets.insert(number)
    }
}

/// Strongly connected components by Tarjan's algorithm, without recursion: linear in nodes and
/// edges.
struct StrongComponents {
    /// Nodes, each behind all that it has edges to, but for cycles.
    private(set) var order: [Int] = []
    /// The component's number by node.
    private(set) var component: [Int]
    private let edges: [[Int]]
    private var number: [Int]
    private var lowest: [Int]
    private var stack: [Int] = []
    private var count = 0
    private var components = 0

    static func find(_ edges: [[Int]]) -> StrongComponents {
        var search = StrongComponents(edges)
        for node in edges.indices where search.number[node] < 0 { search.visit(node) }
        return search
    }

    private init(_ edges: [[Int]]) {
        self.edges = edges
        component = [Int](repeating: -1, count: edges.count)
        number = component
        lowest = component
    }

    private mutating func visit(_ root: Int) {
        var path: [(node: Int, next: Int)] = []
        enter(root, &path)
        while let (node, next) = path.last {
            if next < edges[node].count {
                path[path.count - 1].next += 1
                let target = edges[node][next]
                if number[target] < 0 {
                    enter(target, &path)
                } else if component[target] < 0 {
                    lowest[node] = min(lowest[node], number[target])
                }
                continue
            }
            path.removeLast()
            if let parent = path.last?.node { lowest[parent] = min(lowest[parent], lowest[node]) }
            if lowest[node] == number[node] { close(node) }
        }
    }

    private mutating func enter(_ node: Int, _ path: inout [(node: Int, next: Int)]) {
        number[node] = count
        lowest[node] = count
        count += 1
        stack.append(node)
        path.append((node, 0))
    }

    private mutating func close(_ root: Int) {
        while let node = stack.popLast() {
            component[node] = components
            order.append(node)
            if node == root { break }
        }
        components += 1
    }
}
