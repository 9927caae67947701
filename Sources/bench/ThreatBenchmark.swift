// SPDX-License-Identifier: Apache-2.0

import AgentContext
import Server
import ThreatIntelligence

/// Cost of one check whose policy looks up every part of it in threat lists.
///
/// usage: bench threat FRAME ROUNDS ENTRIES PATH...
///
/// ENTRIES are of all kinds in equal shares; none of them is in the request, so every look-up goes
/// as far as it can.
enum ThreatBenchmark {
    struct Usage: Error, CustomStringConvertible {
        let description = "usage: bench threat FRAME ROUNDS ENTRIES PATH..."
    }

    private static let entrypoint = "bench/threat/decision"

    static func run(_ arguments: ArraySlice<String>) throws {
        let words = Array(arguments)
        guard words.count >= 4, let rounds = Int(words[1]), rounds > 0, let entries = Int(words[2])
        else { throw Usage() }
        let frame = try CheckBenchmark.file(words[0])
        let log = try CheckBenchmark.openLog()
        let shared = SharedState(
            settings: try CheckBenchmark.settings(), agents: AgentStore(),
            policy: try CheckBenchmark.policy(Array(words[3...]), entrypoint: entrypoint),
            threats: try Current(ThreatIndex(lists(entries))), log: log,
            memory: 64 << 20, deadline: 1_000_000_000)
        CheckBenchmark.measure(CheckHandler(shared), log.makeWriter(), frame, rounds)
    }

    private static func lists(_ count: Int) throws -> [ThreatList] {
        guard count > 0 else { return [] }
        let share = count / 5
        var random = RandomText()
        func lines(_ text: () -> String) -> [UInt8] {
            Array((0..<share).map { _ in text() }.joined(separator: "\n").utf8)
        }
        var patterns = ThreatListReader.Options()
        patterns.kind = .text
        let plain = ThreatListReader.Options()
        return [
            try read("domains", lines { "\(random.word(12)).\(random.word(6)).example" }, plain),
            try read("addresses", lines { random.address() }, plain),
            try read("ranges", lines { random.range() }, plain),
            try read("hashes", lines { random.digits(64) }, plain),
            try read(
                "phrases", lines { "\(random.word(5)) \(random.word(7)) \(random.word(6))" },
                patterns),
        ]
    }

    private static func read(
        _ name: String, _ bytes: [UInt8], _ options: ThreatListReader.Options
    ) throws -> ThreatList {
        try ThreatListReader.read(bytes, file: name, name: name, options)
    }
}

/// The same texts in each run.
private struct RandomText {
    private var state: UInt64 = 0x0DDB_1A5E_5BAD_5EED

    private mutating func below(_ bound: UInt64) -> UInt64 {
        // SplitMix64.
        state &+= 0x9E37_79B9_7F4A_7C15
        var bits = state
        bits = (bits ^ bits >> 30) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ bits >> 27) &* 0x94D0_49BB_1331_11EB
        return (bits ^ bits >> 31) % bound
    }

    mutating func word(_ length: Int) -> String { text(length, "abcdefghijklmnopqrstuvwxyz") }

    mutating func digits(_ length: Int) -> String { text(length, "0123456789abcdef") }

    private mutating func text(_ length: Int, _ alphabet: StaticString) -> String {
        let count = UInt64(alphabet.utf8CodeUnitCount)
        return String(
            decoding: (0..<length).map { _ in alphabet.utf8Start[Int(below(count))] }, as: UTF8.self
        )
    }

    /// Outside of the addresses that the request holds.
    mutating func address() -> String {
        "\(64 + below(60)).\(below(256)).\(below(256)).\(below(256))"
    }

    mutating func range() -> String {
        let length = 16 + below(9)
        let address = UInt32(truncatingIfNeeded: (128 + below(60)) << 24 | below(1 << 24))
        let prefix = address & ~(UInt32.max >> UInt32(length))
        return
            "\(prefix >> 24).\(prefix >> 16 & 255).\(prefix >> 8 & 255).\(prefix & 255)/\(length)"
    }
}
