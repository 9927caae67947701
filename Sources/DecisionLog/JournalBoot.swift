// SPDX-License-Identifier: Apache-2.0
import Platform

/// The file `boot` beside the segments: that their files are written over, and since which boot of
/// the machine.
///
/// A power loss leaves any part of what was written over such files, under their new names or old
/// ones, so that whole batches and segments may follow lost ones. Otherwise that is damage. In
/// buffered mode records since the last checkpoint may be lost then; in durable mode, where none
/// may, no file is written over.
struct JournalBoot {
    private static let path = "boot"
    private let storage: any Storage
    /// Nil when no file of the journal was written over.
    private let noted: [UInt8]?

    init(_ storage: any Storage) throws(StorageError) {
        self.storage = storage
        noted = try storage.read(Self.path)
    }

    /// Whether files may hold, after their last batch, what an older segment wrote.
    var hasReusedFiles: Bool { noted != nil }

    /// Whether the power may have been lost while a file was written over.
    var mayHaveGaps: Bool { noted.map { $0 != storage.boot } ?? false }

    /// Notes what will become of the journal's files. Older segments are not needed any more.
    ///
    /// - Returns: whether files may be written over.
    func note(_ durability: LogConfiguration.Durability) throws(StorageError) -> Bool {
        guard durability == .buffered, let boot = storage.boot else {
            if noted != nil { try storage.remove(Self.path) }
            return false
        }
        guard noted != boot else { return true }
        let written = boot.withUnsafeBytes { bytes in
            Result { () throws(StorageError) in
                try storage.replace(Self.path, with: bytes, isFlushed: true)
            }
        }
        try written.get()
        try storage.sync()
        return true
    }
}
