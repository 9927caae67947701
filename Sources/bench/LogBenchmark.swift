// SPDX-License-Identifier: Apache-2.0
import Cryptography
import DecisionLog
import Glibc
import Platform
import Synchronization
import TransparencyLog

/// `bench log`: what the log costs and how much it takes, on a real folder. Beside each row stands
/// what the disk's fdatasync took at that moment: on shared disks it wanders.
struct LogBenchmark {
    private static let recordBytes = 1_024
    private static let clock = SystemClock()
    private let folder: String
    private let seconds: Int
    private var goals: [Goal] = []

    /// What a figure must reach.
    private struct Goal {
        let name: String
        let figure: Double
        let bound: Double
        let isAtLeast: Bool

        var isMet: Bool { isAtLeast ? figure >= bound : figure < bound }

        var line: String {
            name.padded(58) + figure.text(2, 14) + (isAtLeast ? "  >= " : "  <  ")
                + bound.text(2, 12) + (isMet ? "  met" : "  MISSED")
        }
    }

    /// - Returns: whether every goal is met.
    static func run(_ words: ArraySlice<String>) throws -> Bool {
        let folder = words.first ?? "log-bench"
        var benchmark = LogBenchmark(
            folder: folder, seconds: words.dropFirst().first.flatMap { Int($0) } ?? 3)
        // One that was there before is left to whoever made it.
        let isOwn = !StorageFolder.exists(folder)
        defer { if isOwn { Self.removeAll(folder) } }
        try benchmark.measure()
        print("\nWhat must hold")
        for goal in benchmark.goals { print(goal.line) }
        return benchmark.goals.allSatisfy(\.isMet)
    }

    /// Removes a folder with all that lies in it; links are removed, not followed.
    private static func removeAll(_ path: String) {
        if unlink(path) == 0 { return }
        if let folder = opendir(path) {
            defer { closedir(folder) }
            while let entry = readdir(folder) {
                let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                    String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
                }
                if name != ".", name != ".." { removeAll(path + "/" + name) }
            }
        }
        rmdir(path)
    }

    private init(folder: String, seconds: Int) {
        self.folder = folder
        self.seconds = seconds
    }

    private mutating func measure() throws {
        print("1 KB records; a turn is what one event loop commits at once")
        for perTurn in [1, 8, 64] { try buffered(perTurn: perTurn) }
        try addedToCheck()
        for perTurn in [1, 8, 64] { try durable(perTurn: perTurn) }
        try sharedSync()
        try verify()
    }

    private func open(
        _ name: String, _ durability: LogConfiguration.Durability,
        onDurable: @escaping @Sendable () -> Void = {}
    ) throws -> LocalLog {
        var configuration = LogConfiguration()
        configuration.durability = durability
        configuration.permissions = .create
        let folders = LocalLog.Folders(
            log: try StorageFolder("\(folder)/\(name)/log", creating: true),
            journal: try StorageFolder("\(folder)/\(name)/journal", creating: true))
        let log = try LocalLog.open(
            folders, signer: Self.signer(), configuration, onDurable: onDurable)
        try log.start()
        return log
    }

    private static func signer() throws -> NoteSigner {
        let key = try Ed25519PrivateKey(seed: SHA256.hash(Array("bench".utf8)).bytes)
        return try NoteSigner(name: "bench.example/log", privateKey: key)
    }

    private static let record = (0..<recordBytes).map { UInt8(truncatingIfNeeded: $0 &* 31) }

    /// A fast disk makes more records durable than the tree takes up meanwhile; so many fit into
    /// the journal.
    private static let durableRecords = 512 * 1024

    private func row(_ name: String, _ figures: String) throws {
        let probe = try Probe.median(folder, bytes: Self.recordBytes)
        print(name.padded(30) + figures.padded(84) + "fdatasync \(probe / 1_000) us")
        // Seen at once, also when it goes into a file.
        fflush(nil)
    }
}

// Buffered.
extension LogBenchmark {
    /// Records a second over all that it takes until they are published: nothing is left behind.
    private mutating func buffered(perTurn: Int) throws {
        let log = try open("buffered-\(perTurn)", .buffered)
        let writer = log.makeWriter()
        let start = Self.clock.monotonic()
        let end = start + Int64(seconds) * 1_000_000_000
        var count = 0
        while Self.clock.monotonic() < end {
            for _ in 0..<perTurn { try Self.record.withUnsafeBytes { try writer.append($0) } }
            do {
                try writer.commit()
                count += perTurn
            } catch {
                usleep(500)  // the sequencer is behind
            }
        }
        try log.publish()
        let rate = Double(count) / (Double(Self.clock.monotonic() - start) / 1e9)
        try log.close()
        try row("buffered, \(perTurn) a turn", "\(Int(rate)) records/s until published")
        if perTurn == 64 {
            goals.append(
                Goal(
                    name: "buffered, 64 a turn, records/s", figure: rate, bound: 100_000,
                    isAtLeast: true))
        }
    }

