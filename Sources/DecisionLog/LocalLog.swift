// SPDX-License-Identifier: Apache-2.0
import Cryptography
import Platform
import Synchronization
import TransparencyLog

/// A transparency log on local storage: a folder in the tlog-tiles layout, and a journal folder in
/// which records are safe before they are in the tree.
///
/// Loops write through `LogWriter`s; a thread brings the records into the tree and publishes
/// checkpoints; in durable mode another one flushes the journal.
public final class LocalLog: Sendable {
    /// The log's folder and its journal's.
    public struct Folders: Sendable {
        /// `checkpoint` and `tile/...`, nothing else.
        public let log: any Storage
        public let journal: any Storage

        public init(log: any Storage, journal: any Storage) {
            self.log = log
            self.journal = journal
        }
    }

    /// What the log's threads tell.
    public enum Event: Sendable {
        /// A checkpoint of so many entries is published.
        case published(size: Int)
        /// Sequencing, publishing, or something about the texts beside the log began to fail; it
        /// is tried again.
        case failing(LogError)
        /// All of it works again.
        case recovered
        /// A record tells of decisions that have none, and of some that were answered early.
        case lossRecorded(decisions: Int, early: Int)
        /// The log ends, and could not say that these decisions have no record.
        case lossUnrecorded(decisions: Int, early: Int)
    }

    /// What the start found.
    public struct Recovery: Equatable, Sendable {
        /// Entries that were published before.
        public var published = 0
        /// Records that only the journal had.
        public var recovered = 0
        /// Bytes of commits that a crash cut short; none of them had been answered.
        public var droppedBytes = 0
    }

    /// How it stands.
    public struct Status: Sendable {
        /// Entries in the published checkpoint.
        public let published: Int
        /// Records taken.
        public let committed: Int
        /// Bytes that the journal holds.
        public let journalBytes: Int
        /// Why no record is taken, no text, or why nothing is published, at the moment.
        public let failure: LogError?
    }

    public let verifierKey: VerifierKey
    public let recovery: Recovery
    let journal: Journal
    /// Texts that records refer to; nil when none are kept.
    public let content: ContentStore?
    private let folders: Folders
    private let configuration: LogConfiguration
    private let clock: any Clock
    private let onEvent: @Sendable (Event) -> Void
    private let onDurable: @Sendable () -> Void
    private let sequencerSignal = Signal()
    private let flusherSignal: Signal?
    private let isStopping = Atomic(false)
    private let publishedSize: Atomic<Int>
    private let turn: Mutex<Turn>
    /// What fails at the moment; apart from `turn`, which is held while files are written.
    private let failures = Mutex<[Cause: LogError]>([:])
    private let threads = Mutex<[SystemThread]>([])

    private enum Cause: Hashable {
        case sequencer
        case content(ContentStore.Cause)
        case erasures
    }

    /// Guarded by `turn`: only one thread at a time sequences.
    private struct Turn: @unchecked Sendable {
        let sequencer: Sequencer
        /// Monotonic nanoseconds.
        var lastPublish: Int64 = 0
        var isClosed = false
    }

    /// Opens a log, takes over what a crash left, and publishes it. No thread runs until `start`.
    ///
    /// - Parameters:
    ///   - content: keeps the texts that records refer to; it is closed with the log.
    ///   - onEvent: called on the sequencer's thread, or on the one on which texts failed.
    ///   - onDurable: called on the flusher's thread when more tickets are durable, or when the
    ///     log has begun to refuse records: wake the loops that wait.
    public static func open(
        _ folders: Folders, signer: NoteSigner, _ configuration: LogConfiguration = .init(),
        clock: any Clock = SystemClock(), content: ContentStore? = nil,
        onEvent: @escaping @Sendable (Event) -> Void = { _ in },
        onDurable: @escaping @Sendable () -> Void = {}
    ) throws(LogError) -> LocalLog {
        do {
            try folders.log.lock()
            do {
                try folders.journal.lock()
            } catch {
                folders.log.unlock()
                throw error
            }
        } catch {
            throw LogError(any: error)
        }
        do {
            let opening = try LogOpening(folders, signer, configuration, clock)
            return LocalLog(
                opening, folders, configuration, clock, content, onEvent: onEvent,
                onDurable: onDurable)
        } catch {
            folders.journal.unlock()
            folders.log.unlock()
            throw LogError(any: error)
        }
    }

    private init(
        _ opening: consuming LogOpening, _ folders: Folders, _ configuration: LogConfiguration,
        _ clock: any Clock, _ content: ContentStore?, onEvent: @escaping @Sendable (Event) -> Void,
        onDurable: @escaping @Sendable () -> Void
    ) {
        self.folders = folders
        self.configuration = configuration
        self.clock = clock
        self.content = content
        self.onEvent = onEvent
        self.onDurable = onDurable
        verifierKey = opening.verifierKey
        recovery = opening.recovery
        journal = opening.journal
        flusherSignal = configuration.durability == .durable ? Signal() : nil
        publishedSize = Atomic(opening.sequencer.publishedSize)
        turn = Mutex(Turn(sequencer: opening.sequencer))
        content?.watch { [weak self] cause, failure in self?.note(.content(cause), failure) }
    }

    /// A writer for one loop.
    public func makeWriter() -> LogWriter {
        LogWriter(
            journal, sequencer: sequencerSignal, flusher: flusherSignal,
            onFailure: configuration.onFailure, clock: clock, content: content?.makeWriter())
    }

    public var status: Status {
        Status(
            published: publishedSize.load(ordering: .acquiring), committed: journal.next,
            journalBytes: journal.size,
            failure: journal.failure
                ?? failures.withLock { $0[.sequencer] ?? $0[.content(.writing)] })
    }

