// SPDX-License-Identifier: Apache-2.0

/// What a replay found.
public struct ReplayReport: Sendable {
    /// Why a decision was not compared: it is never guessed.
    public enum Skipped: String, Sendable, CaseIterable {
        /// The log keeps no text of it: `log.content` said so, or the check could not be read.
        case noInput = "no_input"
        /// It was too long, or less is kept (`log.content: bodies`).
        case cut
        case erased
        /// Retention removed the text, or it is not beside the log.
        case missing
        /// The text is not the one that the record is bound to.
        case damaged
        /// The decision depends on something that was masked.
        case masked
        /// The record names events of the agent that the log does not have.
        case context
        /// It came about by a deadline, a full store or the like.
        case accident
        /// The threat lists that it was made with are not there.
        case threats
        /// A builtin that asks the world outside was called.
        case nondeterministic
    }

    /// Decisions that come out differently in the same way.
    public struct Group: Sendable {
        /// The route, or the entrypoint.
        public var route: String
        /// Reason codes that are new (`+code`) or gone (`-code`); empty when only the rest differs.
        public var rules: [String]
        /// The recorded action and the one that it would be.
        public var from: String
        public var to: String
        /// What differs, in some of them: `answer`, `mutations`, `labels`, `restrictions`,
        /// `approval`.
        public var parts: [String]
        public var count = 0
        /// Some decision ids.
        public var examples: [String] = []
    }

    public internal(set) var entries = 0
    public internal(set) var decisions = 0
    public internal(set) var equal = 0
    public internal(set) var changed = 0
    public internal(set) var skipped: [Skipped: Int] = [:]
    /// Most frequent first, once the replay is done.
    public internal(set) var groups: [Group] = []
    /// Decisions by the policy revision that made them.
    public internal(set) var revisions: [String: Int] = [:]
    /// Agents whose context was taken up where a record says it stood, because the log does not
    /// have all of its events.
    public internal(set) var adopted = 0

    public init() {}

    public var compared: Int { equal + changed }

    private static let examples = 3

    mutating func skip(_ reason: Skipped) { skipped[reason, default: 0] += 1 }

    mutating func add(_ change: Group, _ id: String) {
        changed += 1
        var place = groups.firstIndex {
            $0.route == change.route && $0.rules == change.rules && $0.from == change.from
                && $0.to == change.to
        }
        if place == nil {
            groups.append(change)
            place = groups.count - 1
        }
        guard let place else { return }
        groups[place].count += 1
        for part in change.parts where !groups[place].parts.contains(part) {
            groups[place].parts.append(part)
        }
        if groups[place].examples.count < Self.examples { groups[place].examples.append(id) }
    }

    mutating func finish() {
        groups.sort { ($0.count, $1.route) > ($1.count, $0.route) }
    }
}
