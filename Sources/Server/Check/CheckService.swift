// SPDX-License-Identifier: Apache-2.0
import Authorization
import DecisionLog
import PDP
import Platform

/// The `Authorization/Check` method of one event loop.
///
/// Answers wait until the records of their decisions are in the log: until the end of the
/// batch when the log is buffered, until the disk has them when it is durable.
public final class CheckService: UnaryService {
    /// The method's path.
    public static let method = "/envoy.service.auth.v3.Authorization/Check"

    private let shared: SharedState
    private let loop: LoopHandle
    private let handler: CheckHandler
    private let log: LogWriter?
    /// Answers of this batch, not committed yet.
    private var batch = AnswerBatch()
    /// Answers of earlier batches that are not durable yet, oldest first.
    private var waiting: [(ticket: LogWriter.Ticket, batch: AnswerBatch)] = []
    private var spare: [AnswerBatch] = []
    /// Checks that workers have, because their policy may wait.
    private var checks: WaitingChecks
    /// Checks that wait for a person; nil when none may.
    private var held: HeldChecks?

    public init(_ shared: SharedState, workers: CheckWorkers, loop: LoopHandle) {
        self.shared = shared
        self.loop = loop
        checks = WaitingChecks(loop, workers)
        held = HeldChecks(loop, shared.agents, time: shared.hold)
        handler = CheckHandler(shared)
        log = shared.log?.makeWriter()
    }

    public func handle(
        _ call: CallHandle, method: Int, message: UnsafeRawBufferPointer, deadline: UInt64
    ) {
        guard
            let answer = handler.answer(message, arrival: loop.now, deadline: deadline, log: log)
        else { return wait(call, message, deadline) }
        if held != nil, hold(call, message, deadline, answer) { return }
        give(answer, to: call)
    }

    /// Keeps a check whose approval is open, and its denial.
    private func hold(
        _ call: CallHandle, _ message: UnsafeRawBufferPointer, _ deadline: UInt64, _ denial: Bytes
    ) -> Bool {
        guard let approval = handler.openApproval else { return false }
        let deadline = deadline == .max ? loop.now + shared.deadline : deadline
        let denial = UnsafeRawBufferPointer(denial.buffer)
        return held?.hold(call, approval, message, denial: denial, deadline: deadline) ?? false
    }

    /// Decides again what a person has decided about.
    private func resume() {
        for check in held?.takeDecided(now: SystemClock().wall()) ?? [] {
            check.message.withUnsafeBytes {
                handle(check.call, method: 0, message: $0, deadline: check.deadline)
            }
        }
    }

    /// Gives held denials.
    private func release(_ checks: [HeldChecks.Check]) {
        for check in checks {
            check.denial.withUnsafeBytes { give(Bytes($0), to: check.call) }
        }
    }

    /// Answers after the next commit.
    private func give(_ answer: Bytes, to call: CallHandle) {
        guard log != nil else {
            call.respond(UnsafeRawBufferPointer(answer.buffer))
            return
        }
        batch.add(call, answer)
    }

    /// Hands a check to the workers.
    private func wait(_ call: CallHandle, _ message: UnsafeRawBufferPointer, _ deadline: UInt64) {
        let deadline = deadline == .max ? loop.now + shared.deadline : deadline
        if checks.add(call, message, deadline: deadline) { return }
        let answer = handler.refusal(message, "waiting_queue_full", arrival: loop.now, log: log)
        give(answer, to: call)
    }

    public func timerFired(token: UInt64) {
        if token == HeldChecks.timer { return release(held?.takeExpired() ?? []) }
        for check in checks.takeExpired() {
            let answer = check.message.withUnsafeBytes {
                handler.refusal($0, "eval_cancel_error", arrival: check.arrival, log: log)
            }
            give(answer, to: check.call)
        }
    }

    /// No person is waited for any more: their approvals outlive the server.
    public func drainBegan() {
        release(held?.takeAll() ?? [])
        held = nil
    }

    public func loopEnded() { checks.cancelAll() }

    public func batchEnded() {
        if !checks.isEmpty { checks.sweep() }
        guard let log, !batch.isEmpty || log.pending > 0 else { return }
        do throws(LogError) {
            let ticket = try log.commit()
            handler.committed()
            held?.settle()
            if log.isDurable(ticket) && waiting.isEmpty {
                batch.send()
            } else {
                waiting.append((ticket, batch))
                batch = spare.popLast() ?? AnswerBatch()
            }
        } catch {
            release(held?.takeUnsettled() ?? [])
            if log.mayLose(batch.count, error) {
                handler.committed()
                batch.send()
            } else {
                batch.refuse(handler.unrecorded())
            }
        }
    }

    public func woken() {
        if !checks.isEmpty { takeFinished() }
        if held?.isEmpty == false { resume() }
        guard let log, !waiting.isEmpty else { return }
        var released = 0
        while released < waiting.count, log.isDurable(waiting[released].ticket) {
            waiting[released].batch.send()
            released += 1
        }
        if released == 0, let failure = log.failure {
            let answer = handler.unrecorded()
            while released < waiting.count {
                if log.mayAnswerEarly(waiting[released].batch.count, failure) {
                    waiting[released].batch.send()
                } else {
                    waiting[released].batch.refuse(answer)
                }
                released += 1
            }
        }
        for entry in waiting.prefix(released) { spare.append(entry.batch) }
        waiting.removeFirst(released)
    }

    /// Answers what workers have decided, or has it wait for its record.
    private func takeFinished() {
        for entry in checks.collect() {
            entry.answer.withUnsafeBytes { answer in
                guard let ticket = entry.ticket else {
                    entry.check.call.respond(answer)
                    return
                }
                if let approval = entry.approval, hold(entry, approval) { return }
                var batch = spare.popLast() ?? AnswerBatch()
                batch.add(entry.check.call, answer)
                waiting.append((ticket, batch))
            }
        }
    }

    /// Keeps a check of a worker's whose approval is open.
    private func hold(_ entry: FinishedChecks.Entry, _ approval: DecisionID) -> Bool {
        let check = entry.check
        return check.message.withUnsafeBytes { message in
            entry.answer.withUnsafeBytes { denial in
                held?.hold(
                    check.call, approval, message, denial: denial, deadline: check.deadline)
                    ?? false
            }
        }
    }
}
