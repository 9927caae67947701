// SPDX-License-Identifier: Apache-2.0

/// What a person is asked to approve, in words: protocol, operation, tool, resource, destination,
/// whom the client impersonates, method, host and path. What a mask takes out of a decision's
/// record can be left out here too.
public struct ApprovalSummary {
    /// What a word tells of.
    public struct Parts: OptionSet, Sendable {
        public let rawValue: UInt8
        public init(rawValue: UInt8) { self.rawValue = rawValue }

        public static let operation = Parts(rawValue: 1)
        public static let tool = Parts(rawValue: 2)
        public static let resource = Parts(rawValue: 4)
        public static let host = Parts(rawValue: 8)
        public static let path = Parts(rawValue: 16)
        public static let principals = Parts(rawValue: 32)
        /// Not in the words; beside them in the approval.
        public static let session = Parts(rawValue: 64)
    }

    private var words: [(Parts, String)] = []

    mutating func add(_ part: Parts, _ word: String) {
        if !word.isEmpty { words.append((part, word)) }
    }

    /// The words that tell of nothing in `hidden`.
    func text(without hidden: Parts = []) -> String {
        words.filter { $0.0.isDisjoint(with: hidden) }.map(\.1).joined(separator: " ")
    }
}
