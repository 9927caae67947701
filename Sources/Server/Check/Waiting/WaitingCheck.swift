// SPDX-License-Identifier: Apache-2.0
import Authorization
import DecisionLog
import RegoVM
import Synchronization

/// A check whose policy may wait, on its way from its event loop to a worker and back.
final class WaitingCheck: Sendable {
    /// The message's bytes: those in the loop's buffer are gone when a worker reads it.
    let message: [UInt8]
    /// Used by the loop only.
    let call: CallHandle
    /// Monotonic nanoseconds at which it came.
    let arrival: UInt64
    /// Monotonic nanoseconds at which the answer must be there.
    let deadline: UInt64
    /// Monotonic nanoseconds at which the evaluation must end, so that the answer is in time.
    let evaluationDeadline: UInt64
    let cancellation = Cancellation()
    private let mailbox: FinishedChecks
    private let state = Atomic<UInt8>(State.queued)

    private enum State {
        static let queued: UInt8 = 0
        static let running: UInt8 = 1
        static let dropped: UInt8 = 2
    }

    init(
        _ message: UnsafeRawBufferPointer, _ call: CallHandle, arrival: UInt64, deadline: UInt64,
        _ mailbox: FinishedChecks
    ) {
        self.message = Array(message)
        self.call = call
        self.arrival = arrival
        self.deadline = deadline
        self.mailbox = mailbox
        evaluationDeadline = AnswerTime.end(of: deadline, now: arrival)
    }

    /// A worker takes the check; false when it was dropped before.
    func start() -> Bool { change(from: State.queued, to: State.running) }

    /// The loop takes the check back; false when a worker has it already.
    func drop() -> Bool { change(from: State.queued, to: State.dropped) }

    var isDropped: Bool { state.load(ordering: .acquiring) == State.dropped }

    /// What a worker answers.
    ///
    /// - Parameters:
    ///   - ticket: of the commit that the answer must wait for; nil without a log.
    ///   - approval: that a person may still give.
    func finish(
        _ answer: [UInt8], _ ticket: LogWriter.Ticket?, approval: DecisionID? = nil
    ) {
        mailbox.add(.init(check: self, answer: answer, ticket: ticket, approval: approval))
    }

    private func change(from old: UInt8, to new: UInt8) -> Bool {
        state.compareExchange(expected: old, desired: new, ordering: .acquiringAndReleasing)
            .exchanged
    }
}

/// What workers have for one event loop.
final class FinishedChecks: Sendable {
    struct Entry: Sendable {
        let check: WaitingCheck
        let answer: [UInt8]
        let ticket: LogWriter.Ticket?
        let approval: DecisionID?
    }

    private let loop: LoopHandle
    private let entries = Mutex<[Entry]>([])

    init(_ loop: LoopHandle) { self.loop = loop }

    func add(_ entry: Entry) {
        entries.withLock { $0.append(entry) }
        loop.wake()
    }

    /// Takes everything.
    func collect() -> [Entry] {
        entries.withLock { entries in
            let taken = entries
            entries = []
            return taken
        }
    }
}

/// Bounds of checks that wait, each with its unit.
public enum WaitingLimits {
    /// Threads that evaluate policies which may wait.
    public static let workers = 16
    /// Checks that may wait for a worker.
    public static let queue = 1024
}
