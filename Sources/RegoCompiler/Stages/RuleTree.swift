// SPDX-License-Identifier: Apache-2.0

import RegoVM

/// All clauses that define one document.
final class RuleGroup {
    enum Kind { case complete, partialSet, partialObject, function }

    /// Path under `data`.
    let path: [String]
    var kind: Kind
    var clauses: [Clause] = []
    /// The last one, when there are several.
    var defaultRule: Clause?
    /// Default rules that the last one hides; having any is an error.
    var hiddenDefaults: [Clause] = []
    /// True when its clauses are of different kinds or take different numbers of arguments.
    var isConflicting = false
    /// Index among the program's functions.
    var functionIndex = -1
    /// Index among the program's rules; -1 for functions.
    var ruleIndex = -1

    init(path: [String], kind: Kind) {
        self.path = path
        self.kind = kind
    }
}

/// One rule as written, with the module whose names it sees and what its head adds to the group's
/// path.
struct Clause {
    var rule: Rule
    var module: Module
    /// Head operands after the group's path: keys of a partial object, outermost first.
    var suffix: [Term]
}

/// Virtual documents by path: packages and rules.
final class RuleTree {
    final class Node {
        var children: [String: Node] = [:]
        var order: [String] = []
        var group: RuleGroup?
        /// Modules whose package this is.
        var modules: [Module] = []
        /// Index among the program's nodes.
        var nodeIndex = -1

        func child(_ name: String) -> Node {
            if let child = children[name] { return child }
            let child = Node()
            children[name] = child
            order.append(name)
            return child
        }
    }

    let root = Node()
    private(set) var groups: [RuleGroup] = []
    /// First components of the rules' names, by package.
    private(set) var names: [[String]: Set<String>] = [:]
    /// Paths that are too long; they are left out.
    private(set) var diagnostics: [Diagnostic] = []

    init(_ modules: [Module]) {
        var split: [(path: [String], clause: Clause)] = []
        for module in modules {
            var node = root
            guard isBounded(module.package, module.packageLocation) else { continue }
            for component in module.package { node = node.child(component) }
            node.modules.append(module)
            for rule in module.rules {
                let divided = divide(rule, module)
                if isBounded(divided.path, rule.location) { split.append(divided) }
            }
        }
        let dynamic = Set(split.filter { !$0.clause.suffix.isEmpty }.map(\.path))
        for entry in split { place(entry.path, entry.clause, under: dynamic) }
    }

    /// What walks over the tree recurses.
    private func isBounded(_ path: [String], _ location: Location) -> Bool {
        let limit = RegoVM.Limits.documentDepth
        if path.count <= limit { return true }
        diagnostics.append(
            Diagnostic(
                .compile, "path of \(path.count) components exceeds the limit of \(limit)",
                at: location))
        return false
    }

    /// Splits a head into the path of constant strings and what follows it.
    private func divide(_ rule: Rule, _ module: Module) -> (path: [String], clause: Clause) {
        var path = module.package
        var suffix: [Term] = []
        for (position, term) in rule.head.ref.enumerated() {
            if position == 0, case .variable(let name) = term.kind {
                path.append(name)
                names[module.package, default: []].insert(name)
            } else if suffix.isEmpty, case .string(let name) = term.kind {
                path.append(name)
            } else {
                suffix.append(term)
            }
        }
        return (path, Clause(rule: rule, module: module, suffix: suffix))
    }

    /// Puts a clause into the group of the shortest dynamic path above it, or of its own path.
    private func place(_ path: [String], _ clause: Clause, under dynamic: Set<[String]>) {
        var clause = clause
        var path = path
        if !dynamic.isEmpty, clause.rule.head.arguments == nil {
            for length in stride(from: 1, to: path.count, by: 1)
            where dynamic.contains(Array(path[..<length])) {
                let moved = path[length...].map {
                    Term(location: clause.rule.head.location, kind: .string($0))
                }
                clause.suffix = moved + clause.suffix
                path = Array(path[..<length])
                break
            }
        }
        var node = root
        for component in path { node = node.child(component) }
        let kind = self.kind(of: clause)
        let group = node.group ?? makeGroup(path, kind, at: node)
        if conflicts(kind, with: group, clause.rule) { group.isConflicting = true }
        if clause.rule.isDefault {
            if let other = group.defaultRule { group.hiddenDefaults.append(other) }
            group.defaultRule = clause
        } else {
            group.clauses.append(clause)
        }
    }

    private func makeGroup(_ path: [String], _ kind: RuleGroup.Kind, at node: Node) -> RuleGroup {
        let group = RuleGroup(path: path, kind: kind)
        node.group = group
        groups.append(group)
        return group
    }

    private func kind(of clause: Clause) -> RuleGroup.Kind {
        if clause.rule.head.arguments != nil { return .function }
        if !clause.suffix.isEmpty { return .partialObject }
        return clause.rule.head.key != nil ? .partialSet : .complete
    }

    private func conflicts(_ kind: RuleGroup.Kind, with group: RuleGroup, _ rule: Rule) -> Bool {
        guard group.kind == kind else { return true }
        guard kind == .function, let other = group.clauses.first ?? group.defaultRule else {
            return false
        }
        return other.rule.head.arguments?.count != rule.head.arguments?.count
    }
}
