// SPDX-License-Identifier: Apache-2.0
import DecisionLog
import Platform
import RegoVM
import Synchronization
import Telemetry
import TransparencyLog

/// Calls responders when restrictions start, as the published log says it: each at least once,
/// whatever happens to this program.
///
/// One thread reads the log from the cursor on; each responder has a thread that makes its calls.
/// A call's outcome is a record in the log, and the cursor moves past an entry when all of its
/// calls have one. What a crash loses is at most an outcome, and then the call is made again with
/// the same idempotency key.
public final class ResponderService: Sendable {
    private struct State: @unchecked Sendable {
        var queue: CallQueue
        var cursor: Cursor
        /// The next entry to read.
        var scanned: Int
        var lastSave: Int64
        var active = ActiveRestrictions()
        var isStopping = false
        /// What stands in the way, each cause on its own.
        var faults: [Cause: String] = [:]
    }

    /// What may fail here.
    enum Cause: CaseIterable {
        /// Reading the log.
        case reading
        /// Writing the cursor.
        case cursor
        /// Recording what a call came to.
        case outcome
    }

    private let responders: [Responder]
    private let log: LocalLog
    private let entries: any Storage
    private let transport: any NetworkTransport
    private let logger: Logger
    let clock: any Clock
    private let state: Mutex<State>
    private let reading = Signal()
    private let calling: [Signal]
    private let cancellation = Cancellation()
    private let threads = Mutex<[SystemThread]>([])
    private let outcomes: [ResponderMetrics]
    private let metrics: MetricRegistry

    /// - Parameters:
    ///   - log: is open; its published entries are in `entries`.
    ///   - folder: for the cursor, of its own.
    public init(
        _ responders: [Responder], _ log: LocalLog, entries: any Storage, folder: any Storage,
        transport: any NetworkTransport, metrics: MetricRegistry, logger: Logger,
        clock: any Clock = SystemClock()
    ) throws {
        try folder.lock()
        self.responders = responders
        self.log = log
        self.entries = entries
        self.transport = transport
        self.logger = logger
        self.clock = clock
        self.metrics = metrics
        calling = responders.map { _ in Signal() }
        outcomes = responders.map { ResponderMetrics($0.name, metrics) }
        let cursor = try Cursor(
            folder, origin: log.verifierKey.name, end: log.status.committed)
        state = Mutex(
            State(
                queue: CallQueue(responders: responders.count), cursor: cursor,
                scanned: cursor.next, lastSave: clock.monotonic()))
        metrics.gauge(
            "portcullis_responder_open_calls", "Calls of responders without an outcome."
        ) { [weak self] in Double(self?.openCalls ?? 0) }
    }

    private var openCalls: Int { state.withLock { $0.queue.count } }

    /// What stands in the way; nil when nothing does.
    public var fault: String? {
        state.withLock { state in
            let faults = Cause.allCases.compactMap { state.faults[$0] }
            return faults.isEmpty ? nil : faults.joined(separator: "; ")
        }
    }

    /// Starts all threads.
    public func start() throws(SystemError) {
        add(try SystemThread.start(name: "responders") { self.read() })
        for index in responders.indices {
            add(try SystemThread.start(name: "responder-\(index)") { self.call(index) })
        }
    }

    private func add(_ thread: SystemThread) { threads.withLock { $0.append(thread) } }

    /// More of the log is published. From any thread.
    public func logGrew() { reading.raise() }

    /// Ends all threads; calls without an outcome are made after the next start. The log is closed
    /// after this.
    public func stop() {
        state.withLock { $0.isStopping = true }
        cancellation.cancel()
        reading.raise()
        for signal in calling { signal.raise() }
        let running = threads.withLock { threads in
            defer { threads = [] }
            return threads
        }
        for thread in running { thread.join() }
        saveCursor(isForced: true)
    }

    private var isStopping: Bool { state.withLock { $0.isStopping } }
}

// What others ask.
extension ResponderService {
    /// The first entry of a log that its responders have not done with; nil when there never were
    /// any.
    ///
    /// - Parameters:
    ///   - folder: with their cursor.
    ///   - origin: the log's name.
    /// - Throws: when the cursor cannot be read, or is another log's.
    public static func position(in folder: any Storage, origin: String) throws -> Int? {
        try Cursor.position(folder, origin: origin)
    }
}