    /// What a check waits for the log, at a rate that leaves the loop idle most of the time.
    private mutating func addedToCheck() throws {
        let log = try open("added", .buffered)
        let writer = log.makeWriter()
        var times: [Int64] = []
        for _ in 0..<20_000 {
            let start = Self.clock.monotonic()
            try Self.record.withUnsafeBytes { try writer.append($0) }
            try writer.commit()
            times.append(Self.clock.monotonic() - start)
            if times.count % 16 == 0 { usleep(500) }
        }
        try log.close()
        times.sort()
        let median = Double(times[times.count / 2]) / 1_000
        try row(
            "buffered, one check",
            "p50 \(median.text(2, 0)) us, p99 "
                + "\((Double(times[times.count * 99 / 100]) / 1_000).text(2, 0)) us")
        goals.append(
            Goal(
                name: "buffered, added to a check at the median, us", figure: median, bound: 5,
                isAtLeast: false))
    }
}

// Durable.
extension LogBenchmark {
    private mutating func durable(perTurn: Int) throws {
        let before = try limit(perTurn: perTurn)
        let flag = DurableFlag()
        let log = try open("durable-\(perTurn)", .durable) { flag.raise() }
        let writer = log.makeWriter()
        let start = Self.clock.monotonic()
        let end = start + Int64(seconds) * 1_000_000_000
        var count = 0
        while Self.clock.monotonic() < end, count < Self.durableRecords {
            for _ in 0..<perTurn { try Self.record.withUnsafeBytes { try writer.append($0) } }
            let ticket = try writer.commit()
            while !writer.isDurable(ticket) { flag.wait() }
            count += perTurn
        }
        let rate = Double(count) / (Double(Self.clock.monotonic() - start) / 1e9)
        try log.close()
        // The disk wanders: what it allowed before and after.
        let allowed = (before + (try limit(perTurn: perTurn))) / 2
        let share = rate / allowed
        try row(
            "durable, \(perTurn) a turn",
            "\(Int(rate)) records/s, \(Int(100 * share)) % of what fdatasync allows "
                + "(\(Int(allowed)))")
        goals.append(
            Goal(
                name: "durable, \(perTurn) a turn, share of fdatasync times batch", figure: share,
                bound: 0.5, isAtLeast: true))
    }

    /// Records a second when nothing but writing and flushing such a batch is done.
    private func limit(perTurn: Int) throws -> Double {
        let median = try Probe.median(folder, bytes: perTurn * Self.recordBytes)
        return Double(perTurn) / (Double(median) / 1e9)
    }

    /// 64 checks that come at once on 4 loops: how many flushes they take.
    private mutating func sharedSync() throws {
        let flag = DurableFlag()
        let log = try open("shared", .durable) { flag.raise() }
        let writers = (0..<4).map { _ in log.makeWriter() }
        var waits: [Int64] = []
        var flushes = 0
        let rounds = 200
        for _ in 0..<rounds {
            let start = Self.clock.monotonic()
            let before = flag.count
            var tickets: [LogWriter.Ticket] = []
            for writer in writers {
                for _ in 0..<16 { try Self.record.withUnsafeBytes { try writer.append($0) } }
                tickets.append(try writer.commit())
            }
            for ticket in tickets { while !writers[0].isDurable(ticket) { flag.wait() } }
            waits.append(Self.clock.monotonic() - start)
            flushes += flag.count - before
        }
        try log.close()
        waits.sort()
        let mean = Double(flushes) / Double(rounds)
        try row(
            "durable, 64 checks at once",
            "\(mean.text(2, 0)) flushes for all, p50 \(waits[rounds / 2] / 1_000) us")
        goals.append(
            Goal(
                name: "durable, flushes for 64 checks at once on 4 loops", figure: mean,
                bound: 2.5, isAtLeast: false))
    }
}

// Verification.
extension LogBenchmark {
    private mutating func verify() throws {
        let tiles = StorageTiles(try StorageFolder("\(folder)/buffered-64/log", creating: false))
        let start = Self.clock.monotonic()
        let report = try LogVerifier(key: Self.signer().verifierKey).verify(tiles)
        let time = Double(Self.clock.monotonic() - start) / 1e9
        let rate = Double(report.checkpoint.size) / time
        try row(
            "verification",
            "\(report.checkpoint.size) records, \(Int(rate)) records/s, "
                + "\(Int(Double(report.entryBytes) / time / 1e6)) MB/s")
        goals.append(
            Goal(name: "verification, records/s", figure: rate, bound: 200_000, isAtLeast: true))
    }
}

/// Wakes the one thread that waits for the disk, as loops are woken, and counts.
private final class DurableFlag: Sendable {
    private let signal = Signal()
    private let raises = Atomic(0)

    var count: Int { raises.load(ordering: .acquiring) }

    func raise() {
        raises.add(1, ordering: .releasing)
        signal.raise()
    }

    func wait() { signal.wait(until: SystemClock().monotonic() + 1_000_000_000) }
}

/// What the disk takes for the least that a durable log must do.
private enum Probe {
    /// The median of appending `bytes` and fdatasync, in nanoseconds.
    static func median(_ folder: String, bytes count: Int) throws -> Int64 {
        let storage = try StorageFolder(folder + "/probe", creating: true)
        let file = try storage.openForAppending("probe")
        let bytes = [UInt8](repeating: 1, count: count)
        let clock = SystemClock()
        var times: [Int64] = []
        for _ in 0..<100 {
            let start = clock.monotonic()
            try bytes.withUnsafeBytes {
                try file.append($0, UnsafeRawBufferPointer(start: nil, count: 0))
            }
            try file.sync()
            times.append(clock.monotonic() - start)
        }
        try storage.remove("probe")
        return times.sorted()[50]
    }
}
