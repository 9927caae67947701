// SPDX-License-Identifier: Apache-2.0
import Platform

/// How far the log is acted on: all calls for the entries before it have their outcome. Kept in a
/// folder of its own, and durable once `save` returns.
struct Cursor {
    private static let file = "cursor"
    private static let form = "portcullis responders 1"

    private let storage: any Storage
    /// The log's name: a cursor of another log is none of ours.
    private let origin: String
    private(set) var next: Int

    enum Failure: Error, Equatable {
        case storage(StorageError)
        /// The file is there and is no cursor of this log.
        case damaged(String)
    }

    /// Takes up what a former process left. Without a cursor the log counts from `end` on: a
    /// responder that is new does not act on what is long past.
    init(_ storage: any Storage, origin: String, end: Int) throws(Failure) {
        self.storage = storage
        self.origin = origin
        do throws(StorageError) {
            if let bytes = try storage.read(Self.file) {
                next = try Self.read(bytes, origin, storage.name)
                return
            }
            next = end
            try write(end)
        } catch {
            throw .storage(error)
        }
    }

    /// How far responders have come; nil when there never were any.
    static func position(_ storage: any Storage, origin: String) throws(StorageError) -> Int? {
        guard let bytes = try storage.read(file) else { return nil }
        return try read(bytes, origin, storage.name)
    }

    private static func read(
        _ bytes: [UInt8], _ origin: String, _ folder: String
    ) throws(StorageError) -> Int {
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        guard lines.count == 3, lines[0] == form, lines[1] == origin, let next = Int(lines[2]),
            next >= 0
        else {
            throw StorageError(
                "read (it is no cursor of `\(origin)`; remove it to begin at the log's end)",
                "\(folder)/\(file)", 0)
        }
        return next
    }

    /// Moves the cursor; does nothing when it is there already.
    mutating func save(_ next: Int) throws(StorageError) {
        guard next != self.next else { return }
        try write(next)
        self.next = next
    }

    private func write(_ next: Int) throws(StorageError) {
        let text = Array("\(Self.form)\n\(origin)\n\(next)\n".utf8)
        let result = text.withUnsafeBytes { bytes in
            Result { () throws(StorageError) in
                try storage.replace(Self.file, with: bytes, isFlushed: true)
            }
        }
        try result.get()
        try storage.sync()
    }
}
