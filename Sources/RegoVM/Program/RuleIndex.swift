// SPDX-License-Identifier: Apache-2.0

/// Finds the clauses of a rule that may hold without trying each one.
///
/// A decision tree: an inner node reads one value (an input path, a base data path or an argument) and
/// picks a child by equality or by prefix. A clause that does not test that value is in every
/// child. Candidates come out in the order of the clauses.
public struct RuleIndex: Sendable {
    public var root: Tree
    /// Where each clause's code starts in its function.
    public var entries: [Int32]

    public init(root: Tree, entries: [Int32]) {
        self.root = root
        self.entries = entries
    }

    public indirect enum Tree: Sendable {
        /// Clause numbers, ascending.
        case clauses([Int32])
        /// The children hold only clauses that test the subject; `others` the rest.
        case equality(Subject, [Value: Tree], others: Tree)
        /// Prefixes grouped by their length, shortest first.
        case prefix(Subject, [PrefixGroup], others: Tree)
    }

    public struct PrefixGroup: Sendable {
        public var length: Int
        public var children: [Value: Tree]
        public init(length: Int, children: [Value: Tree]) {
            self.length = length
            self.children = children
        }
    }

    public enum Subject: Sendable, Hashable {
        /// Index into `inputPaths`.
        case input(Int)
        /// Index into `dataPaths`.
        case data(Int)
        /// Parameter number of the function.
        case argument(Int)
    }
}
