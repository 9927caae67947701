// SPDX-License-Identifier: Apache-2.0
import Foundation
import MemoryPlatform
import Platform
import Testing

@testable import DecisionLog

@Suite("journal files that are written over in memory")
struct MappingTests {
    /// Files of the folder that the process has in its memory, by name.
    private func mapped(in folder: String) throws -> Set<String> {
        let file = try #require(FileHandle(forReadingAtPath: "/proc/self/maps"))
        let maps = String(decoding: try #require(try file.readToEnd()), as: UTF8.self)
        let paths = maps.split(separator: "\n").compactMap { line in
            line.range(of: folder + "/").map { line[$0.upperBound...] }
        }
        return Set(paths.map(String.init))
    }

    @Test("published ones stay there while segments follow each other, and not when the log rests")
    func rests() throws {
        // A file system on which files are written over so, whatever the others are.
        let folder = "/dev/shm/\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let journal = try StorageFolder(folder, creating: true)
        try #require(journal.boot != nil)
        var configuration = LogConfiguration()
        configuration.permissions = .create
        configuration.segmentBytes = 8_192
        let clock = ManualClock()
        let log = try LocalLog.open(
            .init(log: StorageMemory("log"), journal: journal), signer: LogFixture.signer,
            configuration, clock: clock)
        let writer = log.makeWriter()
        for _ in 0..<12 {
            for _ in 0..<30 {
                try [UInt8](repeating: 7, count: 500).withUnsafeBytes { try writer.append($0) }
            }
            try writer.commit()
            clock.advance(by: configuration.checkpointInterval)
            log.sequenceTurn()
        }
        let names = Set(try journal.list("").filter { $0.hasSuffix(".journal") })
        let active = try #require(names.max())
        let busy = try mapped(in: folder)
        #expect(busy.count > 1 && busy.isSubset(of: names))
        #expect(log.sequenceTurn() != nil)
        clock.advance(by: DecisionLogLimits.restNanoseconds)
        #expect(log.sequenceTurn() == nil)
        #expect(try mapped(in: folder) == [active])
        try log.close()
    }
}
