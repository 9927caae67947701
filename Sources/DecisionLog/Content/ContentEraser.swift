// SPDX-License-Identifier: Apache-2.0
import Authorization
import Platform

/// Erases texts of a content store, also while a server appends to it. The log is not touched: its
/// proofs stay valid, and the text's hash, whose salt is gone too, tells nothing.
///
/// File systems that copy on write, and disks that remap blocks, may keep old blocks for a while.
public struct ContentEraser {
    public enum Outcome: Sendable {
        case erased
        /// It was erased before, and stays as it is.
        case erasedBefore
        /// Retention removed it, or something else stands there.
        case missing
    }

    private let storage: any Storage

    public init(_ storage: any Storage) { self.storage = storage }

    /// A text as its segment names it, whatever became of its record.
    public struct StoredText: Sendable {
        let segment: Int
        let offset: Int
        let bytes: Int
        /// Of the decision or approval that it belongs to.
        public let id: DecisionID
        public let isErased: Bool
        /// Of the decision, or of the erasure, in nanoseconds since 1970.
        public let time: Int64
    }

    /// Hands out all texts, by what their segments say.
    public func forEachText(_ body: (StoredText) throws -> Void) throws {
        for name in try storage.list("") {
            guard let ordinal = ContentSegmentName.ordinal(name),
                let file = try storage.openForReading(name)
            else { continue }
            let size = try file.size
            var offset = ContentSegmentHeader.length
            // What is cut off at the end has no record: its commit failed.
            while let header = try Self.header(of: file, at: offset),
                offset + ContentEntryHeader.length + header.bytes <= size
            {
                try body(
                    StoredText(
                        segment: ordinal, offset: offset, bytes: header.bytes, id: header.id,
                        isErased: header.isErased, time: header.time))
                offset += ContentEntryHeader.length + header.bytes
            }
        }
    }

    private static func header(
        of file: any ReadableFile, at offset: Int
    ) throws(StorageError) -> ContentEntryHeader? {
        let length = ContentEntryHeader.length
        return try withUnsafeTemporaryAllocation(byteCount: length, alignment: 8) {
            (buffer) throws(StorageError) -> ContentEntryHeader? in
            guard try file.read(at: offset, into: buffer) == length else { return nil }
            return ContentEntryHeader(UnsafeRawBufferPointer(buffer))
        }
    }

    /// As `erase` does by a record.
    public func erase(_ text: StoredText, at time: Int64) throws(StorageError) -> Outcome {
        try erase(text.segment, text.offset, text.bytes, of: text.id, at: time)
    }

    /// Overwrites a text and its salt, on the disk when it returns. A crash in here leaves the text
    /// whole, or not what its record says; erasing it again ends that.
    ///
    /// - Parameters:
    ///   - id: of the decision whose record refers to it.
    ///   - time: of the erasure, in nanoseconds since 1970.
    public func erase(
        _ reference: ContentReference, of id: DecisionID, at time: Int64
    ) throws(StorageError) -> Outcome {
        try erase(reference.segment, reference.offset, reference.bytes, of: id, at: time)
    }

    private func erase(
        _ segment: Int, _ offset: Int, _ bytes: Int, of id: DecisionID, at time: Int64
    ) throws(StorageError) -> Outcome {
        let name = ContentSegmentName.of(segment)
        guard bytes >= 0, bytes <= DecisionLogLimits.contentTextBytes,
            offset >= ContentSegmentHeader.length, let file = try storage.openForReading(name),
            let found = try Self.header(of: file, at: offset), found.id == id, found.bytes == bytes
        else { return .missing }
        if found.isErased { return .erasedBefore }
        var entry = [UInt8](repeating: 0, count: ContentEntryHeader.length + bytes)
        let written = entry.withUnsafeMutableBytes { bytes in
            Result { () throws(StorageError) -> Void in
                guard let start = bytes.baseAddress else { return }
                ContentEntryHeader(isErased: true, bytes: found.bytes, id: id, time: time)
                    .write(to: start)
                try storage.overwrite(
                    name, at: offset, with: UnsafeRawBufferPointer(bytes))
            }
        }
        try written.get()
        return .erased
    }

    // MARK: Notes

    /// Leaves the record of an erasure for the log: a server that has the log open takes it over
    /// within a minute, any other at its start.
    public func leaveNote(_ record: ErasureRecord) throws(StorageError) {
        let bytes = record.encoded()
        let written = bytes.withUnsafeBytes { bytes in
            Result { () throws(StorageError) in
                try storage.replace(Self.note(record.id), with: bytes, isFlushed: true)
            }
        }
        try written.get()
        try storage.sync()
    }

    static let notes = "erasures"

    private static func note(_ id: DecisionID) -> String { "\(notes)/\(id).json" }
}

extension LocalLog {
    /// Takes over what was erased since the last time: each erasure becomes a record.
    ///
    /// A crash between the record and the removal of its note leaves the record twice, with one id.
    public func takeErasures() throws(LogError) {
        guard let storage = content?.storage else { return }
        do {
            let names = try storage.list(ContentEraser.notes)
            guard !names.isEmpty else { return }
            let writer = makeWriter()
            for name in names {
                let path = ContentEraser.notes + "/" + name
                guard let record = try storage.read(path) else { continue }
                try record.withUnsafeBytes { try writer.append($0) }
                try writer.commit()
                try storage.remove(path)
            }
        } catch {
            throw LogError(any: error)
        }
    }
}
