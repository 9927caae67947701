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

    enum Failure: Error, Equatable, CustomStringConvertible {
        case storage(StorageError)
        /// The file is there and is no cursor of this log.
        case damaged(path: String, origin: String)

        var description: String {
            switch self {
            case .storage(let error): error.description
            case .damaged(let path, let origin):
                "`\(path)` is no cursor of `\(origin)`; remove it to begin at the log's end"
            }
        }
    }

    /// Takes up what a former process left. Without a cursor the log counts from `end` on: a
    /// responder that is new does not act on what is long past.
    init(_ storage: any Storage, origin: String, end: Int) throws(Failure) {
        self.storage = storage
        self.origin = origin
        if let next = try Self.position(storage, origin: origin) {
            self.next = next
            return
        }
        next = end
        do throws(StorageError) { try write(end) } catch { throw .storage(error) }
    }

    /// How far responders have come; nil when there never were any.
    static func position(_ storage: any Storage, origin: String) throws(Failure) -> Int? {
        let bytes: [UInt8]?
        do throws(StorageError) { bytes = try storage.read(file) } catch { throw .storage(error) }
        guard let bytes else { return nil }
        return try read(bytes, origin, storage.name)
    }

    private static func read(
        _ bytes: [UInt8], _ origin: String, _ folder: String
    ) throws(Failure) -> Int {
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        guard lines.count == 3, lines[0] == form, lines[1] == origin, let next = Int(lines[2]),
            next >= 0
        else {
            throw .damaged(path: "\(folder)/\(file)", origin: origin)
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
