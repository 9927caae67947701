// SPDX-License-Identifier: Apache-2.0
import Cryptography
import Platform
import Synchronization
import TransparencyLog

/// Where records are safe from our own crash before they are in the tree: a chain of append-only
/// segments. Loops append, the sequencer reads what they appended and removes what is published,
/// and in durable mode a third thread flushes.
final class Journal: Sendable {
    /// A place between two batches.
    struct Cursor {
        var ordinal: Int
        var offset: Int
    }

    private let storage: any Storage
    private let origin: Digest
    private let configuration: LogConfiguration
    private let clock: any Clock
    private let state: Mutex<JournalState>
    /// Whether the files of published segments are written over.
    private let reusesFiles: Bool
    let losses = LossLedger()

    /// Begins a new segment; those with lower numbers are left to the caller.
    ///
    /// A crash in here leaves a segment without records, which recovery removes.
    init(
        _ storage: any Storage, origin: Digest, configuration: LogConfiguration, clock: any Clock,
        ordinal: Int, next: Int
    ) throws(LogError) {
        self.storage = storage
        self.origin = origin
        self.configuration = configuration
        self.clock = clock
        do {
            let file = try Self.makeSegmentFile(storage, ordinal)
            let segment = try JournalSegment(
                file, fileSize: 0, ordinal: ordinal, first: next, origin: origin)
            try file.sync()
            reusesFiles = try JournalBoot(storage).note(configuration.durability)
            state = Mutex(JournalState(segment, next: next))
        } catch {
            throw LogError(any: error)
        }
    }

    deinit { state.withLock { $0.recent.free() } }

    private static func makeSegmentFile(
        _ storage: any Storage, _ ordinal: Int
    ) throws(StorageError) -> any PlacedFile {
        let file = try storage.openForWriting(segmentName(ordinal))
        try file.truncate(to: 0)
        // In durable mode a record must not vanish with its file's name.
        try storage.sync()
        return file
    }
}

// The loops' side.
extension Journal {
    /// Appends one batch under the next sequence numbers. When it throws, no record was taken.
    ///
    /// - Returns: the sequence number after the last record, and whether the sequencer wants to be
    ///   woken.
    func commit(
        _ records: UnsafeRawBufferPointer, count: Int
    ) throws(LogError) -> (end: Int, wakes: Bool) {
        let sum = Checksum.of(records)
        return try state.withLock { (state) throws(LogError) in
            if state.isClosed { throw LogError(.closed, "the log is closed") }
            try admit(&state, records.count)
            // Before anything that comes after it, so that no gap is without its record.
            if !losses.isEmpty { try settle(&state) }
            try append(&state, records, count: count, sum: sum)
            let wakes =
                state.isSequencerParked || state.unannounced >= DecisionLogLimits.readBytes
            if wakes {
                state.isSequencerParked = false
                state.unannounced = 0
            }
            return (state.next, wakes)
        }
    }

    private func append(
        _ state: inout JournalState, _ records: UnsafeRawBufferPointer, count: Int, sum: UInt64
    ) throws(LogError) {
        do throws(StorageError) {
            try state.active.append(records, count: count, sum: sum)
        } catch {
            // Cut off at once what went in: the disk may be full of it.
            try? state.active.repair()
            throw LogError(error)
        }
        let next = Cursor(ordinal: state.active.ordinal, offset: state.active.size)
        state.recent.append(records, first: state.next, count: count, next: next)
        state.next += count
        state.unannounced += records.count
    }

    private func admit(_ state: inout JournalState, _ bytes: Int) throws(LogError) {
        if let failure = state.failure { throw failure }
        let held = state.fileBytes(with: bytes)
        guard held <= configuration.journalBytes else {
            throw LogError(
                .journalFull, "the journal holds \(held - bytes) bytes",
                hint: "the sequencer cannot keep up or cannot write; see the log's status")
        }
    }

    /// Whether records below `end` survive what the configured mode promises.
    func isDurable(_ end: Int) -> Bool {
        configuration.durability == .buffered || state.withLock { $0.durable >= end }
    }

    var failure: LogError? { state.withLock { $0.failure } }
    var next: Int { state.withLock { $0.next } }
    var size: Int { state.withLock { $0.segments.reduce(0) { $0 + $1.size } } }