    /// Brings all committed records into the tree and publishes a checkpoint of it, on the calling
    /// thread.
    public func publish() throws(LogError) {
        try turn.withLock { (turn) throws(LogError) in
            guard !turn.isClosed else { throw LogError(.closed, "the log is closed") }
            try work(&turn, publishes: true)
        }
    }

    /// Refuses further records, publishes all that were taken, and gives the folders back.
    public func close() throws(LogError) {
        journal.close()
        isStopping.store(true, ordering: .releasing)
        sequencerSignal.raise()
        flusherSignal?.raise()
        for thread in threads.withLock({ threads in
            defer { threads = [] }
            return threads
        }) { thread.join() }
        content?.close()
        try turn.withLock { (turn) throws(LogError) in
            guard !turn.isClosed else { return }
            turn.isClosed = true
            defer {
                folders.journal.unlock()
                folders.log.unlock()
            }
            try work(&turn, publishes: true)
            if let loss = journal.losses.take() {
                onEvent(.lossUnrecorded(decisions: loss.decisions, early: loss.early))
            }
        }
    }
}

// The threads.
extension LocalLog {
    /// Starts the sequencer's thread, and in durable mode the flusher's. They end with `close`.
    public func start() throws(LogError) {
        try startThread("log-sequencer") { self.runSequencer() }
        tryErasures()
        try content?.start { [weak self] in self?.tryErasures() }
        guard let flusherSignal else { return }
        try startThread("log-flusher") { self.runFlusher(flusherSignal) }
    }

    private func startThread(
        _ name: String, _ body: @escaping @Sendable () -> Void
    ) throws(LogError) {
        do {
            let thread = try SystemThread.start(name: name, body)
            threads.withLock { $0.append(thread) }
        } catch {
            throw LogError(.storage, "no thread `\(name)`: \(error)")
        }
    }

    /// What cannot be taken over now stays where it is, for the next time.
    private func tryErasures() {
        do {
            try takeErasures()
            note(.erasures, nil)
        } catch {
            note(.erasures, error)
        }
    }

    private func runSequencer() {
        var deadline = sequenceTurn()
        while !isStopping.load(ordering: .acquiring) {
            sequencerSignal.wait(until: deadline)
            deadline = sequenceTurn()
        }
    }

    /// One round of the sequencer.
    ///
    /// - Returns: when to come back without being woken, in monotonic nanoseconds; nil when there
    ///   is nothing to do before the next commit.
    @discardableResult
    func sequenceTurn() -> Int64? {
        turn.withLock { turn in
            let due = turn.lastPublish + configuration.checkpointInterval
            let now = clock.monotonic()
            do {
                try work(&turn, publishes: now >= due)
            } catch {
                return now + DecisionLogLimits.retryNanoseconds
            }
            let size = turn.sequencer.size
            if size == turn.sequencer.publishedSize, journal.losses.isEmpty,
                journal.parks(at: size)
            {
                let rest = turn.lastPublish + DecisionLogLimits.restNanoseconds
                guard now >= rest else { return rest }
                journal.rest()
                return nil
            }
            return max(now, turn.lastPublish + configuration.checkpointInterval)
        }
    }

    private func runFlusher(_ signal: Signal) {
        while !isStopping.load(ordering: .acquiring) {
            signal.wait(until: nil)
            flush()
        }
    }

    /// Flushes the journal, and wakes who waits for it.
    func flush() {
        do throws(LogError) {
            try journal.flush { () throws(StorageError) in try content?.flush() }
        } catch {
            // The sequencer brings the records into the tree another way.
            sequencerSignal.raise()
        }
        onDurable()
    }

    /// Sequences, and publishes when asked to; keeps track of failures.
    private func work(_ turn: inout Turn, publishes: Bool) throws(LogError) {
        do {
            let isHealing = journal.failure != nil
            if !isHealing { try settleLosses() }
            try turn.sequencer.sequence(journal)
            // It may fail for want of what a publish gives back.
            let rotation = Result { () throws(LogError) in try journal.rotateBeforePublish() }
            if publishes || isHealing { try publishIfNew(&turn) }
            try rotation.get()
            if isHealing {
                try journal.restart(published: turn.sequencer.publishedSize)
                onDurable()
                try settleLosses()
            }
        } catch {
            let failure = LogError(any: error)
            if failure.code == .journalDamaged { journal.fail(failure) }
            note(.sequencer, failure)
            throw failure
        }
        note(.sequencer, nil)
    }

    private func settleLosses() throws(LogError) {
        guard let loss = try journal.settleLosses() else { return }
        onEvent(.lossRecorded(decisions: loss.decisions, early: loss.early))
    }

    /// Tells of what begins to fail, and when nothing fails any more.
    private func note(_ cause: Cause, _ failure: LogError?) {
        let event: Event? = failures.withLock { failures in
            let before = failures[cause]
            failures[cause] = failure
            if let failure { return before == nil ? .failing(failure) : nil }
            return before != nil && failures.isEmpty ? .recovered : nil
        }
        if let event { onEvent(event) }
    }

    private func publishIfNew(_ turn: inout Turn) throws {
        guard turn.sequencer.size != turn.sequencer.publishedSize else { return }
        try turn.sequencer.publish()
        turn.lastPublish = clock.monotonic()
        publishedSize.store(turn.sequencer.publishedSize, ordering: .releasing)
        onEvent(.published(size: turn.sequencer.publishedSize))
        try turn.sequencer.removeStalePartials()
        try journal.trim(published: turn.sequencer.publishedSize)
    }
}
