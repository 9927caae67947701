// SPDX-License-Identifier: Apache-2.0

/// Finds the clauses of a rule that may hold without trying each one.
///
/// A decision tree: a branch reads one value (an input path, a base data path or a part of an
/// argument) and picks children by what it is. A clause that does not test that value is under
/// `others`. Candidates come out in the order of the clauses, each once.
public struct RuleIndex: Sendable {
    public var root: Tree
    /// Where each clause's code starts in its function, ascending.
    public var entries: [Int32]

    public init(root: Tree, entries: [Int32]) {
        self.root = root
        self.entries = entries
    }

    public indirect enum Tree: Sendable {
        /// Clause numbers, ascending.
        case clauses([Int32])
        case branch(Branch)
    }

    public struct Branch: Sendable {
        public var subject: Subject
        public var test: Test
        /// What a clause wants the subject to be, or to hold, or to begin or end with.
        public var children: [Value: Tree]
        /// The clauses that do not test the subject.
        public var others: Tree

        public init(subject: Subject, test: Test, children: [Value: Tree], others: Tree) {
            self.subject = subject
            self.test = test
            self.children = children
            self.others = others
        }
    }

    /// How a subject is compared with the keys of `children`.
    public enum Test: String, Sendable, Hashable, CaseIterable, BitwiseCopyable {
        /// The subject is the key.
        case equality
        /// The subject is a collection that holds the key as an element or value.
        case membership
        /// The subject, or an element of it, is a string that begins with the key.
        case prefix
        /// The subject, or an element of it, is a string that ends with the key.
        case suffix
        /// The subject is there and not false; the key is `true`.
        case truth
    }

    public enum Subject: Sendable, Hashable {
        /// Index into `inputPaths`.
        case input(Int)
        /// Index into `dataPaths`.
        case data(Int)
        /// Parameter number of the function, and a path into its value.
        case argument(Int, path: [Value])
    }
}
