// SPDX-License-Identifier: Apache-2.0

import AgentContext
import Authorization
import CAllocationCount
import DecisionLog
import Glibc
import MemoryPlatform
import Platform
import RegoVM
import Server
import TransparencyLog

/// What the agents' context costs: memory for each agent, a lookup with its update, and the rebuild
/// at the start.
///
/// usage: bench context [AGENTS]
enum ContextBenchmark {
    /// What the project sets itself.
    private static let bytesPerAgent = 2048
    private static let nanosecondsPerCheck = 2000.0
    /// Events of each agent before anything is measured: its log of events is full.
    private static let events = 24
    private static let rounds = 400_000

    /// - Returns: false when a bound is missed.
    static func run(_ arguments: ArraySlice<String>) throws -> Bool {
        let largest = arguments.first.flatMap { Int($0) } ?? 100_000
        print("agents    bytes/agent  resident/agent  ns lookup+update  allocations")
        var isGood = true
        for count in [largest / 100, largest / 10, largest] where count > 0 {
            isGood = measure(count) && isGood
        }
        try measureRebuild()
        return isGood
    }

    private static func measure(_ count: Int) -> Bool {
        let before = residentBytes()
        let agents = AgentStore(maximumAgents: count)
        let names = Names(count)
        var time: Int64 = 1_795_000_000_000_000_000
        for round in 0..<events {
            for index in 0..<count {
                time += 1_000
                agents.apply(event(names[index], time, round, index))
            }
        }
        let resident = (residentBytes() - before) / count
        let held = agents.memoryBytes / count
        let (nanoseconds, allocations) = check(agents, names, count, time)
        print(
            "\(count)".padded(10) + "\(held)".padded(13) + "\(resident)".padded(16)
                + nanoseconds.text(0, 0).padded(18) + allocations.text(2, 0))
        return held <= bytesPerAgent && nanoseconds < nanosecondsPerCheck && allocations == 0
    }

    /// Lookups with updates, of agents in an order that no cache can guess.
    private static func check(
        _ agents: AgentStore, _ names: Names, _ count: Int, _ start: Int64
    ) -> (nanoseconds: Double, allocations: Double) {
        let snapshot = AgentSnapshot(agents)
        var order: UInt64 = 1
        var time = start
        func decide(_ rounds: Int) {
            for round in 0..<rounds {
                order = order &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                let index = Int(order >> 33) % count
                time += 1_000
                _ = agents.load(names[index], now: time, into: snapshot)
                agents.apply(event(names[index], time, round, index))
            }
        }
        decide(min(rounds, 20_000))
        let allocated = allocation_count()
        let started = MonotonicTime.now()
        decide(rounds)
        let spent = Double(MonotonicTime.now() - started) / Double(rounds)
        return (spent, Double(allocation_count() - allocated) / Double(rounds))
    }

    private static func event(
        _ agent: Bytes, _ time: Int64, _ round: Int, _ index: Int
    ) -> ContextEvent {
        var event = ContextEvent(agent: agent, time: time)
        event.session = Bytes("7f8a5e0c-3c1f-4a55-9d2e-94e0c2b7a111")
        event.action = .allow
        event.isAllowed = round % 8 != 0
        event.trafficProtocol = .mcp
        event.effect = .execute
        event.operation = Bytes("tools/call")
        event.tool = round % 2 == 0 ? Bytes("search_documents") : Bytes("read_document")
        event.resource = Bytes("/mcp")
        event.destination = Bytes("tools.acme.example")
        event.isInternal = true
        return event
    }

    private static func residentBytes() -> Int {
        guard let file = fopen("/proc/self/statm", "r") else { return 0 }
        defer { fclose(file) }
        var pages = (0, 0)
        _ = withUnsafeMutablePointer(to: &pages.0) { size in
            withUnsafeMutablePointer(to: &pages.1) { resident in
                withVaList([size, resident]) { vfscanf(file, "%ld %ld", $0) }
            }
        }
        return pages.1 * Int(sysconf(Int32(_SC_PAGESIZE)))
    }

    /// SPIFFE IDs of a usual length.
    private struct Names {
        private let memory: [UInt8]
        private let length: Int
        private let base: UnsafeMutablePointer<UInt8>

