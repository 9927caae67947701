// SPDX-License-Identifier: Apache-2.0

import RegoVM

/// For each rule of more than one clause: what its index looks at, and which clauses it cannot tell
/// apart.
public struct IndexExplanation: Sendable {
    public struct Rule: Sendable {
        /// The rule's path, e.g. `data.authz.allow`.
        public var path: String
        public var clauses: Int
        /// In the order in which the index looks; empty when the rule has none.
        public var lookups: [Lookup] = []
        /// Clauses that are tried for every input.
        public var unindexed: [Unindexed] = []
    }

    public struct Lookup: Sendable {
        /// As written, e.g. `input.path`.
        public var subject: String
        public var test: RuleIndex.Test
        /// Distinct values.
        public var keys: Int
        /// Clauses that are found by this.
        public var clauses: Int
        /// Clauses under the value that has the most of them.
        public var mostCandidates: Int
    }

    public struct Unindexed: Sendable {
        /// Where the clause stands: file number, row and column from 1.
        public var position: Program.Position
        public var reason: String
    }

    public private(set) var rules: [Rule] = []

    mutating func add(
        _ group: RuleGroup, _ clauses: [ResolvedClause], _ plan: IndexPlan?,
        _ builder: ProgramBuilder
    ) {
        guard clauses.count > 1 else { return }
        var rule = Rule(
            path: (["data"] + group.path).joined(separator: "."), clauses: clauses.count)
        var found: Set<Int32> = []
        for branch in plan?.branches ?? [] {
            let children = branch.children.values.map(\.clauseNumbers)
            found.formUnion(children.joined())
            rule.lookups.append(
                Lookup(
                    subject: IndexSubject(branch.subject, builder).text, test: branch.test,
                    keys: children.count, clauses: Set(children.joined()).count,
                    mostCandidates: children.map(\.count).max() ?? 0))
        }
        for (number, clause) in clauses.enumerated() where !found.contains(Int32(number)) {
            let place = clause.location
            rule.unindexed.append(
                Unindexed(
                    position: .init(file: place.file, row: place.row, column: place.column),
                    reason: reason(clause, clauses.count, builder)))
        }
        rules.append(rule)
    }

    private func reason(_ clause: ResolvedClause, _ clauses: Int, _ builder: ProgramBuilder)
        -> String
    {
        guard clauses >= IndexPlan.minimumClauses else {
            return "the rule has fewer than \(IndexPlan.minimumClauses) clauses"
        }
        let demands = DemandFinder.demands(of: clause, builder)
        return demands.keys.isEmpty
            ? demands.reason.rawValue : "what it tests does not tell it from other clauses"
    }

    /// - Parameter sources: names of the sources by number.
    public func text(sources: [String]) -> String {
        var lines: [String] = []
        for rule in rules {
            lines.append(
                "\(rule.path): \(rule.clauses) clauses, \(rule.unindexed.count) always tried")
            for lookup in rule.lookups {
                lines.append(
                    "  \(lookup.subject) by \(lookup.test.rawValue): \(lookup.keys) values, "
                        + "\(lookup.clauses) clauses, "
                        + "at most \(lookup.mostCandidates) for one value"
                )
            }
            for clause in rule.unindexed {
                let file = Int(clause.position.file)
                let name = sources.indices.contains(file) ? sources[file] : "source \(file)"
                lines.append("  \(name):\(clause.position.row): not indexed: \(clause.reason)")
            }
        }
        return lines.map { $0 + "\n" }.joined()
    }
}

extension RuleIndex.Tree {
    /// All clauses under the tree, each once.
    fileprivate var clauseNumbers: Set<Int32> {
        switch self {
        case .clauses(let clauses): return Set(clauses)
        case .branch(let branch):
            return branch.children.values.reduce(into: branch.others.clauseNumbers) {
                $0.formUnion($1.clauseNumbers)
            }
        }
    }
}

extension IndexSubject {
    fileprivate init(_ subject: RuleIndex.Subject, _ builder: ProgramBuilder) {
        switch subject {
        case .input(let index): self.init(root: .input, path: builder.program.inputPaths[index])
        case .data(let index): self.init(root: .data, path: builder.program.dataPaths[index])
        case .argument(let parameter, let path): self.init(root: .argument(parameter), path: path)
        }
    }
}
