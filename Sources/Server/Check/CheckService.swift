// SPDX-License-Identifier: Apache-2.0
import Authorization
import DecisionLog
import PDP
import Platform

/// The `Authorization/Check` method of one event loop.
///
/// Answers wait until the records of their decisions are in the log: until the end of the loop's
/// turn when the log is buffered, until the disk has them when it is durable.
public final class CheckService: UnaryService {
    /// The method's path.
    public static let method = "/envoy.service.auth.v3.Authorization/Check"

    private let shared: SharedState
    private let loop: LoopHandle
    private let handler: CheckHandler
    private let log: LogWriter?
    private var policyNumber = 0
    private var threatsNumber = 0
    /// Answers of this turn, not committed yet.
    private var turn = AnswerBatch()
    /// Answers of earlier turns that are not durable yet, oldest first.
    private var waiting: [(ticket: LogWriter.Ticket, batch: AnswerBatch)] = []
    private var spare: [AnswerBatch] = []

    public init(_ shared: SharedState, loop: LoopHandle) {
        self.shared = shared
        self.loop = loop
        handler = CheckHandler(shared)
        log = shared.log?.makeWriter()
    }

    public func handle(
        _ call: CallHandle, method: Int, message: UnsafeRawBufferPointer, deadline: UInt64
    ) {
        if let policy = shared.policy.change(since: &policyNumber) { handler.use(policy) }
        if let threats = shared.threats?.change(since: &threatsNumber) { handler.use(threats) }
        let answer = handler.answer(message, now: loop.now, deadline: deadline, log: log)
        guard log != nil else {
            call.respond(UnsafeRawBufferPointer(answer.buffer))
            return
        }
        turn.add(call, answer)
    }

    public func turnEnded() {
        guard let log, !turn.isEmpty else { return }
        do throws(LogError) {
            let ticket = try log.commit()
            if log.isDurable(ticket) && waiting.isEmpty {
                turn.send()
            } else {
                waiting.append((ticket, turn))
                turn = spare.popLast() ?? AnswerBatch()
            }
        } catch {
            turn.refuse(handler.unrecorded())
        }
    }

    public func woken() {
        guard let log, !waiting.isEmpty else { return }
        var released = 0
        while released < waiting.count, log.isDurable(waiting[released].ticket) {
            waiting[released].batch.send()
            released += 1
        }
        if released == 0, log.failure != nil {
            let answer = handler.unrecorded()
            while released < waiting.count {
                waiting[released].batch.refuse(answer)
                released += 1
            }
        }
        for entry in waiting.prefix(released) { spare.append(entry.batch) }
        waiting.removeFirst(released)
    }
}