        init(_ count: Int) {
            let names = (0..<count).map { index in
                let digits = String(index)
                return "spiffe://acme.example/ns/agents/sa/worker-"
                    + String(repeating: "0", count: 8 - digits.count) + digits
            }
            length = names.first?.utf8.count ?? 0
            memory = names.flatMap { Array($0.utf8) }
            base = .allocate(capacity: memory.count)
            base.update(from: memory, count: memory.count)
        }

        subscript(index: Int) -> Bytes { Bytes(start: base + index * length, count: length) }
    }
}

// The rebuild.
extension ContextBenchmark {
    private static let records = 100_000

    private static func measureRebuild() throws {
        var configuration = LogConfiguration()
        configuration.permissions = .create
        let storage = StorageMemory("log")
        let log = try LocalLog.open(
            .init(log: storage, journal: StorageMemory("journal")),
            signer: try NoteSigner(name: LogKey.defaultOrigin, privateKey: try .generate()),
            configuration)
        let writer = log.makeWriter()
        var stamps = Array(repeating: ContextStamp(), count: 10_000)
        var bytes = 0
        for index in 0..<records {
            let id = DecisionID(milliseconds: 1_795_334_519_000, random: (0, UInt64(index)))
            let agent = index % stamps.count
            let record = Array(Self.record(agent, id, stamps[agent]).utf8)
            stamps[agent].add(id.fingerprint)
            bytes += record.count
            try record.withUnsafeBytes { try writer.append($0) }
            if writer.pending == 1000 { try writer.commit() }
        }
        try writer.commit()
        try log.publish()
        let agents = AgentStore()
        let report = try ContextRebuild.run(
            StorageTiles(storage), size: records, into: agents)
        let rate = Double(report.folded) * 1e9 / Double(max(1, report.nanoseconds))
        print(
            "rebuild: \(report.folded) records of \(bytes / records) bytes, "
                + "\(agents.count) agents, \((rate / 1000).text(0, 0))k records/s")
        let later = try ContextRebuild.run(
            StorageTiles(storage), size: records, into: AgentStore(), lookBack: 1_000_000_000)
        let fast = Double(later.entries) * 1e9 / Double(max(1, later.nanoseconds))
        print("rebuild, older than the look back: \((fast / 1000).text(0, 0))k records/s")
    }

    private static func record(_ agent: Int, _ id: DecisionID, _ stamp: ContextStamp) -> String {
        func digits(_ number: UInt64) -> String {
            let text = String(number, radix: 16)
            return String(repeating: "0", count: 16 - text.count) + text
        }
        return """
            {"v":1,"kind":"decision","time":"2026-11-22T08:01:59.000000001Z","decision_id":"\(id)",\
            "agent":{"id":"spiffe://acme.example/ns/agents/sa/worker-\(10_000 + agent)",\
            "provenance":"attested","session":"7f8a5e0c-3c1f-4a55-9d2e-94e0c2b7a111",\
            "scopes":"documents.read messages.send"},"source":{"address":"10.1.2.3","port":51234},\
            "request":{"id":"a7d7c1f2-40cc-4d4c-8d0e-6b4b1c2f3e4d","method":"POST",\
            "host":"tools.acme.example","path":"/mcp","protocol":"HTTP/2","body_bytes":412},\
            "policy":{"revision":"sha256:97d7d3d091e7a44b837c0b48aa121c1a92eb3986ec694bc2c816ab",\
            "entrypoint":"routes/tools/decision"},"action":{"protocol":"mcp","effect":"execute",\
            "operation":"tools/call","tool":"search_documents","resource":"/mcp",\
            "destination":{"host":"tools.acme.example","internal":true},"certain":true},\
            "context":{"events":\(stamp.events),"before":"\(digits(stamp.digest))",\
            "after":"\(digits(stamp.adding(id.fingerprint).digest))"},\
            "answer":{"action":"allow","allowed":true,"stripped_scopes":["messages.send"]},\
            "mutations":{"headers":[{"name":"x-agent-scopes","value":"documents.read"}],\
            "response_headers":[{"name":"x-portcullis-decision-id","value":"\(id)"}]},\
            "duration_ns":9120}
            """
    }
}
