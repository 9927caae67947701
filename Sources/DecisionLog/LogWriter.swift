// SPDX-License-Identifier: Apache-2.0
import Authorization
import Platform
import TransparencyLog

/// One event loop's way into the log: `append` for each decision of a batch, without a lock or an
/// allocation, then one `commit`, and only then the answers. Belongs to one thread.
public final class LogWriter {
    private let journal: Journal
    private let sequencerSignal: Signal
    /// Nil in buffered mode.
    private let flusherSignal: Signal?
    /// Texts that the records refer to; nil when none are kept.
    public let content: ContentWriter?
    private var buffer: UnsafeMutableRawBufferPointer
    /// Bytes in `buffer`, in the form of an entry bundle.
    public private(set) var used = 0
    /// Records appended since the last commit.
    public private(set) var pending = 0
    private var lastTicket: Ticket
    private let onFailure: LogConfiguration.OnFailure
    private let clock: any Clock

    /// What a commit promises to make durable.
    public struct Ticket: Equatable, Sendable {
        /// The leaf index after the batch's last record.
        public let end: Int
    }

    init(
        _ journal: Journal, sequencer: Signal, flusher: Signal?,
        onFailure: LogConfiguration.OnFailure, clock: any Clock, content: ContentWriter? = nil
    ) {
        self.journal = journal
        self.onFailure = onFailure
        self.clock = clock
        self.content = content
        sequencerSignal = sequencer
        flusherSignal = flusher
        buffer = .allocate(byteCount: DecisionLogLimits.initialBatchBytes, alignment: 8)
        lastTicket = Ticket(end: 0)
    }

    deinit { buffer.deallocate() }

    /// Adds a record to the batch.
    ///
    /// - Throws: `recordTooLong` above 65,535 bytes (encode a shorter one), `batchFull` when the
    ///   batch holds 8 MiB (commit, then append again).
    public func append(_ record: UnsafeRawBufferPointer) throws(LogError) {
        guard record.count <= DecisionLogLimits.recordBytes else {
            throw LogError(
                .recordTooLong,
                "record: expected at most \(DecisionLogLimits.recordBytes) bytes, "
                    + "got \(record.count)")
        }
        let end = used + LogLimits.entryPrefixLength + record.count
        if end > buffer.count { try grow(to: end) }
        buffer[used] = UInt8(truncatingIfNeeded: record.count >> 8)
        buffer[used + 1] = UInt8(truncatingIfNeeded: record.count)
        UnsafeMutableRawBufferPointer(rebasing: buffer[(used + LogLimits.entryPrefixLength)..<end])
            .copyMemory(from: record)
        used = end
        pending += 1
    }

    /// Adds a record as `RecordWriter` encoded it.
    public func append(_ record: Bytes) throws(LogError) {
        try append(UnsafeRawBufferPointer(record.buffer))
    }

    /// Hands the batch's records to the log, all or none.
    ///
    /// When it returns the records are in the kernel: in buffered mode the answers may leave. In
    /// durable mode they may once `isDurable` says so. When it throws, none of the records was
    /// taken, and none of their decisions may be given: deny instead.
    @discardableResult
    public func commit() throws(LogError) -> Ticket {
        guard pending > 0 else { return lastTicket }
        // A crash between the two leaves texts without records, never records without texts.
        do {
            try content?.commit()
        } catch {
            discard()
            throw error
        }
        let count = pending
        let records = UnsafeRawBufferPointer(rebasing: buffer[..<used])
        discard()
        let (end, wakes) = try journal.commit(records, count: count)
        if wakes { sequencerSignal.raise() }
        flusherSignal?.raise()
        lastTicket = Ticket(end: end)
        return lastTicket
    }

    /// Forgets the records of the batch.
    public func discard() {
        used = 0
        pending = 0
        content?.discard()
    }

    /// Whether the records of a commit survive what the configured mode promises.
    public func isDurable(_ ticket: Ticket) -> Bool { journal.isDurable(ticket.end) }

    /// Why the log takes no records at the moment; tickets that are not durable then may never be.
    public var failure: LogError? { journal.failure }

    /// Asks whether decisions may be given although `commit` threw `error`; notes them then, for
    /// the loss record.
    ///
    /// - Parameter count: how many decisions.
    public func mayLose(_ count: Int, _ error: LogError) -> Bool {
        let now = clock.wall()
        return may(.init(decisions: count, from: now, to: now, reasons: [error.code: count]), error)
    }

    /// As `mayLose`, for decisions whose records were taken and are not durable, because the log
    /// fails (`failure`).
    public func mayAnswerEarly(_ count: Int, _ error: LogError) -> Bool {
        let now = clock.wall()
        return may(.init(early: count, from: now, to: now, reasons: [error.code: count]), error)
    }

    private func may(_ loss: LossLedger.Loss, _ error: LogError) -> Bool {
        // Nothing can be said any more in a log that is closed.
        guard onFailure == .open, error.code != .closed else { return false }
        let isFirst = journal.losses.isEmpty
        journal.losses.add(loss)
        // It tries again by itself from then on.
        if isFirst { sequencerSignal.raise() }
        return true
    }

    private func grow(to needed: Int) throws(LogError) {
        guard needed <= DecisionLogLimits.batchBytes else {
            throw LogError(
                .batchFull, "this turn's records exceed \(DecisionLogLimits.batchBytes) bytes")
        }
        var size = buffer.count
        while size < needed { size *= 2 }
        let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 8)
        larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[..<used]))
        buffer.deallocate()
        buffer = larger
    }
}
