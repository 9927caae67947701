// SPDX-License-Identifier: Apache-2.0
import Authorization
import Platform
import Synchronization

/// Texts beside the log that can be erased without touching it: prompts, arguments, bodies. The log
/// holds a salted hash of each, so that a text is proven while it is there, and nothing can be
/// guessed from its hash once it is gone.
///
/// Each loop appends to a segment of its own through a `ContentWriter`, before the record that
/// refers to the text is committed. Whole segments are removed when they are too old or too many.
public final class ContentStore: Sendable {
    let storage: any Storage
    let configuration: ContentConfiguration
    private let clock: any Clock
    private let state: Mutex<State>
    private let isStopping = Atomic(false)
    /// Bytes of the write that failed last; 0 while writing works.
    private let failing = Atomic(0)
    private let watcher = Mutex<(@Sendable (Cause, LogError?) -> Void)?>(nil)
    private let signal = Signal()
    private let thread = Mutex<SystemThread?>(nil)

    /// What may fail here, each on its own.
    enum Cause {
        /// Writing texts: the records that refer to them cannot be committed.
        case writing
        /// Removing what is too old or too much.
        case retention
        /// Making texts survive a power loss.
        case flushing
    }

    private struct Segment {
        var ordinal: Int
        var begun: Int64
        var size: Int
        /// Nil once nobody appends to it and all of it is flushed.
        var file: (any AppendFile)?
        /// A writer appends to it.
        var isOpen = false
        /// Written since the last flush.
        var isDirty = false
    }

    private struct State {
        /// Oldest first.
        var segments: [Segment] = []
        var next = 1
        /// Ordinals whose segment could not be begun. Its file may be there.
        var free: [Int] = []
        /// Segments were made whose names are not on the disk yet.
        var hasNewNames = false
    }

    /// Takes over what a former process left; nothing of it is appended to again.
    public init(
        _ storage: any Storage, _ configuration: ContentConfiguration = .init(),
        clock: any Clock = SystemClock()
    ) throws(LogError) {
        self.storage = storage
        self.configuration = configuration
        self.clock = clock
        do {
            state = Mutex(try Self.inventory(storage))
        } catch {
            throw LogError(any: error)
        }
    }

