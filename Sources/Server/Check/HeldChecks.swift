// SPDX-License-Identifier: Apache-2.0
import AgentContext
import Authorization

/// Checks of one loop that wait for a person: each has its denial ready, and is decided again when
/// its approval is. Belongs to the loop's thread.
struct HeldChecks {
    /// Checks at most, and bytes of their messages and answers.
    private static let maximum = 256
    private static let maximumBytes = 16 << 20

    struct Check {
        let call: CallHandle
        let approval: DecisionID
        let message: [UInt8]
        /// Given when nobody decides in time.
        let denial: [UInt8]
        /// Monotonic nanoseconds.
        let until: UInt64
        let deadline: UInt64
        /// The denial's record is not committed yet.
        var isUnsettled = true
    }

    private let loop: LoopHandle
    private let approvals: ApprovalStore
    /// Nanoseconds that a check is held at most.
    private let time: UInt64
    private var checks: [Check] = []
    private var bytes = 0
    /// Of `ApprovalStore.decisions` when it was looked at last.
    private var seen = 0

    /// The token of this type's timers.
    static let timer: UInt64 = 1

    /// - Parameter time: 0 holds nothing.
    init?(_ loop: LoopHandle, _ agents: AgentStore?, time: UInt64) {
        guard let agents, time > 0 else { return nil }
        self.loop = loop
        self.time = time
        approvals = agents.approvals
    }

    var isEmpty: Bool { checks.isEmpty }

    /// - Returns: false when the check must be answered now.
    mutating func hold(
        _ call: CallHandle, _ approval: DecisionID, _ message: UnsafeRawBufferPointer,
        denial: UnsafeRawBufferPointer, deadline: UInt64
    ) -> Bool {
        let size = message.count + denial.count
        let until = min(loop.now + time, AnswerTime.end(of: deadline, now: loop.now))
        guard checks.count < Self.maximum, bytes + size <= Self.maximumBytes, until > loop.now
        else { return false }
        checks.append(
            Check(
                call: call, approval: approval, message: Array(message), denial: Array(denial),
                until: until, deadline: deadline))
        bytes += size
        loop.schedule(at: until, token: Self.timer)
        return true
    }

    /// Takes the checks whose approval was decided.
    mutating func takeDecided(now: Int64) -> [Check] {
        let decisions = approvals.decisions
        guard decisions != seen else { return [] }
        seen = decisions
        let approvals = approvals
        return take { approvals.approval($0.approval, now: now)?.state != .pending }
    }

    /// Takes the checks that may wait no longer.
    mutating func takeExpired() -> [Check] {
        let now = loop.now
        return take { $0.until <= now }
    }

    mutating func takeAll() -> [Check] { take { _ in true } }

    /// Takes the checks whose denial could not be recorded.
    mutating func takeUnsettled() -> [Check] { take { $0.isUnsettled } }

    /// The records of all denials are in the log.
    mutating func settle() { for index in checks.indices { checks[index].isUnsettled = false } }

    /// Takes those that `isWanted`, and forgets those that nobody waits for any more.
    private mutating func take(where isWanted: (Check) -> Bool) -> [Check] {
        var taken: [Check] = []
        var kept: [Check] = []
        for check in checks {
            if check.call.isOpen, !isWanted(check) {
                kept.append(check)
                continue
            }
            bytes -= check.message.count + check.denial.count
            if check.call.isOpen { taken.append(check) }
        }
        checks = kept
        return taken
    }
}
