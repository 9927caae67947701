// SPDX-License-Identifier: Apache-2.0
import Authorization
import Cryptography
import Platform

/// Reads texts by what records say of them, and checks each against its hash.
public final class ContentReader {
    /// What became of a text.
    public enum Text {
        /// Valid until the next call.
        case kept(UnsafeRawBufferPointer)
        /// It was erased, at this many nanoseconds since 1970.
        case erased(Int64)
        /// Its segment is gone: too old, or too much was kept.
        case missing
        /// It is not what the record says.
        case damaged
    }

    private let storage: any Storage
    private let hasher = SHA256()
    private var files: [Int: any ReadableFile] = [:]
    private var buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 8)

    public init(_ storage: any Storage) { self.storage = storage }

    deinit { buffer.deallocate() }

    /// - Parameter id: of the decision whose record it is.
    public func read(
        _ reference: ContentReference, of id: DecisionID
    ) throws(StorageError) -> Text {
        guard reference.bytes >= 0, reference.bytes <= DecisionLogLimits.contentTextBytes,
            reference.offset >= 0, let file = try file(reference.segment)
        else { return .missing }
        let length = ContentEntryHeader.length + reference.bytes
        if buffer.count < length {
            buffer.deallocate()
            buffer = .allocate(byteCount: length * 2, alignment: 8)
        }
        let entry = UnsafeMutableRawBufferPointer(rebasing: buffer[..<length])
        let count = try file.read(at: reference.offset, into: entry)
        guard count == length else { return .missing }
        guard let header = ContentEntryHeader(UnsafeRawBufferPointer(entry)), header.id == id,
            header.bytes == reference.bytes
        else { return .damaged }
        if header.isErased { return .erased(header.time) }
        let salted = UnsafeRawBufferPointer(rebasing: entry[ContentEntryHeader.saltOffset...])
        guard hasher.hash(salted) == reference.digest else { return .damaged }
        return .kept(UnsafeRawBufferPointer(rebasing: entry[ContentEntryHeader.length...]))
    }

    private func file(_ ordinal: Int) throws(StorageError) -> (any ReadableFile)? {
        if let file = files[ordinal] { return file }
        if files.count >= DecisionLogLimits.openSegments { files.removeAll() }
        let file = try storage.openForReading(ContentSegmentName.of(ordinal))
        files[ordinal] = file
        return file
    }
}
