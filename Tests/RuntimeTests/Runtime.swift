// SPDX-License-Identifier: Apache-2.0
import AgentContext
import Authorization
import Cryptography
import DecisionLog
import Inspection
import PDP
import MemoryPlatform
import Platform
import PolicyBundle
import RegoCompiler
import RegoVM
import Testing
import TransparencyLog

@testable import Server

/// The program without its transport: a policy, a log in memory, the context, operators.
final class Runtime {
    let agents: AgentStore
    let log: LocalLog
    let operations: Operations
    let handler: CheckHandler
    let writer: LogWriter
    private let shared: SharedState
    let storage: StorageMemory
    let faults = StorageFaults()
    private let journal: StorageMemory
    /// Texts beside the log.
    let texts: StorageMemory
    private let signer: NoteSigner
    let policy: Current<PolicySnapshot>

    /// - Parameter policy: the rules of `package test`; `decision` decides.
    convenience init(
        _ policy: String, maximumAgents: Int = 1000,
        change: (inout DecisionPoint.Settings) -> Void = { _ in }
    ) throws {
        try self.init(try Self.compile(policy), maximumAgents: maximumAgents, change: change)
    }

    init(
        _ policy: PolicySnapshot, maximumAgents: Int = 1000, from crashed: Runtime? = nil,
        metrics: CheckMetrics? = nil,
        change: (inout DecisionPoint.Settings) -> Void = { _ in }
    ) throws {
        self.policy = Current(policy)
        storage = crashed?.storage ?? StorageMemory("log", faults: faults)
        journal = crashed?.journal ?? StorageMemory("journal", faults: faults)
        texts = crashed?.texts ?? StorageMemory("texts")
        signer =
            try crashed?.signer
            ?? NoteSigner(name: "example.org/decisions", privateKey: try .generate())
        var configuration = LogConfiguration()
        configuration.permissions = .create
        log = try LocalLog.open(
            .init(log: storage, journal: journal), signer: signer, configuration,
            content: try ContentStore(texts))
        agents = AgentStore(maximumAgents: maximumAgents)
        _ = try ContextRebuild.run(
            StorageTiles(storage), size: log.status.published, into: agents)
        operations = Operations(agents, log: log)
        var settings = DecisionPoint.Settings(
            inspector: Inspector(internalDestinations: try InternalDestinations(["internal"])))
        change(&settings)
        shared = SharedState(
            settings: settings, agents: agents,
            policy: self.policy, log: log, memory: 1 << 20, deadline: 1_000_000_000,
            metrics: metrics)
        handler = CheckHandler(shared)
        writer = log.makeWriter()
    }

    /// - Parameter mask: parts of `input` that a mask policy takes out of records.
    static func compile(
        _ rules: String, revision: String = "r1", mask: [String] = []
    ) throws -> PolicySnapshot {
        let text = "package test\n\n# METADATA\n# entrypoint: true\n" + rules
        var modules = [try Parser.parse(Source(name: "test.rego", text: text), file: 0)]
        if !mask.isEmpty {
            let pointers = mask.map { "\"/input/\($0)\"" }.joined(separator: ", ")
            let text =
                "package system.log\n\n# METADATA\n# entrypoint: true\nmask := {\(pointers)}\n"
            modules.append(try Parser.parse(Source(name: "mask.rego", text: text), file: 1))
        }
        let output = try Compiler().compile(modules)
        let policy = Policy(
            program: output.program, data: .emptyObject, revision: revision,
            owners: [output.owner])
        return try PolicySnapshot(policy: policy, entrypoint: "test/decision", allowed: [])
    }

    /// The policies that the project ships.
    static func shippedPolicies() throws -> PolicySnapshot {
        let root = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined()
        let sources = try PolicyLoader().load([root + "/policies"])
        let modules = try sources.policies.enumerated().map {
            try Parser.parse($0.element, file: Int32($0.offset))
        }
        var options = Compiler.Options()
        options.inputSchema = .check
        let output = try Compiler(options: options).compile(modules)
        let policy = Policy(
            program: output.program, data: sources.data, revision: sources.revision,
            owners: [output.owner, sources.memory])
        return try PolicySnapshot(
            policy: policy, entrypoint: "portcullis/authz/decision",
            allowed: ["routes/tools/decision"])
    }

    /// The process is killed and started again.
    func restarted(
        maximumAgents: Int = 1000, change: (inout DecisionPoint.Settings) -> Void = { _ in }
    ) throws -> Runtime {
        faults.clear()
        storage.endProcess()
        journal.endProcess()
        texts.endProcess()
        return try Runtime(policy.value, maximumAgents: maximumAgents, from: self, change: change)
    }

    /// Decides one check as a loop does whose turn ends with it.
    @discardableResult
    func check(_ check: SampleCheck) throws -> Answer {
        let loop = Loop(handler: handler, writer: writer)
        let answer = try loop.answer(check)
        try loop.commit()
        return answer
    }

    /// What one thread decides with, wherever it was made.
    struct Loop: @unchecked Sendable {
        let handler: CheckHandler
        let writer: LogWriter

        @discardableResult
        func answer(_ check: SampleCheck) throws -> Answer {
            try check.bytes.withUnsafeBytes { message in
                Answer(
                    try #require(
                        handler.answer(
                            message, arrival: MonotonicTime.now(), deadline: .max, log: writer)))
            }
        }

        /// Ends the turn.
        func commit() throws {
            try writer.commit()
            handler.committed()
        }
    }

    func makeLoop() -> Loop { Loop(handler: CheckHandler(shared), writer: log.makeWriter()) }

    /// `input.context` of an agent, for people.
    func context(_ agent: String) -> String? { operations.agent(agent) }

    /// The same at a moment, in nanoseconds since 1970; "" for an agent that is not known.
    func context(_ agent: String, at now: Int64) -> String {
        let snapshot = AgentSnapshot()
        snapshot.isForPeople = true
        var agent = agent
        let isKnown = agent.withUTF8 {
            agents.peek(Bytes(UnsafeRawBufferPointer($0)), now: now, into: snapshot)
        }
        guard isKnown else { return "" }
        let arena = Arena()
        defer { arena.destroy() }
        return snapshot.value(in: arena).description
    }

    /// Makes the published decisions again with a policy, as the program does from outside.
    func replay(_ policy: String) throws -> ReplayReport {
        let replay = Replay(
            try Self.compile(policy),
            settings: DecisionPoint.Settings(
                inspector: Inspector(internalDestinations: try InternalDestinations(["internal"]))),
            agents: AgentStore(maximumAgents: 10), content: texts, memory: 1 << 20)
        return try replay.run(StorageTiles(storage), size: log.status.published)
    }

    /// All records, as text.
    func records() throws -> [String] {
        try log.publish()
        var records: [String] = []
        try EntryReader(StorageTiles(storage), size: log.status.published).forEach(
            in: 0..<log.status.published
        ) { _, entry in records.append(String(decoding: entry, as: UTF8.self)) }
        return records
    }
}

/// What a test asks of a CheckResponse.
struct Answer {
    let bytes: [UInt8]
    let text: String
    let isAllowed: Bool

    init(_ bytes: Bytes) {
        self.bytes = Array(bytes.buffer)
        text = bytes.string
        // `status` is the first field; an empty one is OK.
        isAllowed = bytes.count > 1 && bytes[0] == 0x0A && bytes[1] == 0
    }

    /// A reason's code stands in the body.
    func says(_ code: String) -> Bool { text.contains("\"\(code)\"") }
}