    func close() { state.withLock { $0.isClosed = true } }

    /// Refuses all records from now on, until `restart`.
    func fail(_ error: LogError) { state.withLock { $0.failure = error } }
}

// Decisions without a record.
extension Journal {
    /// Writes what is known of lost records, also while no loop has anything to commit.
    ///
    /// - Returns: what the record says; nil when nothing was lost.
    func settleLosses() throws(LogError) -> LossLedger.Loss? {
        guard !losses.isEmpty else { return nil }
        return try state.withLock { (state) throws(LogError) in
            try admit(&state, DecisionLogLimits.lossRecordBytes)
            return try settle(&state)
        }
    }

    @discardableResult
    private func settle(_ state: inout JournalState) throws(LogError) -> LossLedger.Loss? {
        guard let loss = losses.take() else { return nil }
        let record = LossRecord.encode(loss, time: clock.wall())
        var entry: [UInt8] = []
        record.withUnsafeBytes { EntryBundle.append($0, to: &entry) }
        let written = entry.withUnsafeBytes { bytes in
            Result { () throws(LogError) in
                try append(&state, bytes, count: 1, sum: Checksum.of(bytes))
            }
        }
        do {
            try written.get()
        } catch {
            losses.add(loss)
            throw error
        }
        return loss
    }
}

// The flusher's side.
extension Journal {
    /// Makes all records that were committed before the call survive a power loss.
    ///
    /// When it throws, the kernel may have dropped what it could not write, and a second attempt
    /// proves nothing. So no record is taken until the sequencer has brought everything into the
    /// tree, flushed that, and begun a new segment (`restart`).
    ///
    /// - Parameter before: makes durable what those records refer to, before they are.
    func flush(_ before: () throws(StorageError) -> Void = {}) throws(LogError) {
        let work = state.withLock { state in
            state.segments.filter { $0.syncedSize < $0.size }
        }
        do {
            if !work.isEmpty { try before() }
        } catch {
            let failure = LogError(error)
            fail(failure)
            throw failure
        }
        for segment in work {
            do {
                try segment.file.sync()
            } catch {
                let failure = LogError(error)
                fail(failure)
                throw failure
            }
            state.withLock { state in
                guard state.failure == nil else { return }
                state.noteFlushed(segment)
            }
        }
    }
}

// The sequencer's side.
extension Journal {
    /// Where reading begins: the first batch of the segment that `init` began.
    var start: Cursor {
        state.withLock {
            Cursor(ordinal: $0.segments[0].ordinal, offset: SegmentHeader.length)
        }
    }

    /// Takes the committed records that are still in memory, when record `first` is among them.
    ///
    /// - Parameter records: those of the last call, whose memory is used again.
    /// - Returns: false when they are to be read from the segments.
    func takeRecent(_ records: inout RecentRecords, from first: Int) -> Bool {
        records.removeAll()
        return state.withLock { state in
            state.unannounced = 0
            // Read from a segment already.
            if state.recent.end <= first { state.recent.removeAll() }
            guard !state.recent.isEmpty, state.recent.first <= first else { return false }
            swap(&state.recent, &records)
            return true
        }
    }