// Reading the log.
extension ResponderService {
    private func read() {
        var known: Set<CallKey>?
        while !isStopping {
            var deadline: Int64?
            do {
                // What was done before a crash is in the log behind the cursor.
                if known == nil { known = try knownOutcomes() }
                let isAtEnd = try readOn(known ?? [])
                deadline = isAtEnd ? nil : 0
                note(.reading, nil)
            } catch {
                note(.reading, "\(error)")
                deadline = clock.monotonic() + Limits.retryInterval
            }
            saveCursor(isForced: false)
            if deadline != 0 { reading.wait(until: deadline) }
        }
    }

    private func knownOutcomes() throws -> Set<CallKey> {
        var known: Set<CallKey> = []
        let size = log.status.published
        let start = state.withLock { $0.scanned }
        guard start < size else { return known }
        try EntryReader(StorageTiles(entries), size: size).scan(start..<size) { _, record in
            if case .outcome(let key) = RecordMeaning.read(record) { known.insert(key) }
            return known.count < Limits.knownOutcomes && !isStopping
        }
        return known
    }

    /// - Returns: true when there is nothing to read until the log grows or a call gets its
    ///   outcome.
    private func readOn(_ known: Set<CallKey>) throws -> Bool {
        let size = log.status.published
        let (start, isFull) = state.withLock {
            ($0.scanned, $0.queue.count >= Limits.openCalls)
        }
        guard start < size, !isFull else { return true }
        let end = min(size, start + Limits.entriesAtOnce)
        try EntryReader(StorageTiles(entries), size: size).scan(start..<end) { index, record in
            take(RecordMeaning.read(record), index, known)
        }
        return false
    }

    /// - Returns: false when no more can be taken for now.
    private func take(_ meaning: RecordMeaning, _ entry: Int, _ known: Set<CallKey>) -> Bool {
        let now = clock.wall()
        let (added, isFull) = state.withLock { state -> (Set<Int>, Bool) in
            var calls: [Call] = []
            switch meaning {
            case .nothing, .outcome: break
            case .released(let agent, let restriction):
                state.active.release(agent: agent, restriction: restriction)
            case .started(let incidents):
                for incident in incidents
                where state.active.start(incident, now: incident.moment ?? now) {
                    calls += self.calls(incident, entry, known)
                }
            }
            state.queue.add(calls)
            state.scanned = entry + 1
            let isFull = state.queue.count >= Limits.openCalls || state.isStopping
            return (Set(calls.map(\.responder)), isFull)
        }
        for responder in added { calling[responder].raise() }
        return !isFull
    }

    private func calls(_ incident: Incident, _ entry: Int, _ known: Set<CallKey>) -> [Call] {
        responders.indices.compactMap { index in
            let responder = responders[index]
            guard responder.responds(to: incident.restriction) else { return nil }
            let key = CallKey(
                record: incident.record, restriction: incident.restriction,
                responder: responder.name)
            if known.contains(key) { return nil }
            return Call(incident: incident, responder: index, entry: entry)
        }
    }

    func note(_ cause: Cause, _ fault: String?) {
        let isNew = state.withLock { state in
            defer { state.faults[cause] = fault }
            return state.faults[cause] != fault
        }
        if isNew, let fault { logger.error("responders_failing", fault) }
    }

    /// Moves the cursor behind everything that is done.
    ///
    /// - Parameter isForced: even when little would be read again without it.
    private func saveCursor(isForced: Bool) {
        let now = clock.monotonic()
        let result = state.withLock { state -> Result<Void, StorageError>? in
            let target = state.queue.firstOpenEntry ?? state.scanned
            guard isForced || now - state.lastSave >= Limits.cursorInterval else { return nil }
            state.lastSave = now
            return Result { () throws(StorageError) in try state.cursor.save(target) }
        }
        switch result {
        case nil: break
        case .success: note(.cursor, nil)
        case .failure(let error): note(.cursor, "\(error)")
        }
    }
}

