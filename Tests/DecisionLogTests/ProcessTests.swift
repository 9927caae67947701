// SPDX-License-Identifier: Apache-2.0
import Foundation
import Platform
import TestSupport
import Testing
import TransparencyLog

@testable import DecisionLog

/// Real processes on a real folder. `PORTCULLIS_KILLS` sets how often each mode is killed.
@Suite("processes that are killed", .serialized)
struct ProcessTests {
    private let folder = NSTemporaryDirectory() + "portcullis-log-\(UUID().uuidString)"
    private let kills =
        ProcessInfo.processInfo.environment["PORTCULLIS_KILLS"].flatMap { Int($0) } ?? 8

    /// The built log-driver, beside the test program.
    private static let driver = URL(fileURLWithPath: CommandLine.arguments[0])
        .deletingLastPathComponent().appendingPathComponent("log-driver")

    private func storage(_ name: String) throws -> StorageFolder {
        try StorageFolder(folder + "/" + name, creating: true)
    }

    private func open() throws -> LocalLog {
        var configuration = LogConfiguration()
        configuration.permissions = .create
        return try LocalLog.open(
            .init(log: storage("log"), journal: storage("journal")), signer: LogFixture.signer,
            configuration)
    }

    /// Runs the driver for a while, kills it, and answers the names that it acknowledged.
    private func runAndKill(_ mode: String, milliseconds: Int) throws -> [String] {
        let output = folder + "/acknowledged"
        _ = FileManager.default.createFile(atPath: output, contents: nil)
        let process = Process()
        process.executableURL = Self.driver
        process.arguments = ["append", folder, mode, "2"]
        process.standardOutput = try FileHandle(
            forWritingTo: URL(fileURLWithPath: output))
        try process.run()
        usleep(UInt32(milliseconds) * 1_000)
        #expect(process.isRunning)
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        let text = String(
            decoding: FileManager.default.contents(atPath: output) ?? Data(), as: UTF8.self)
        return text.split(separator: "\n").map(String.init)
    }

    @Test(
        "no acknowledged record is lost, none is there twice", arguments: ["buffered", "durable"])
    func kills(mode: String) throws {
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var acknowledged: Set<String> = []
        var saved: [Checkpoint] = []
        for _ in 0..<kills {
            acknowledged.formUnion(
                try runAndKill(mode, milliseconds: Int.random(in: 20...200)))
            // Every other time the driver itself recovers, from whatever state the kill left.
            if Bool.random() { continue }
            try open().close()
            saved.append(try verifyAll(acknowledged, saved))
        }
        try open().close()
        saved.append(try verifyAll(acknowledged, saved))
        #expect(!acknowledged.isEmpty)
        try verifyIndependently()
    }

    private func verifyAll(
        _ acknowledged: Set<String>, _ saved: [Checkpoint]
    ) throws -> Checkpoint {
        let tiles = StorageTiles(try storage("log"))
        var verifier = LogVerifier(key: LogFixture.signer.verifierKey)
        verifier.saved = saved
        let checkpoint = try verifier.verify(tiles).checkpoint
        var names: Set<String> = []
        let reader = EntryReader(tiles, size: checkpoint.size)
        try reader.forEach(in: 0..<checkpoint.size) { _, entry in
            let name = String(decoding: entry.prefix { $0 != UInt8(ascii: " ") }, as: UTF8.self)
            #expect(names.insert(name).inserted, "`\(name)` is there twice")
        }
        #expect(acknowledged.subtracting(names).isEmpty)
        return checkpoint
    }

    @Test("another process is refused while one has the log")
    func twoProcesses() throws {
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let log = try open()
        defer { try? log.close() }
        let process = Process()
        let output = Pipe()
        process.executableURL = Self.driver
        process.arguments = ["append", folder, "buffered", "1"]
        process.standardOutput = output
        try process.run()
        process.waitUntilExit()
        let text = String(
            decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        #expect(process.terminationStatus == 1)
        #expect(text.contains("is in use by another process"))
    }

    /// The verifier in Python accepts the log, and refuses it once a byte has changed.
    private func verifyIndependently() throws {
        #expect(try python() == 0)
        let path = folder + "/log/tile/entries/000"
        guard var bytes = FileManager.default.contents(atPath: path) else { return }
        bytes[bytes.count / 2] ^= 1
        try bytes.write(to: URL(fileURLWithPath: path))
        #expect(try python() == 1)
    }

    private func python() throws -> Int32 {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            "python3", SharedFolder.projectRoot + "/Tests/Independent/verify_tlog.py",
            folder + "/log", LogFixture.signer.verifierKey.text,
        ]
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus
    }
}
