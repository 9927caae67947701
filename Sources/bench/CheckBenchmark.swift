// SPDX-License-Identifier: Apache-2.0

import AgentContext
import CAllocationCount
import Cryptography
import DecisionLog
import Glibc
import Inspection
import PDP
import MemoryPlatform
import Platform
import PolicyBundle
import RegoCompiler
import RegoVM
import Server
import TransparencyLog

/// Cost of one check without the transport: decode, inspect, context, policy, record, encode.
///
/// usage: bench check FRAME ROUNDS ENTRYPOINT PATH...
///
/// With CONTENT=none in the environment no text is kept beside the log; with ANSWERS=evaluated the
/// policy is evaluated each time, as for a request that is new to it.
///
/// FRAME is a file with one gRPC message (5 bytes of prefix and a CheckRequest); PATHs are policies
/// and data. The counts do not depend on the machine's mood, so CI holds them against thresholds.
enum CheckBenchmark {
    struct Usage: Error, CustomStringConvertible {
        let description = "usage: bench check FRAME ROUNDS ENTRYPOINT PATH..."
    }

    static func run(_ arguments: ArraySlice<String>) throws {
        let words = Array(arguments)
        guard words.count >= 4, let rounds = Int(words[1]), rounds > 0 else { throw Usage() }
        let frame = try file(words[0])
        let policy = try policy(Array(words[3...]), entrypoint: words[2])
        // `constant` measures what every check pays: no log, no context, no inspection.
        let isBare = words[2] == "portcullis/authz/decision"
        let log = isBare ? nil : try openLog()
        var settings = try settings()
        if isBare { settings.deniedDoubts = [] }
        if variable("ANSWERS") == "evaluated" { settings.rememberedBytes = 0 }
        let shared = SharedState(
            settings: settings, agents: isBare ? nil : AgentStore(),
            policy: policy, log: log, memory: 64 << 20, deadline: MonotonicTime.second)
        measure(CheckHandler(shared), log?.makeWriter(), frame, rounds)
    }

    /// - Parameter paths: of policies and data.
    static func policy(_ paths: [String], entrypoint: String) throws -> Current<PolicySnapshot> {
        let sources = try PolicyLoader().load(paths)
        let modules = try sources.policies.enumerated().map {
            try Parser.parse($0.element, file: Int32($0.offset))
        }
        let output = try Compiler().compile(modules)
        let policy = Policy(
            program: output.program, data: sources.data, revision: sources.revision,
            owners: [output.owner, sources.memory])
        return Current(
            try PolicySnapshot(policy: policy, entrypoint: entrypoint, allowed: []))
    }

    static func settings() throws -> DecisionPoint.Settings {
        DecisionPoint.Settings(
            inspector: Inspector(
                internalDestinations: try InternalDestinations(InternalDestinations.defaults)))
    }

    static func file(_ path: String) throws -> [UInt8] {
        let descriptor = open(path, O_RDONLY)
        guard descriptor >= 0 else { throw Usage() }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 4 << 20)
        let count = read(descriptor, &bytes, bytes.count)
        guard count > 5 else { throw Usage() }
        return Array(bytes[..<count])
    }

    /// A log in memory: the disk is measured elsewhere.
    static func openLog() throws -> LocalLog {
        var configuration = LogConfiguration()
        configuration.permissions = .create
        return try LocalLog.open(
            .init(log: StorageMemory("log"), journal: StorageMemory("journal")),
            signer: try NoteSigner(name: LogKey.defaultOrigin, privateKey: try .generate()),
            configuration, content: try openContent())
    }

    private static func openContent() throws -> ContentStore? {
        guard variable("CONTENT") != "none" else { return nil }
        return try ContentStore(StorageMemory("content"))
    }

    private static func variable(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }
    }

    static func measure(
        _ handler: CheckHandler, _ writer: LogWriter?, _ frame: [UInt8], _ rounds: Int
    ) {
        frame.withUnsafeBytes { frame in
            let message = UnsafeRawBufferPointer(rebasing: frame[5...])
            var recorded = 0
            func decide(_ rounds: Int) -> Double {
                let started = MonotonicTime.now()
                for _ in 0..<rounds {
                    _ = handler.answer(message, arrival: started, deadline: .max, log: writer)
                    recorded = writer?.used ?? 0
                    writer?.discard()
                }
                return Double(MonotonicTime.now() - started) / Double(rounds)
            }
            _ = decide(min(rounds, 1000))
            let before = allocation_count()
            let nanoseconds = decide(rounds)
            let allocations = Double(allocation_count() - before) / Double(rounds)
            let microseconds = (nanoseconds / 1000).text(2, 0)
            print(
                "us/check \(microseconds)  allocations/check \(allocations.text(2, 0))  "
                    + "bytes/record \(recorded)")
        }
    }
}
