// SPDX-License-Identifier: Apache-2.0

import RegoVM

/// Decides how the clauses of a rule group are found without trying each one.
struct IndexPlan {
    let demands: [IndexDemands]
    private let tree: RuleIndex.Tree

    /// Below this many clauses trying each one is as quick.
    static let minimumClauses = 4

    /// nil when no clause demands anything that can be looked up.
    init?(clauses: [ResolvedClause], builder: ProgramBuilder) {
        guard builder.usesIndex, clauses.count >= Self.minimumClauses else { return nil }
        demands = clauses.map { DemandFinder.demands(of: $0, builder) }
        guard demands.contains(where: { !$0.keys.isEmpty }) else { return nil }
        var planner = IndexPlanner(demands: demands, builder: builder)
        tree = planner.tree(Array(0..<clauses.count), used: [], level: 0)
        // A leaf at the top means that every clause is tried anyway.
        guard case .branch = tree else { return nil }
    }

    func index(entries: [Int]) -> RuleIndex {
        RuleIndex(root: tree, entries: entries.map { Int32($0) })
    }

    /// What the index looks at first, second and so on, following the clauses that each leaves
    /// over.
    var branches: [RuleIndex.Branch] {
        var result: [RuleIndex.Branch] = []
        var next = tree
        while case .branch(let branch) = next {
            result.append(branch)
            next = branch.others
        }
        return result
    }
}

/// Builds the decision tree from what the clauses demand.
struct IndexPlanner {
    let demands: [IndexDemands]
    let builder: ProgramBuilder
    /// Clause numbers that the tree may still hold: a clause under many keys is in many leaves.
    private var copiesLeft: Int

    init(demands: [IndexDemands], builder: ProgramBuilder) {
        self.demands = demands
        self.builder = builder
        copiesLeft = 1024 + demands.count * RegoVM.Limits.indexCopies
    }

    mutating func tree(_ clauses: [Int], used: Set<IndexTest>, level: Int) -> RuleIndex.Tree {
        guard clauses.count >= IndexPlan.minimumClauses, level < RegoVM.Limits.indexDepth - 1,
            let test = best(clauses, used)
        else { return .clauses(clauses.map { Int32($0) }) }
        var groups: [Value: [Int]] = [:]
        var others: [Int] = []
        for clause in clauses {
            guard let keys = demands[clause].keys[test] else {
                others.append(clause)
                continue
            }
            for key in Set(keys) { groups[key, default: []].append(clause) }
        }
        let inside = used.union([test])
        var children: [Value: RuleIndex.Tree] = [:]
        children.reserveCapacity(groups.count)
        // Sorted, so that the same policy always gives the same program.
        for (key, clauses) in groups.sorted(by: { $0.key < $1.key }) {
            children[key] = tree(clauses, used: inside, level: level + 1)
        }
        return .branch(
            RuleIndex.Branch(
                subject: test.subject.resolved(builder), test: test.test, children: children,
                others: tree(others, used: inside, level: level + 1)))
    }

    /// The test that splits the clauses into the most groups, or else one that many share; nil when
    /// there is none or the tree must not grow by it.
    private mutating func best(_ clauses: [Int], _ used: Set<IndexTest>) -> IndexTest? {
        var tallies: [IndexTest: Tally] = [:]
        for clause in clauses {
            for (test, list) in demands[clause].keys where !used.contains(test) {
                tallies[test, default: Tally()].add(list)
            }
        }
        var best: (test: IndexTest, tally: Tally)?
        for (test, tally) in tallies where tally.isUseful && tally.copies <= copiesLeft {
            guard let other = best else {
                best = (test, tally)
                continue
            }
            let order = (tally.keys.count, tally.clauses)
            let otherOrder = (other.tally.keys.count, other.tally.clauses)
            if order > otherOrder || order == otherOrder && test.rank < other.test.rank {
                best = (test, tally)
            }
        }
        copiesLeft -= best?.tally.copies ?? 0
        return best?.test
    }

    private struct Tally {
        var keys: Set<Value> = []
        var clauses = 0
        /// Clause numbers beyond one for each clause.
        var copies = 0

        mutating func add(_ list: [Value]) {
            keys.formUnion(list)
            clauses += 1
            copies += list.count - 1
        }

        var isUseful: Bool { keys.count > 1 || clauses >= IndexPlan.minimumClauses }
    }
}

extension IndexSubject {
    func resolved(_ builder: ProgramBuilder) -> RuleIndex.Subject {
        switch root {
        case .input: .input(builder.inputPath(path))
        case .data: .data(builder.dataPath(path))
        case .argument(let parameter): .argument(parameter, path: path)
        }
    }

    /// As people write it, e.g. `input.path[0]`; an argument by its number, e.g. `argument 1`.
    var text: String {
        let name =
            switch root {
            case .input: "input"
            case .data: "data"
            case .argument(let parameter): "argument \(parameter + 1)"
            }
        return path.reduce(name) { $0 + Disassembler.step($1) }
    }
}

extension IndexTest {
    /// Between tests that split equally well: the one whose text is first.
    fileprivate var rank: String { subject.text + " " + test.rawValue }
}
