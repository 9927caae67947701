// SPDX-License-Identifier: Apache-2.0
import Cryptography
import DecisionLog
import Glibc
import Platform
import TransparencyLog

/// The key of all logs that tests make.
func testSigner() throws -> NoteSigner {
    let key = try Ed25519PrivateKey(seed: SHA256.hash(Array("test".utf8)).bytes)
    return try NoteSigner(name: "example.org/decisions", privateKey: key)
}

func openLog(
    _ folder: String, _ durability: LogConfiguration.Durability,
    onDurable: @escaping @Sendable () -> Void = {}
) throws -> LocalLog {
    var configuration = LogConfiguration()
    configuration.durability = durability
    configuration.permissions = .create
    configuration.checkpointInterval = 20_000_000
    // Small, so that their files are written over soon.
    configuration.segmentBytes = 64 << 10
    let folders = LocalLog.Folders(
        log: try StorageFolder(folder + "/log", creating: true),
        journal: try StorageFolder(folder + "/journal", creating: true))
    return try LocalLog.open(
        folders, signer: testSigner(), configuration, onDurable: onDurable)
}

/// Commits records on several threads, and prints each one's name once it may be answered.
func appendUntilKilled(
    _ folder: String, _ durability: LogConfiguration.Durability, threads: Int
) throws {
    let log = try openLog(folder, durability)
    try log.start()
    for thread in 1..<max(1, threads) {
        startThread { appendForever(log, thread) }
    }
    appendForever(log, 0)
}

private func appendForever(_ log: LocalLog, _ thread: Int) {
    let writer = log.makeWriter()
    var count = 0
    while true {
        var names: [String] = []
        for _ in 0..<(1 + count % 7) {
            let name = "\(getpid()).\(thread).\(count)"
            let record = Array(
                (name + " " + String(repeating: "y", count: count * 53 % 700)).utf8)
            count += 1
            do {
                try record.withUnsafeBytes { try writer.append($0) }
                names.append(name)
            } catch {
                print("append failed: \(error)")
                exit(1)
            }
        }
        do {
            let ticket = try writer.commit()
            while !writer.isDurable(ticket) { usleep(100) }
        } catch {
            continue  // not answered
        }
        // One write: a line is whole or not there.
        let line = Array((names.joined(separator: "\n") + "\n").utf8)
        _ = write(1, line, line.count)
    }
}

/// A thread that is never joined.
func startThread(_ body: @escaping @Sendable () -> Void) {
    var thread = pthread_t()
    pthread_create(&thread, nil, runBody, Unmanaged.passRetained(Body(body)).toOpaque())
}

private final class Body: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}

private func runBody(_ pointer: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    if let pointer { Unmanaged<Body>.fromOpaque(pointer).takeRetainedValue().run() }
    return nil
}
