// SPDX-License-Identifier: Apache-2.0
import DecisionLog
import Glibc
import Platform
import TransparencyLog

private let recordBytes = 1_024
private let clock = SystemClock()

/// Appends records of 1 KB for some seconds, in turns of 1, 8 and 64, and prints a row for each.
func measureAppending(
    _ folder: String, _ durability: LogConfiguration.Durability, seconds: Int
) throws {
    let log = try openLog(folder, durability)
    try log.start()
    let writer = log.makeWriter()
    let record = (0..<recordBytes).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    for perTurn in [1, 8, 64] {
        let probe = try probeFlush(folder)
        var turns: [Int64] = []
        turns.reserveCapacity(4_000_000)
        let start = clock.monotonic()
        let end = start + Int64(seconds) * 1_000_000_000
        var now = start
        while now < end {
            for _ in 0..<perTurn { try record.withUnsafeBytes { try writer.append($0) } }
            let ticket = try commitWhenPossible(writer)
            if durability == .durable { while !writer.isDurable(ticket) { usleep(20) } }
            let after = clock.monotonic()
            if turns.count < turns.capacity { turns.append(after - now) }
            now = after
        }
        let appended = now
        try log.publish()
        let published = clock.monotonic()
        turns.sort()
        let count = turns.count * perTurn
        print(
            "\(durability.rawValue), \(perTurn) a turn: "
                + "\(rate(count, appended - start)) records/s, "
                + "\(rate(count, published - start)) records/s until published, "
                + "a turn p50 \(turns[turns.count / 2]) ns, "
                + "p99 \(turns[turns.count * 99 / 100]) ns, "
                + "per record p50 \(turns[turns.count / 2] / Int64(perTurn)) ns; "
                + "fdatasync p50 \(probe / 1_000) us")
    }
    try log.close()
}

/// Waits while the sequencer is behind by all that the journal holds.
private func commitWhenPossible(_ writer: LogWriter) throws -> LogWriter.Ticket {
    // A refused turn is gone: it does not count.
    while writer.failure == nil {
        if let ticket = try? writer.commit() { return ticket }
        usleep(1_000)
    }
    return try writer.commit()
}

private func rate(_ count: Int, _ nanoseconds: Int64) -> Int {
    Int(Double(count) / (Double(nanoseconds) / 1e9))
}

/// The median of appending 1 KB and fdatasync, in nanoseconds.
private func probeFlush(_ folder: String) throws -> Int64 {
    let storage = try StorageFolder(folder + "/probe", creating: true)
    let file = try storage.openForAppending("probe")
    let bytes = [UInt8](repeating: 1, count: recordBytes)
    var times: [Int64] = []
    for _ in 0..<50 {
        try bytes.withUnsafeBytes {
            try file.append($0, UnsafeRawBufferPointer(start: nil, count: 0))
        }
        let start = clock.monotonic()
        try file.sync()
        times.append(clock.monotonic() - start)
    }
    try storage.remove("probe")
    return times.sorted()[25]
}

/// Verifies the log in a folder and prints how fast.
func measureVerification(_ folder: String) throws {
    let tiles = StorageTiles(try StorageFolder(folder + "/log", creating: false))
    let start = clock.monotonic()
    let report = try LogVerifier(key: testSigner().verifierKey).verify(tiles)
    let time = clock.monotonic() - start
    print(
        "verified \(report.checkpoint.size) records, \(report.tiles) tiles, "
            + "\(report.entryBytes / 1_000_000) MB: "
            + "\(rate(report.checkpoint.size, time)) records/s")
}