    /// Reads committed bytes from `cursor` on; moves `cursor` to the next segment at the end of
    /// one.
    ///
    /// - Returns: how many bytes; 0 when there are no more.
    func read(
        _ cursor: inout Cursor, into buffer: UnsafeMutableRawBufferPointer
    ) throws(LogError) -> Int {
        let place = state.withLock { state -> (file: any PlacedFile, left: Int, at: Cursor)? in
            state.unannounced = 0
            for segment in state.segments where segment.ordinal >= cursor.ordinal {
                let offset =
                    segment.ordinal == cursor.ordinal ? cursor.offset : SegmentHeader.length
                guard segment.size > offset else { continue }
                return (
                    segment.file, segment.size - offset,
                    Cursor(ordinal: segment.ordinal, offset: offset)
                )
            }
            return nil
        }
        guard let place else { return 0 }
        cursor = place.at
        let wanted = min(buffer.count, place.left)
        do {
            let got = try place.file.read(
                at: cursor.offset, into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted]))
            guard got == wanted else {
                throw LogError(
                    .journalDamaged,
                    "`\(segmentName(cursor.ordinal))` lost bytes: expected \(wanted), got \(got)")
            }
            return got
        } catch {
            throw LogError(any: error)
        }
    }

    /// Whether all records are below `end`; notes then that the sequencer goes to sleep.
    func parks(at end: Int) -> Bool {
        state.withLock { state in
            state.isSequencerParked = state.next == end && state.failure == nil
            return state.isSequencerParked
        }
    }

    /// Gives back what published segments cost in memory: nobody writes them over soon.
    func rest() {
        for file in state.withLock({ $0.restingFiles }) { file.endOverwriting() }
    }

    /// Removes segments whose records are all below `published`, but for those whose files the next
    /// segments take, and begins a new segment when the active one has grown enough.
    func trim(published: Int) throws(LogError) {
        do {
            // What is published was flushed with its tree.
            state.withLock { $0.durable = max($0.durable, published) }
            try removeOld(published)
            if try rotateGrown() { try removeOld(published) }
        } catch {
            throw LogError(any: error)
        }
    }

    /// Begins a new segment when the active one has grown enough, whatever of it is published.
    ///
    /// Only where files are written over, so that segments stay small enough to be spares. After a
    /// power loss any of their bytes and names may be old, and what comes after those is lost:
    /// recovery knows that of such files alone.
    func rotateBeforePublish() throws(LogError) {
        guard reusesFiles else { return }
        do {
            _ = try rotateGrown()
        } catch {
            throw LogError(error)
        }
    }

    /// - Returns: whether there is a new segment.
    private func rotateGrown() throws(StorageError) -> Bool {
        let grown = state.withLock {
            $0.active.size >= configuration.segmentBytes ? $0.active : nil
        }
        guard let grown else { return false }
        try rotate(after: grown)
        return true
    }

    private func removeOld(_ published: Int) throws(StorageError) {
        let most = reusesFiles ? configuration.journalBytes / DecisionLogLimits.spareShare : 0
        while let oldest = state.withLock({ $0.retire(below: published, most: most) }) {
            try storage.remove(segmentName(oldest.ordinal))
            state.withLock { $0.removeOldest() }
        }
    }

    /// Begins a new segment. A crash in here leaves one without records.
    private func rotate(after active: JournalSegment) throws(StorageError) {
        let ordinal = active.ordinal + 1
        // In buffered mode nobody else flushes it, and after a power loss a gap before the new
        // segment's records would cost them. Failure is no harm now: the tree is flushed too.
        let isFlushed = configuration.durability == .buffered && !reusesFiles
        if isFlushed { try? active.file.sync() }
        let (file, size) = try makeFile(ordinal)
        do {
            try state.withLock { (state) throws(StorageError) in
                state.begin(
                    try JournalSegment(
                        file, fileSize: size, ordinal: ordinal, first: state.next, origin: origin))
            }
        } catch {
            // Its header may be there, and would void what the active one still takes.
            try? storage.remove(segmentName(ordinal))
            throw error
        }
        // What came in meanwhile.
        if isFlushed { try? active.file.sync() }
    }

    /// A spare file under a new name, or a new file.
    private func makeFile(
        _ ordinal: Int
    ) throws(StorageError) -> (any PlacedFile, size: Int) {
        guard let spare = state.withLock({ $0.spare }) else {
            return (try Self.makeSegmentFile(storage, ordinal), 0)
        }
        do {
            try storage.rename(segmentName(spare.ordinal), to: segmentName(ordinal))
        } catch {
            // Under either name; the old one goes with the old segments, the new one is emptied.
            state.withLock { $0.giveUpSpare() }
            throw error
        }
        state.withLock { $0.takeSpare() }
        spare.file.beginOverwriting(spare.fileSize)
        return (spare.file, spare.fileSize)
    }

    /// Takes records again after a failure, in a new segment: everything before is published, and
    /// so needs the old segments no more.
    func restart(published: Int) throws(LogError) {
        let active = state.withLock { $0.active }
        do {
            try rotate(after: active)
        } catch {
            throw LogError(error)
        }
        state.withLock { state in
            precondition(state.next == published)
            state.durable = state.next
            state.failure = nil
        }
    }
}
