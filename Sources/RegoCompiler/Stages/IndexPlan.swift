// SPDX-License-Identifier: Apache-2.0

import RegoVM

/// Decides how the clauses of a rule group are found without trying each one.
struct IndexPlan {
    /// What a clause demands of a subject before its body can hold.
    enum Demand {
        case oneOf([Value])
        case prefix(Value)
    }

    private let demands: [[RuleIndex.Subject: Demand]]
    private let tree: RuleIndex.Tree

    /// Below this many clauses trying each one is as quick.
    static let minimumClauses = 4

    /// nil when no clause demands anything that can be looked up.
    init?(group: RuleGroup, clauses: [ResolvedClause], builder: ProgramBuilder) {
        guard clauses.count >= Self.minimumClauses else { return nil }
        demands = clauses.map { DemandFinder(clause: $0, builder: builder).demands() }
        guard demands.contains(where: { !$0.isEmpty }) else { return nil }
        tree = Self.build(Array(0..<clauses.count), demands, used: [])
    }

    func index(entries: [Int]) -> RuleIndex {
        RuleIndex(root: tree, entries: entries.map { Int32($0) })
    }

    private static func build(
        _ clauses: [Int], _ demands: [[RuleIndex.Subject: Demand]], used: Set<RuleIndex.Subject>
    ) -> RuleIndex.Tree {
        let leaf = RuleIndex.Tree.clauses(clauses.map { Int32($0) })
        guard clauses.count >= minimumClauses,
            let (subject, isPrefix) = bestSubject(clauses, demands, used)
        else { return leaf }
        var groups: [Value: [Int]] = [:]
        var others: [Int] = []
        for clause in clauses {
            switch demands[clause][subject] {
            case .oneOf(let values) where !isPrefix:
                for value in Set(values) { groups[value, default: []].append(clause) }
            case .prefix(let prefix) where isPrefix: groups[prefix, default: []].append(clause)
            default: others.append(clause)
            }
        }
        // The same subject may be looked at once more for the other kind of demand.
        let inside = used.union([subject])
        let children = groups.mapValues { build($0, demands, used: inside) }
        let rest = others.count == clauses.count ? leaf : build(others, demands, used: used)
        guard isPrefix else { return .equality(subject, children, others: rest) }
        var byLength: [Int: [Value: RuleIndex.Tree]] = [:]
        for (prefix, child) in children { byLength[prefix.count, default: [:]][prefix] = child }
        let sorted = byLength.keys.sorted().map { RuleIndex.PrefixGroup(length: $0, children: byLength[$0]!) }
        return .prefix(subject, sorted, others: rest)
    }

    /// The subject and kind of demand that splits the clauses into the most groups.
    private static func bestSubject(
        _ clauses: [Int], _ demands: [[RuleIndex.Subject: Demand]], _ used: Set<RuleIndex.Subject>
    ) -> (RuleIndex.Subject, isPrefix: Bool)? {
        var values: [RuleIndex.Subject: Set<Value>] = [:]
        var prefixes: [RuleIndex.Subject: Set<Value>] = [:]
        for clause in clauses {
            for (subject, demand) in demands[clause] where !used.contains(subject) {
                switch demand {
                case .oneOf(let list): values[subject, default: []].formUnion(list)
                case .prefix(let prefix): prefixes[subject, default: []].insert(prefix)
                }
            }
        }
        var best: (RuleIndex.Subject, Bool)?
        var most = 1
        for (subject, set) in values where set.count > most { (best, most) = ((subject, false), set.count) }
        for (subject, set) in prefixes where set.count > most { (best, most) = ((subject, true), set.count) }
        return best
    }
}

/// Finds the demands of one clause: tests that stand alone in its body and compare a subject with constants.
struct DemandFinder {
    let clause: ResolvedClause
    let builder: ProgramBuilder

    func demands() -> [RuleIndex.Subject: IndexPlan.Demand] {
        var result: [RuleIndex.Subject: IndexPlan.Demand] = [:]
        for (position, argument) in clause.arguments.enumerated() {
            if let value = builder.constantValue(argument) { result[.argument(position)] = .oneOf([value]) }
        }
        // An `else` may hold where the first body does not.
        guard clause.elseClauses.isEmpty else { return result }
        for expression in clause.body where !expression.isNegated && expression.modifiers.isEmpty {
            guard case .term(let term) = expression.kind, case .call(let name, _, let arguments) = term.kind,
                arguments.count == 2, let (subject, demand) = demand(name, arguments), result[subject] == nil
            else { continue }
            result[subject] = demand
        }
        return result
    }

    private func demand(
        _ name: [String], _ arguments: [Term]
    ) -> (RuleIndex.Subject, IndexPlan.Demand)? {
        switch name.joined(separator: ".") {
        case "eq", "equal":
            if let subject = subject(arguments[0]), let value = builder.constantValue(arguments[1]) {
                return (subject, .oneOf([value]))
            }
            if let subject = subject(arguments[1]), let value = builder.constantValue(arguments[0]) {
                return (subject, .oneOf([value]))
            }
        case "internal.member_2":
            guard let subject = subject(arguments[0]), let set = builder.constantValue(arguments[1]),
                set.kind == .set || set.kind == .array
            else { return nil }
            return (subject, .oneOf(Array(set.elements)))
        case "startswith":
            guard let subject = subject(arguments[0]), let prefix = builder.constantValue(arguments[1]),
                prefix.isString, prefix.count > 0, !isReplaced("startswith")
            else { return nil }
            return (subject, .prefix(prefix))
        default: break
        }
        return nil
    }

    private func isReplaced(_ builtin: String) -> Bool {
        BuiltinTable.index(of: builtin).map { builder.replacedCallees.contains(.builtin($0)) } ?? true
    }

    /// A static path under `input` or base `data`, or an argument that is a plain variable.
    private func subject(_ term: Term) -> RuleIndex.Subject? {
        switch term.kind {
        case .local(let id, _):
            let position = clause.arguments.firstIndex {
                if case .local(id, _) = $0.kind { true } else { false }
            }
            return position.map { .argument($0) }
        case .ref(let head, let operands):
            guard case .variable(let name) = head.kind else { return nil }
            var path: [Value] = []
            for operand in operands {
                guard case .string(let step) = operand.kind else { return nil }
                path.append(builder.interner.string(step))
            }
            if name == "input" { return .input(builder.inputPath(path)) }
            return isBase(operands) ? .data(builder.dataPath(path)) : nil
        default: return nil
        }
    }

    private func isBase(_ operands: [Term]) -> Bool {
        var node = builder.tree.root
        for operand in operands {
            guard case .string(let name) = operand.kind else { return false }
            guard let child = node.children[name] else { return true }
            if child.group != nil { return false }
            node = child
        }
        return false
    }
}