// Calling.
extension ResponderService {
    private func call(_ index: Int) {
        let cells = metrics.makeCells()
        let writer = log.makeWriter()
        while !isStopping {
            let now = clock.monotonic()
            let (call, due) = state.withLock { state in
                (state.queue.take(index, now: now), state.queue.nextDue(index))
            }
            if let call {
                attempt(call, responders[index], writer, cells)
            } else {
                calling[index].wait(until: due)
            }
        }
    }

    private func attempt(
        _ call: Call, _ responder: Responder, _ writer: LogWriter, _ cells: MetricCells
    ) {
        var call = call
        call.attempts += 1
        let (status, fault) = exchange(call, responder)
        // Nothing is known of a call that was cut off: it is made again.
        if isStopping, fault != nil { return }
        let metric = outcomes[call.responder]
        if let fault, !fault.isFinal, call.attempts < responder.attempts {
            cells.add(metric.retried)
            logger.warning(
                "responder_retry", "a responder's call failed and is tried again",
                fields(call, responder, status, fault))
            call.due = clock.monotonic() + Self.pause(responder, call.attempts)
            return state.withLock { $0.queue.retry(call) }
        }
        guard record(call, responder, status, fault, writer) else {
            // Without its record the outcome is forgotten; it is tried again until there is one.
            call.attempts -= 1
            call.due = clock.monotonic() + responder.pause
            return state.withLock { $0.queue.retry(call) }
        }
        cells.add(fault == nil ? metric.done : metric.failed)
        if fault == nil {
            logger.info(
                "responder_done", "a responder was called", fields(call, responder, status, nil))
        } else {
            logger.error(
                "responder_failed", "a responder's call was given up",
                fields(call, responder, status, fault))
        }
        state.withLock { $0.queue.close(call) }
        saveCursor(isForced: true)
        reading.raise()
    }

    /// - Returns: the status of the answer, 0 when there was none, and what is wrong.
    private func exchange(_ call: Call, _ responder: Responder) -> (Int, CallFault?) {
        let request: HTTPRequest
        do throws(CallFault) {
            request = try responder.request(call.incident)
        } catch {
            return (0, error)
        }
        let deadline = MonotonicTime.now() + UInt64(responder.timeout)
        do throws(NetworkFailure) {
            let response = try transport.exchange(
                request, Patience(deadline: deadline, cancellation: cancellation))
            let status = response.statusCode
            if responder.isDone(status) { return (status, nil) }
            return (status, CallFault("HTTP status \(status)"))
        } catch {
            switch error {
            case .disallowed(let host): return (0, CallFault("host `\(host)` is not allowed"))
            case .invalid(let text): return (0, CallFault(text, isFinal: true))
            case .failed(let text): return (0, CallFault(text))
            case .timedOut: return (0, CallFault("no answer in time"))
            }
        }
    }

    /// Doubles with each attempt.
    private static func pause(_ responder: Responder, _ attempts: Int) -> Int64 {
        let doublings = min(attempts - 1, 20)
        return min(Limits.longestPause, responder.pause << doublings)
    }

    private func fields(
        _ call: Call, _ responder: Responder, _ status: Int, _ fault: CallFault?
    ) -> KeyValuePairs<String, LogValue> {
        [
            "responder": LogValue(responder.name), "record": LogValue(call.incident.record),
            "agent": LogValue(call.incident.agent),
            "restriction": LogValue(call.incident.restriction),
            "attempts": LogValue(call.attempts), "http_status": LogValue(status),
            "fault": LogValue(fault?.text ?? ""),
        ]
    }
}

/// What one responder's calls came to.
private struct ResponderMetrics: Sendable {
    let done: Counter
    let retried: Counter
    let failed: Counter

    init(_ responder: String, _ metrics: MetricRegistry) {
        func counter(_ outcome: String) -> Counter {
            metrics.counter(
                "portcullis_responder_attempts_total", "Attempts to call responders.",
                labels: [("responder", responder), ("outcome", outcome)])
        }
        done = counter("done")
        retried = counter("retried")
        failed = counter("failed")
    }
}
