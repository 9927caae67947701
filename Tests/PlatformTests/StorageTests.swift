// SPDX-License-Identifier: Apache-2.0
import Foundation
import MemoryPlatform
import Platform
import Testing

/// What both storages promise, the folder and its twin in memory.
@Suite("storage")
struct StorageTests {
    enum Kind: CaseIterable { case folder, memory }

    /// Runs `body` on an empty storage.
    private func with(_ kind: Kind, _ body: (any Storage) throws -> Void) throws {
        let root = NSTemporaryDirectory() + "portcullis-storage-\(UUID().uuidString)"
        let path = root + "/a/b"
        defer { try? FileManager.default.removeItem(atPath: root) }
        switch kind {
        case .folder: try body(StorageFolder(path, creating: true))
        case .memory: try body(StorageMemory("memory"))
        }
    }

    private func replace(_ storage: any Storage, _ path: String, _ text: String) throws {
        for isFlushed in [false, true] {
            try Array(text.utf8).withUnsafeBytes {
                try storage.replace(path, with: $0, isFlushed: isFlushed)
            }
        }
    }

    private func text(_ storage: any Storage, _ path: String) throws -> String? {
        try storage.read(path).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test("files are replaced, read, listed and removed", arguments: Kind.allCases)
    func files(kind: Kind) throws {
        try with(kind) { storage in
            #expect(try storage.read("x/y/z") == nil)
            #expect(try storage.list("x").isEmpty)
            try replace(storage, "x/y/z", "one")
            try replace(storage, "x/y/z", "two")
            try replace(storage, "x/w", "")
            try replace(storage, "top", "three")
            try storage.sync()
            #expect(try text(storage, "x/y/z") == "two")
            #expect(try text(storage, "x/w") == "")
            #expect(try storage.list("") == ["top", "x"])
            #expect(try storage.list("x") == ["w", "y"])
            try storage.remove("x/y/z")
            try storage.remove("x/y/z")
            try storage.remove("x/y")
            try storage.remove("nothing/here")
            #expect(try storage.list("x") == ["w"])
            try storage.sync()
            // A file where a path needs a folder is absence, not failure.
            #expect(try storage.read("top/x") == nil)
        }
    }

    @Test("what is no regular file, or too long, is refused without a wait")
    func strangeFiles() throws {
        let path = NSTemporaryDirectory() + "portcullis-storage-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let storage = try StorageFolder(path, creating: true)
        mkfifo(path + "/fifo", 0o600)
        mkdir(path + "/folder", 0o700)
        try FileReplacement.write([1, 2, 3], to: path + "/three")
        try FileReplacement.write([], to: path + "/sparse")
        truncate(path + "/sparse", 1 << 40)
        for name in ["fifo", "folder"] {
            #expect(throws: StorageError.self) { try storage.read(name) }
            #expect(throws: StorageError.self) { try storage.openForReading(name) }
            #expect(throws: StorageError.self) { try FileReplacement.read(path + "/" + name) }
        }
        #expect(try storage.read("three", limit: 3) == [1, 2, 3])
        let error = #expect(throws: StorageError.self) { try storage.read("three", limit: 2) }
        #expect(error?.number == EFBIG)
        #expect(throws: StorageError.self) { try storage.read("sparse", limit: 8192) }
    }

    @Test("a file written in place, new or over another", arguments: Kind.allCases)
    func writing(kind: Kind) throws {
        try with(kind) { storage in
            for content in ["a longer text", "", "short"] {
                try Array(content.utf8).withUnsafeBytes { try storage.write("x/y/z", $0) }
                #expect(try text(storage, "x/y/z") == content)
                #expect(try storage.list("") == ["x"])
            }
            try storage.sync()
        }
    }

    @Test("many changes at once", arguments: Kind.allCases)
    func many(kind: Kind) throws {
        try with(kind) { storage in
            for index in 0..<200 { try replace(storage, "n/\(index % 20)/\(index)", "\(index)") }
            try storage.sync()
            #expect(try text(storage, "n/7/187") == "187")
        }
    }

    @Test("appending, reading at a place, cutting", arguments: Kind.allCases)
    func appending(kind: Kind) throws {
        try with(kind) { storage in
            let file = try storage.openForAppending("journal")
            try Array("hello ".utf8).withUnsafeBytes { first in
                try Array("world".utf8).withUnsafeBytes { try file.append(first, $0) }
            }
            #expect(try file.size == 11)
            func read(_ offset: Int, _ count: Int) throws -> String {
                var buffer = [UInt8](repeating: 0, count: count)
                let got = try buffer.withUnsafeMutableBytes { try file.read(at: offset, into: $0) }
                return String(decoding: buffer[..<got], as: UTF8.self)
            }
            #expect(try read(3, 5) == "lo wo")
            #expect(try read(9, 100) == "ld")
            try file.truncate(to: 6)
            try Array("there".utf8).withUnsafeBytes {
                try file.append($0, UnsafeRawBufferPointer(start: nil, count: 0))
            }
            try file.sync()
            let again = try storage.openForAppending("journal")
            #expect(try again.size == 11)
            #expect(try text(storage, "journal") == "hello there")
        }
    }

    @Test(
        "writing over bytes, another name while open, and what a boot is told by",
        arguments: Kind.allCases)
    func placing(kind: Kind) throws {
        try with(kind) { storage in
            let file = try storage.openForWriting("one")
            func write(_ first: String, _ second: String, _ offset: Int) throws {
                try Array(first.utf8).withUnsafeBytes { first in
                    try Array(second.utf8).withUnsafeBytes {
                        try file.write(first, $0, at: offset)
                    }
                }
            }
            try write("hello ", "world", 0)
            try write("J", "", 0)
            try write("LD", " again", 9)
            #expect(try text(storage, "one") == "Jello worLD again")
            try replace(storage, "two", "other")
            try storage.rename("one", to: "two")
            try storage.sync()
            try write("", "!", 17)
            #expect(try storage.list("") == ["two"])
            #expect(try text(storage, "two") == "Jello worLD again!")
            #expect(throws: StorageError.self) { try storage.rename("one", to: "two") }
            #expect(storage.boot != nil && storage.boot == storage.boot)
        }
    }

    @Test("bytes written over when that is announced", arguments: Kind.allCases)
    func overwriting(kind: Kind) throws {
        try with(kind) { storage in
            let file = try storage.openForWriting("one")
            var expected: [UInt8] = []
            func write(_ byte: UInt8, _ range: Range<Int>) throws {
                let bytes = [UInt8](repeating: byte, count: range.count)
                try bytes.withUnsafeBytes {
                    let (head, tail) = ($0[..<(range.count / 3)], $0[(range.count / 3)...])
                    try file.write(
                        UnsafeRawBufferPointer(rebasing: head),
                        UnsafeRawBufferPointer(rebasing: tail), at: range.lowerBound)
                }
                if expected.count < range.upperBound {
                    expected += [UInt8](repeating: 0, count: range.upperBound - expected.count)
                }
                expected.replaceSubrange(range, with: bytes)
                #expect(try storage.read("one") == expected)
                var read = [UInt8](repeating: 0, count: range.count)
                let count = try read.withUnsafeMutableBytes {
                    try file.read(at: range.lowerBound, into: $0)
                }
                #expect(count == range.count && read == bytes)
            }
            file.beginOverwriting(0)
            try write(1, 0..<10_000)
            file.beginOverwriting(10_000)
            try write(2, 0..<9_000)
            try write(3, 4_090..<10_000)
            // Over the end, and behind it.
            try write(4, 9_990..<10_500)
            try write(5, 10_500..<20_000)
            // Again, and for more.
            file.beginOverwriting(10_000)
            file.beginOverwriting(20_000)
            try write(6, 9_000..<9_001)
            try write(7, 9_983..<19_999)
            try write(8, 64..<128)
            try file.sync()
            // A cut ends it: there may be no file any more where it was.
            try file.truncate(to: 100)
            expected.removeLast(expected.count - 100)
            try write(9, 50..<9_000)
            file.beginOverwriting(9_000)
            file.endOverwriting()
            try write(7, 0..<9_000)
            file.beginOverwriting(9_000)
            // Another name, or none, is no matter.
            try storage.rename("one", to: "two")
            try storage.remove("two")
            try [UInt8](repeating: 8, count: 9).withUnsafeBytes {
                try file.write($0, UnsafeRawBufferPointer(start: nil, count: 0), at: 0)
            }
        }
    }

    @Test("a file that is cut off while it is written over is an error, not the end")
    func cutOff() throws {
        try with(.folder) { storage in
            let file = try storage.openForWriting("one")
            func write(_ byte: UInt8, at offset: Int) throws {
                let bytes = [UInt8](repeating: byte, count: 20_000)
                try bytes.withUnsafeBytes {
                    let (head, tail) = ($0[..<64], $0[64...])
                    try file.write(
                        UnsafeRawBufferPointer(rebasing: head),
                        UnsafeRawBufferPointer(rebasing: tail), at: offset)
                }
            }
            try write(1, at: 0)
            file.beginOverwriting(20_000)
            try write(2, at: 0)
            // Somebody else's: `file` knows nothing of it.
            try storage.openForWriting("one").truncate(to: 5_000)
            // Where nothing is mapped the file just grows again.
            do {
                try write(3, at: 0)
            } catch {
                #expect(error as? StorageError == StorageError("store", "one", EIO))
            }
            try write(4, at: 10)
            let expected = [UInt8](repeating: 3, count: 10) + [UInt8](repeating: 4, count: 20_000)
            #expect(try storage.read("one") == expected)
        }
    }

    @Test("a power loss leaves each sector that was written over old or new")
    func sectors() throws {
        let storage = StorageMemory("memory")
        let file = try storage.openForWriting("file")
        func fill(_ byte: UInt8) throws {
            try [UInt8](repeating: byte, count: 4_096).withUnsafeBytes {
                try file.write($0, UnsafeRawBufferPointer(start: nil, count: 0), at: 0)
            }
        }
        try fill(1)
        try file.sync()
        try storage.sync()
        try fill(2)
        let boot = storage.boot
        var turn = 0
        storage.cutPower { _ in
            turn += 1
            return turn % 2
        }
        let bytes = try #require(try storage.read("file"))
        let sectors = (0..<8).map { Set(bytes[($0 * 512)..<($0 * 512 + 512)]) }
        #expect(sectors == [[1], [2], [1], [2], [1], [2], [1], [2]])
        #expect(storage.boot != boot)
    }

    @Test("one lock, until it is given back")
    func lock() throws {
        let path = NSTemporaryDirectory() + "portcullis-lock-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let first = try StorageFolder(path, creating: true)
        let second = try StorageFolder(path, creating: false)
        // What a crash may leave.
        _ = FileManager.default.createFile(
            atPath: path + "/.replacing", contents: Data("x".utf8))
        try first.lock()
        #expect(try first.list("").isEmpty)
        do {
            try second.lock()
            Issue.record("two locks")
        } catch {
            #expect(error.isLocked && error.code == "storage_locked")
            #expect(error.description == "`\(path)` is in use by another process")
        }
        first.unlock()
        try second.lock()
    }

    @Test("a folder that is not there")
    func missing() {
        #expect(throws: StorageError.self) {
            try StorageFolder("/nonexistent/portcullis", creating: false)
        }
    }

    @Test("a secret is its owner's alone, and never overwritten")
    func secret() throws {
        let path = NSTemporaryDirectory() + "portcullis-secret-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        #expect(try SecretFile.read(path) == nil)
        try SecretFile.create(path, [1, 2, 3])
        #expect(try SecretFile.read(path) == [1, 2, 3])
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions]
        #expect(mode as? Int == 0o600)
        #expect(throws: StorageError.self) { try SecretFile.create(path, [4]) }
        try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: path)
        #expect(throws: StorageError.self) { try SecretFile.read(path) }
    }

    @Test("the clock in a test moves when it is told to")
    func clock() {
        let clock = ManualClock(wall: 10, monotonic: 5)
        clock.advance(by: 7)
        #expect(clock.wall() == 17 && clock.monotonic() == 12)
        let system = SystemClock()
        #expect(system.monotonic() <= system.monotonic())
        #expect(system.wall() > 1_700_000_000_000_000_000)
    }
}