    private static func inventory(_ storage: any Storage) throws(StorageError) -> State {
        var state = State()
        for name in try storage.list("") {
            guard let ordinal = ContentSegmentName.ordinal(name) else { continue }
            state.next = max(state.next, ordinal + 1)
            guard let file = try storage.openForReading(name) else { continue }
            let header = try withUnsafeTemporaryAllocation(
                byteCount: ContentSegmentHeader.length, alignment: 8
            ) { (buffer) throws(StorageError) in
                let count = try file.read(at: 0, into: buffer)
                return ContentSegmentHeader(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            }
            // One whose making was cut short has no entries, and goes first.
            state.segments.append(
                Segment(ordinal: ordinal, begun: header?.begun ?? 0, size: try file.size))
        }
        state.segments.sort { $0.ordinal < $1.ordinal }
        return state
    }

    /// Where the texts are, for a `ContentReader`.
    public var files: any Storage { storage }

    /// A writer for one loop.
    func makeWriter() -> ContentWriter { ContentWriter(self) }

    /// Bytes in all segments.
    public var size: Int { state.withLock { $0.segments.reduce(0) { $0 + $1.size } } }

    // MARK: Writers

    /// A new segment, which belongs to the caller until `finish`. A crash in here leaves one
    /// without entries.
    func begin() throws(StorageError) -> (ordinal: Int, begun: Int64, file: any AppendFile) {
        let begun = clock.wall()
        let ordinal = state.withLock { state in
            if let free = state.free.popLast() { return free }
            defer { state.next += 1 }
            return state.next
        }
        let file: any AppendFile
        do {
            file = try make(ordinal, begun)
        } catch {
            // What stays where this fails too is written over by the next one of this ordinal.
            try? storage.remove(ContentSegmentName.of(ordinal))
            state.withLock { $0.free.append(ordinal) }
            throw error
        }
        state.withLock { state in
            state.hasNewNames = true
            state.segments.append(
                Segment(
                    ordinal: ordinal, begun: begun, size: ContentSegmentHeader.length, file: file,
                    isOpen: true))
        }
        return (ordinal, begun, file)
    }

    private func make(
        _ ordinal: Int, _ begun: Int64
    ) throws(StorageError) -> any AppendFile {
        let file = try storage.openForAppending(ContentSegmentName.of(ordinal))
        // An earlier attempt may have left something.
        if try file.size > 0 { try file.truncate(to: 0) }
        try withUnsafeTemporaryAllocation(
            byteCount: ContentSegmentHeader.length, alignment: 8
        ) { (buffer) throws(StorageError) in
            ContentSegmentHeader(ordinal: ordinal, begun: begun).write(to: buffer)
            try file.append(
                UnsafeRawBufferPointer(buffer), UnsafeRawBufferPointer(start: nil, count: 0))
        }
        return file
    }

    func wrote(_ ordinal: Int, size: Int) {
        state.withLock { state in
            guard let index = Self.find(ordinal, in: state) else { return }
            state.segments[index].size = size
            state.segments[index].isDirty = true
        }
    }

    /// Nobody appends to the segment any more.
    func finish(_ ordinal: Int) {
        state.withLock { state in
            guard let index = Self.find(ordinal, in: state) else { return }
            state.segments[index].isOpen = false
        }
        signal.raise()
    }

    private static func find(_ ordinal: Int, in state: State) -> Int? {
        state.segments.lastIndex { $0.ordinal == ordinal }
    }

    func isTooOld(_ begun: Int64, _ now: Int64) -> Bool { now - begun > configuration.segmentAge }

    // MARK: Failures

    /// - Parameter handler: is told of each failure, and with nil of each success after one or of
    ///   each turn, on the thread that found it.
    func watch(_ handler: @escaping @Sendable (Cause, LogError?) -> Void) {
        watcher.withLock { $0 = handler }
    }

    private func tell(_ cause: Cause, _ failure: LogError?) {
        watcher.withLock { $0 }?(cause, failure)
    }

    /// Texts could not be written. The thread tries whether as many bytes can be, since no check
    /// may come any more that would.
    func failed(_ error: LogError, bytes: Int) {
        failing.store(max(ContentSegmentHeader.length, bytes), ordering: .relaxed)
        tell(.writing, error)
        signal.raise()
    }

    /// Texts were written.
    func worked() {
        guard failing.load(ordering: .relaxed) > 0 else { return }
        failing.store(0, ordering: .relaxed)
        tell(.writing, nil)
    }

    /// Finds out whether texts can be written again.
    func probe() {
        let bytes = min(failing.load(ordering: .relaxed), DecisionLogLimits.contentBufferBytes)
        guard bytes > 0 else { return }
        do {
            let zeros = [UInt8](repeating: 0, count: bytes)
            let result = zeros.withUnsafeBytes { zeros in
                Result { () throws(StorageError) in try storage.write(Self.probeName, zeros) }
            }
            // Also what is there only in part.
            try storage.remove(Self.probeName)
            try result.get()
        } catch {
            return
        }
        worked()
    }

    private static let probeName = "probe"

    /// Does something that may fail, and tells how it went.
    private func attempt(_ cause: Cause, _ work: () throws(StorageError) -> Void) {
        do {
            try work()
            tell(cause, nil)
        } catch {
            tell(cause, LogError(error))
        }
    }

    // MARK: Durability

    /// Makes all texts that were committed before the call survive a power loss.
    func flush() throws(StorageError) {
        let (work, hasNewNames) = state.withLock { state in
            defer { state.hasNewNames = false }
            return (state.segments.filter { $0.file != nil }, state.hasNewNames)
        }
        for segment in work {
            if segment.isDirty { try segment.file?.sync() }
            state.withLock { state in
                guard let index = Self.find(segment.ordinal, in: state),
                    state.segments[index].size == segment.size
                else { return }
                state.segments[index].isDirty = false
                if !state.segments[index].isOpen { state.segments[index].file = nil }
            }
        }
        guard hasNewNames else { return }
        do {
            try storage.sync()
        } catch {
            state.withLock { $0.hasNewNames = true }
            throw error
        }
    }
}

// Retention.
extension ContentStore {
    /// Starts the thread that removes what is too old or too much. It ends with `close`.
    ///
    /// - Parameter alsoDo: what else is to be done now and then.
    func start(alsoDo: @escaping @Sendable () -> Void = {}) throws(LogError) {
        do {
            let thread = try SystemThread.start(name: "log-content") { self.run(alsoDo) }
            self.thread.withLock { $0 = thread }
        } catch {
            throw LogError(.storage, "no thread `log-content`: \(error)")
        }
    }

    func close() {
        isStopping.store(true, ordering: .releasing)
        signal.raise()
        let thread = self.thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        thread?.join()
        attempt(.flushing) { () throws(StorageError) in try flush() }
    }

    private func run(_ alsoDo: () -> Void) {
        while !isStopping.load(ordering: .acquiring) {
            // What fails now is tried again at the next turn. The flush bounds what a power loss
            // takes in buffered mode; in durable mode the log asked for it before.
            attempt(.retention) { () throws(StorageError) in try sweep() }
            attempt(.flushing) { () throws(StorageError) in try flush() }
            probe()
            alsoDo()
            let isFailing = failing.load(ordering: .relaxed) > 0
            let pause =
                isFailing
                ? DecisionLogLimits.contentRetryNanoseconds
                : DecisionLogLimits.contentSweepNanoseconds
            signal.wait(until: clock.monotonic() + pause)
        }
    }

    /// Removes the oldest segments until none is older, and all together are not larger, than
    /// configured. Those that are written to stay.
    public func sweep() throws(StorageError) {
        let now = clock.wall()
        while let ordinal = next(now) {
            try storage.remove(ContentSegmentName.of(ordinal))
            state.withLock { state in
                state.segments.removeAll { $0.ordinal == ordinal }
            }
        }
    }

    private func next(_ now: Int64) -> Int? {
        state.withLock { state in
            let total = state.segments.reduce(0) { $0 + $1.size }
            let oldest = state.segments.first { !$0.isOpen }
            guard let oldest else { return nil }
            // The last entry of a segment is younger than its beginning by so much at most.
            let isTooOld = now - oldest.begun > configuration.age + configuration.segmentAge
            return isTooOld || total > configuration.size ? oldest.ordinal : nil
        }
    }
}
