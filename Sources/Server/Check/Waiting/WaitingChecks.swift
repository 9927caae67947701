// SPDX-License-Identifier: Apache-2.0
import Platform

/// The checks of one event loop that workers have. Belongs to the loop's thread.
struct WaitingChecks {
    private let loop: LoopHandle
    private let workers: CheckWorkers
    private let mailbox: FinishedChecks
    private var outstanding: [WaitingCheck] = []
    /// Monotonic nanoseconds of the timer that is set; `.max` for none.
    private var timer = UInt64.max

    init(_ loop: LoopHandle, _ workers: CheckWorkers) {
        self.loop = loop
        self.workers = workers
        mailbox = FinishedChecks(loop)
    }

    var isEmpty: Bool { outstanding.isEmpty }

    /// Hands a check to the workers.
    ///
    /// - Returns: false when they have too many already.
    mutating func add(
        _ call: CallHandle, _ message: UnsafeRawBufferPointer, deadline: UInt64
    ) -> Bool {
        let check = WaitingCheck(message, call, arrival: loop.now, deadline: deadline, mailbox)
        guard workers.submit(check) else { return false }
        outstanding.append(check)
        watch(check.evaluationDeadline)
        return true
    }

    /// What workers have finished since the last call.
    mutating func collect() -> [FinishedChecks.Entry] {
        let finished = mailbox.collect()
        for entry in finished { forget(entry.check) }
        return finished
    }

    /// Cancels what nobody waits for any more. What a worker has already comes back by `collect`.
    mutating func sweep() {
        var index = outstanding.count
        while index > 0 {
            index -= 1
            let check = outstanding[index]
            if check.call.isOpen { continue }
            check.cancellation.cancel()
            if check.drop() { remove(index) }
        }
    }

    /// Takes back the checks that no worker took before their deadline.
    mutating func takeExpired() -> [WaitingCheck] {
        timer = .max
        // The transport answers at the deadline itself, so that a denial has to be earlier.
        let expired = outstanding.filter { $0.evaluationDeadline <= loop.now && $0.drop() }
        for check in expired { forget(check) }
        for check in outstanding where check.evaluationDeadline > loop.now {
            watch(check.evaluationDeadline)
        }
        return expired
    }

    func cancelAll() {
        for check in outstanding {
            check.cancellation.cancel()
            _ = check.drop()
        }
    }

    private mutating func forget(_ check: WaitingCheck) {
        if let index = outstanding.firstIndex(where: { $0 === check }) { remove(index) }
    }

    private mutating func remove(_ index: Int) {
        outstanding.swapAt(index, outstanding.count - 1)
        outstanding.removeLast()
    }

    /// Sees to it that a timer is set for `deadline` or earlier.
    private mutating func watch(_ deadline: UInt64) {
        guard deadline < timer else { return }
        timer = deadline
        loop.schedule(at: deadline, token: 0)
    }
}
