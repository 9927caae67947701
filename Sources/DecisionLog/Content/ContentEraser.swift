// SPDX-License-Identifier: Apache-2.0
import Authorization
import Platform

/// Erases texts of a content store, also while a server appends to it. The log is not touched: its
/// proofs stay valid, and the text's hash, whose salt is gone too, tells nothing.
///
/// File systems that copy on write, and disks that remap blocks, may keep old blocks for a while.
public struct ContentEraser {
    public enum Outcome: Sendable {
        /// Now, or before.
        case erased
        /// Retention removed it, or something else stands there.
        case missing
    }

    private let storage: any Storage

    public init(_ storage: any Storage) { self.storage = storage }

    /// Overwrites a text and its salt, on the disk when it returns. A crash in here leaves the text
    /// whole, or not what its record says; erasing it again ends that.
    ///
    /// - Parameters:
    ///   - id: of the decision whose record refers to it.
    ///   - time: of the erasure, in nanoseconds since 1970.
    public func erase(
        _ reference: ContentReference, of id: DecisionID, at time: Int64
    ) throws(StorageError) -> Outcome {
        let name = ContentSegmentName.of(reference.segment)
        guard reference.bytes >= 0, reference.bytes <= DecisionLogLimits.contentTextBytes,
            reference.offset >= ContentSegmentHeader.length,
            let file = try storage.openForReading(name)
        else { return .missing }
        let length = ContentEntryHeader.length
        let found = try withUnsafeTemporaryAllocation(byteCount: length, alignment: 8) {
            (buffer) throws(StorageError) -> ContentEntryHeader? in
            guard try file.read(at: reference.offset, into: buffer) == length else { return nil }
            return ContentEntryHeader(UnsafeRawBufferPointer(buffer))
        }
        guard let found, found.id == id, found.bytes == reference.bytes else { return .missing }
        if found.isErased { return .erased }
        var entry = [UInt8](repeating: 0, count: length + reference.bytes)
        let written = entry.withUnsafeMutableBytes { bytes in
            Result { () throws(StorageError) -> Void in
                guard let start = bytes.baseAddress else { return }
                ContentEntryHeader(isErased: true, bytes: found.bytes, id: id, time: time)
                    .write(to: start)
                try storage.overwrite(
                    name, at: reference.offset, with: UnsafeRawBufferPointer(bytes))
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
