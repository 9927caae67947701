// SPDX-License-Identifier: Apache-2.0
import Platform

/// What the threads that use a journal share, under its lock.
struct JournalState {
    /// Oldest first; the last one is appended to. Never empty.
    private(set) var segments: [JournalSegment]
    /// Published whole; the next segments take their files, the last one's first.
    private var spares: [JournalSegment] = []
    /// Bytes of all files but the active segment's.
    private var restBytes = 0
    /// The sequence number, which is the leaf index, of the next record.
    var next: Int
    /// Records below it survive a power loss.
    var durable: Int
    /// Why nothing is taken at the moment.
    var failure: LogError?
    var isClosed = false
    /// Bytes that the sequencer has not been woken for.
    var unannounced = 0
    /// The sequencer sleeps until it is woken.
    var isSequencerParked = false
    var recent = RecentRecords()

    init(_ segment: JournalSegment, next: Int) {
        segments = [segment]
        self.next = next
        durable = next
    }

    /// The segment that is appended to.
    var active: JournalSegment {
        // In place: a copy of a segment would count references at every commit.
        _read { yield segments[segments.count - 1] }
        _modify { yield &segments[segments.count - 1] }
    }

    /// Those that nothing is appended to.
    var restingFiles: [any PlacedFile] { spares.map(\.file) + segments.dropLast().map(\.file) }

    /// Bytes of all files once `more` bytes of records are in the active one.
    func fileBytes(with more: Int) -> Int {
        let active = segments.count - 1
        return restBytes + max(segments[active].fileSize, segments[active].size + more)
    }

    /// Notes that a segment is flushed as far as `flushed` says.
    mutating func noteFlushed(_ flushed: JournalSegment) {
        durable = max(durable, flushed.end)
        for index in segments.indices where segments[index].ordinal == flushed.ordinal {
            segments[index].syncedSize = flushed.size
        }
    }
}

// Which files there are.
extension JournalState {
    mutating func begin(_ segment: JournalSegment) {
        segments.append(segment)
        count()
    }

    /// The oldest segment when all its records are below `published`, to be removed. Before that,
    /// those become spares that have `most` bytes together with the others.
    mutating func retire(below published: Int, most: Int) -> JournalSegment? {
        var held = spares.reduce(0) { $0 + $1.fileSize }
        while segments.count > 1, segments[0].end <= published {
            held += segments[0].fileSize
            guard segments[0].isReusable, held <= most else { return segments[0] }
            spares.append(segments.removeFirst())
        }
        return nil
    }

    /// The oldest segment's file is gone.
    mutating func removeOldest() {
        segments.removeFirst()
        count()
    }

    /// The file that the next segment takes.
    var spare: JournalSegment? { spares.last }

    /// The spare's file has another name now.
    mutating func takeSpare() {
        spares.removeLast()
        count()
    }

    /// Lets the spare be removed as the oldest segment.
    mutating func giveUpSpare() {
        guard var old = spares.popLast() else { return }
        old.isReusable = false
        segments.insert(old, at: 0)
    }

    private mutating func count() {
        restBytes = segments.dropLast().reduce(0) { $0 + $1.fileSize }
        restBytes += spares.reduce(0) { $0 + $1.fileSize }
    }
}
