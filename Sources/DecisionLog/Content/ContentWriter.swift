// SPDX-License-Identifier: Apache-2.0
import Authorization
import Cryptography
import Platform

/// One event loop's way into the content store: `add` for each decision of the turn, without a
/// lock, a system call or an allocation, then one `commit`, before the records are committed.
///
/// Where a text will lie is known when it is added, because nobody else writes to the segment.
public final class ContentWriter {
    private let store: ContentStore
    private let hasher = SHA256()
    private let random = RandomWords()
    private var segment: Segment?
    private var buffer: UnsafeMutableRawBufferPointer
    private var used = 0
    /// How often the buffer was emptied.
    private var rounds = 0

    private struct Segment {
        let ordinal: Int
        let begun: Int64
        let file: any AppendFile
        /// Bytes that are written; beyond them may lie what a failed write left.
        var size = ContentSegmentHeader.length
        var isTorn = false
    }

    init(_ store: ContentStore) {
        self.store = store
        buffer = .allocate(byteCount: DecisionLogLimits.contentBufferBytes, alignment: 8)
    }

    deinit {
        buffer.deallocate()
        if let segment { store.finish(segment.ordinal) }
    }

    public var configuration: ContentConfiguration { store.configuration }

    /// Adds a text to this turn.
    ///
    /// - Parameters:
    ///   - arguments: a part of it that gets a salted hash of its own; empty for none.
    ///   - now: wall-clock nanoseconds of the decision.
    /// - Returns: what the record says of it, and SHA-256 over the salt and `arguments`.
    public func add(
        _ text: Bytes, arguments: Bytes, isPartial: Bool, id: DecisionID, now: Int64
    ) throws(LogError) -> (ContentReference, arguments: Digest?) {
        let length = ContentEntryHeader.length + text.count
        let segment = try room(for: length, now)
        let start = buffer.baseAddress.unsafelyUnwrapped + used
        ContentEntryHeader(isErased: false, bytes: text.count, id: id, time: now).write(to: start)
        let salt = UnsafeMutableRawBufferPointer(
            start: start + ContentEntryHeader.saltOffset, count: ContentEntryHeader.saltLength)
        try fill(salt)
        if let source = text.start {
            (start + ContentEntryHeader.length).copyMemory(from: source, byteCount: text.count)
        }
        // The text follows its salt.
        let salted = UnsafeRawBufferPointer(
            start: salt.baseAddress, count: salt.count + text.count)
        let reference = ContentReference(
            segment: segment.ordinal, offset: segment.size + used, bytes: text.count,
            digest: hasher.hash(salted), isPartial: isPartial)
        used += length
        guard !arguments.isEmpty else { return (reference, nil) }
        hasher.update(UnsafeRawBufferPointer(salt))
        return (reference, hasher.hash(UnsafeRawBufferPointer(arguments.buffer)))
    }

    private func fill(_ salt: UnsafeMutableRawBufferPointer) throws(LogError) {
        do {
            salt.storeBytes(of: try random.next(), as: UInt64.self)
            salt.storeBytes(of: try random.next(), toByteOffset: 8, as: UInt64.self)
        } catch {
            // Without a salt the hash would give the text away.
            throw LogError(.entropy, "no salt: \(error)")
        }
    }

    /// A place between two texts.
    public struct Mark {
        fileprivate let round: Int
        fileprivate let used: Int
    }

    public var mark: Mark { Mark(round: rounds, used: used) }

    /// Takes back the texts since `mark`: their records were not taken.
    public func goBack(to mark: Mark) {
        // When the buffer was written meanwhile, all that is in it came after the mark.
        used = mark.round == rounds ? mark.used : 0
    }

    /// Forgets the texts of this turn.
    func discard() {
        used = 0
        rounds &+= 1
    }

    /// Writes this turn's texts. When it returns they are in the kernel; when it throws, none of
    /// the records that refer to them may be committed.
    func commit() throws(LogError) {
        guard used > 0 else { return }
        let bytes = used
        do {
            try write()
        } catch {
            discard()
            throw failed(error, bytes)
        }
    }

    private func write() throws(StorageError) {
        guard used > 0, var current = segment else { return }
        defer { segment = current }
        if current.isTorn { try current.file.truncate(to: current.size) }
        current.isTorn = true
        try current.file.append(
            UnsafeRawBufferPointer(rebasing: buffer[..<used]),
            UnsafeRawBufferPointer(start: nil, count: 0))
        current.isTorn = false
        current.size += used
        discard()
        store.wrote(current.ordinal, size: current.size)
        store.worked()
    }

    private func failed(_ error: StorageError, _ bytes: Int) -> LogError {
        let failure = LogError(error)
        store.failed(failure, bytes: bytes)
        return failure
    }

    /// Makes room in the buffer, and a new segment when there is none or it is full. Texts that are
    /// written ahead of their records do no harm.
    private func room(for length: Int, _ now: Int64) throws(LogError) -> Segment {
        do {
            if used + length > buffer.count { try write() }
            if length > buffer.count { grow(to: length) }
            if let segment, segment.size + used + length <= store.configuration.segmentBytes,
                !store.isTooOld(segment.begun, now)
            {
                return segment
            }
            try write()
            if let segment { store.finish(segment.ordinal) }
            segment = nil
            let (ordinal, begun, file) = try store.begin()
            let new = Segment(ordinal: ordinal, begun: begun, file: file)
            segment = new
            return new
        } catch {
            throw failed(error, used + length)
        }
    }

    private func grow(to length: Int) {
        buffer.deallocate()
        buffer = .allocate(byteCount: length, alignment: 8)
    }
}
