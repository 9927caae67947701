// SPDX-License-Identifier: Apache-2.0
import DecisionLog
import Glibc
import Platform
import Synchronization

/// The threads that evaluate policies which may wait. They start when there is work for them, so a
/// server whose policies never wait has none.
public final class CheckWorkers: Sendable {
    private struct State {
        /// Oldest first, from `next` on.
        var queue: [WaitingCheck] = []
        var next = 0
        var idle = 0
        var threads: [SystemThread] = []
        var isStopping = false

        var count: Int { queue.count - next }

        mutating func take() -> WaitingCheck? {
            guard next < queue.count else { return nil }
            defer {
                next += 1
                // Handed out entries go when they are half of the list.
                if next * 2 > queue.count {
                    queue.removeFirst(next)
                    next = 0
                }
            }
            return queue[next]
        }
    }

    private let shared: SharedState
    private let maximum: Int
    private let capacity: Int
    private let state = Mutex(State())
    private let work: Semaphore

    /// - Parameters:
    ///   - threads: at most so many.
    ///   - queue: checks that may wait for a thread.
    public init(
        _ shared: SharedState, threads: Int = WaitingLimits.workers,
        queue: Int = WaitingLimits.queue
    ) {
        self.shared = shared
        maximum = threads
        capacity = queue
        work = Semaphore()
    }

    /// False when there is no room for it.
    func submit(_ check: WaitingCheck) -> Bool {
        let accepted = state.withLock { state in
            if state.isStopping { return false }
            if state.count >= capacity {
                // Those that nobody waits for any more.
                state.queue.removeSubrange(..<state.next)
                state.next = 0
                state.queue.removeAll { $0.isDropped }
            }
            guard state.count < capacity, hasWorker(&state) else { return false }
            state.queue.append(check)
            return true
        }
        if accepted { work.raise() }
        return accepted
    }

    /// Starts a thread when none is idle; false when there is none at all.
    private func hasWorker(_ state: inout State) -> Bool {
        guard state.count >= state.idle, state.threads.count < maximum else { return true }
        let name = "worker-\(state.threads.count)"
        guard let thread = try? SystemThread.start(name: name, { self.run() }) else {
            return !state.threads.isEmpty
        }
        state.threads.append(thread)
        return true
    }

    private func run() {
        let worker = CheckWorker(shared)
        while let check = next() { worker.answer(check) }
    }

    /// Waits for a check; nil when the threads are to end.
    private func next() -> WaitingCheck? {
        state.withLock { $0.idle += 1 }
        defer { state.withLock { $0.idle -= 1 } }
        while true {
            work.wait()
            let (check, ends) = state.withLock { state in
                let check = state.take()
                return (check, check == nil && state.isStopping)
            }
            if let check { return check }
            if ends { return nil }
        }
    }

    /// Ends all threads once the queue is empty. Event loops end before, and log and policy after.
    public func stop() {
        let threads = state.withLock { state in
            state.isStopping = true
            let threads = state.threads
            state.threads = []
            return threads
        }
        for _ in threads { work.raise() }
        for thread in threads { thread.join() }
    }
}

/// What one worker thread owns.
private final class CheckWorker {
    private let shared: SharedState
    private let handler: CheckHandler
    private let log: LogWriter?

    init(_ shared: SharedState) {
        self.shared = shared
        handler = CheckHandler(shared, canWait: true)
        log = shared.log?.makeWriter()
    }

    /// Decides the check, and commits its record before the answer goes to the loop.
    func answer(_ check: WaitingCheck) {
        guard check.start() else { return }
        handler.cancellation = check.cancellation
        let answer = check.message.withUnsafeBytes { message in
            let answer = handler.answer(
                message, arrival: check.arrival, deadline: check.evaluationDeadline, log: log)
            return answer.map { Array($0.buffer) }
        }
        guard let log else { return check.finish(answer ?? unrecorded(), nil) }
        do throws(LogError) {
            let ticket = try log.commit()
            handler.committed()
            let approval = answer == nil ? nil : handler.openApproval
            check.finish(answer ?? unrecorded(), ticket, approval: approval)
        } catch {
            guard let answer, log.mayLose(1, error) else { return check.finish(unrecorded(), nil) }
            handler.committed()
            check.finish(answer, nil)
        }
    }

    private func unrecorded() -> [UInt8] { Array(handler.unrecorded().buffer) }
}

/// Counts raises; each lets one wait through.
private final class Semaphore: @unchecked Sendable {
    // It needs a fixed address.
    private let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

    init() { sem_init(semaphore, 0, 0) }

    deinit {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }

    func raise() { sem_post(semaphore) }

    func wait() {
        // Interrupted by a signal: again.
        while sem_wait(semaphore) != 0 {}
    }
}
