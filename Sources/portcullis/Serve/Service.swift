// SPDX-License-Identifier: Apache-2.0
import AgentContext
import DecisionLog
import PDP
import Platform
import Server
import Synchronization
import TLS
import Telemetry
import ThreatIntelligence

/// The running program: log, policy, agents and server, put together from the configuration.
final class Service: Sendable {
    let server: GRPCServer
    /// nil when no context is kept.
    let operations: Operations?
    private let workers: CheckWorkers
    private let log: LocalLog?
    /// Nil when checkpoints stay with the log.
    private let checkpoints: CheckpointThread?
    private let operatorSide: OperatorSide
    private let logger: Logger
    /// nil when no threat lists are configured.
    private let threats: ThreatWatch?

    /// Starts everything; checks are answered when it returns.
    init(
        _ configuration: Configuration, _ policy: PolicySnapshot, _ files: ConfiguredFiles,
        _ logger: Logger
    ) throws {
        self.logger = logger
        let loops = LoopList()
        let follower = LogFollower()
        var started = StartedParts()
        do {
            let log =
                try configuration.log.isEnabled
                ? Self.openLog(configuration.log, loops, follower, logger) : nil
            self.log = log
            if let log { started.add { try? log.close() } }
            let checkpoints = try log.flatMap { log in
                try CheckpointThread(configuration.log, log.verifierKey, logger)
            }
            self.checkpoints = checkpoints
            started.add { checkpoints?.stop() }
            let settings = try DecisionPoint.Settings(configuration)
            let threats = try Self.threats(configuration, logger)
            self.threats = threats
            started.add { threats?.stop() }
            let agents = try ContextStart.makeStore(configuration, log, logger)
            operations = agents.map {
                Operations($0, log: log, approvalDecided: { loops.wakeAll() })
            }
            let metrics = MetricRegistry()
            let current = Current(policy)
            let shared = SharedState(
                settings: settings, agents: agents, policy: current, threats: threats?.current,
                log: log, network: configuration.network.network,
                memory: Int(configuration.limits.memory),
                deadline: UInt64(configuration.limits.deadline),
                hold: UInt64(configuration.approvals.hold), metrics: CheckMetrics(metrics),
                recordUnreadable: {
                    logger.error(
                        "context_unreadable", "a record of this process cannot be read back: \($0)")
                })
            let workers = CheckWorkers(
                shared, threads: configuration.network.workers, queue: configuration.network.queue)
            self.workers = workers
            started.add { workers.stop() }
            operatorSide = try OperatorSide(
                configuration, files, current, log, follower, metrics, logger)
            try log?.start()
            try threats?.start()
            let transport = Self.transport(configuration, files)
            let server = try GRPCServer.start(configuration: transport) { loop in
                loops.add(loop)
                return CheckService(shared, workers: workers, loop: loop)
            }
            self.server = server
            started.add {
                server.drain()
                server.wait()
            }
            try operatorSide.start(files, server, agents, operations)
        } catch {
            started.end()
            throw error
        }
    }

    /// Where the operators' API listens.
    var operatorAddresses: [String] { operatorSide.addresses }

    /// nil when no threat lists are configured.
    private static func threats(
        _ configuration: Configuration, _ logger: Logger
    ) throws(ThreatListFailure) -> ThreatWatch? {
        guard !configuration.threat.files.isEmpty else { return nil }
        return try ThreatWatch(
            ThreatLists(configuration.threat.files), history: configuration.threatHistory,
            interval: configuration.threat.interval, logger)
    }

    private static func transport(
        _ configuration: Configuration, _ files: ConfiguredFiles
    ) -> GRPCServer.Configuration {
        var transport = GRPCServer.Configuration()
        transport.listeners = configuration.listen.addresses
        transport.loops = configuration.loops > 0 ? configuration.loops : SystemThread.processors
        transport.methods = [CheckService.method]
        transport.credentials = files.listen.map { CurrentCredentials($0) }
        transport.limits.connections = configuration.limits.connections
        transport.limits.drainTime = UInt64(configuration.limits.drain)
        transport.limits.call.message = Int(configuration.limits.message)
        transport.limits.session.body = Int(configuration.limits.message) + 5
        return transport
    }

    private static func openLog(
        _ configuration: Configuration.Log, _ loops: LoopList, _ follower: LogFollower,
        _ logger: Logger
    ) throws -> LocalLog {
        let isFirst =
            configuration.isCreatedFirst && !StorageFolder.exists(configuration.key)
            && !StorageFolder.exists(configuration.directory)
            && !StorageFolder.exists(configuration.journal)
        var options = configuration.options
        if isFirst {
            try LogKey.create(configuration.key)
            options.permissions.insert(.create)
        } else {
            try expectFolders(configuration)
        }
        let folders = LocalLog.Folders(
            log: try StorageFolder(configuration.directory, creating: isFirst),
            journal: try StorageFolder(configuration.journal, creating: isFirst))
        let log = try LocalLog.open(
            folders, signer: try LogKey.load(configuration),
            options, content: try openContent(configuration),
            onEvent: { report($0, follower, logger) }, onDurable: { loops.wakeAll() })
        logger.info(
            isFirst ? "log_created" : "log_opened", "decisions go to `\(configuration.directory)`",
            [
                "vkey": LogValue(log.verifierKey.text),
                "published": LogValue(log.recovery.published),
                "recovered": LogValue(log.recovery.recovered),
                "dropped_bytes": LogValue(log.recovery.droppedBytes),
            ])
        return log
    }

    /// A part of a log that is gone is never made anew: what was recorded must not vanish unseen.
    private static func expectFolders(_ configuration: Configuration.Log) throws(LogError) {
        let hint =
            "restore it, or move `\(configuration.key)`, `\(configuration.directory)` and "
            + "`\(configuration.journal)` away for a new log (`portcullis log create`)"
        guard StorageFolder.exists(configuration.directory) else {
            throw LogError(.missingLog, "no log at `\(configuration.directory)`", hint: hint)
        }
        guard StorageFolder.exists(configuration.journal) else {
            throw LogError(
                .missingJournal, "no journal at `\(configuration.journal)`", hint: hint)
        }
    }

    /// Unlike the log, it may be missing at any start: a record whose text is gone says so.
    private static func openContent(_ configuration: Configuration.Log) throws -> ContentStore? {
        guard configuration.content.kept != .none else { return nil }
        return try ContentStore(
            try StorageFolder(configuration.contentDirectory, creating: true),
            configuration.content)
    }

    private static func report(
        _ event: LocalLog.Event, _ follower: LogFollower, _ logger: Logger
    ) {
        switch event {
        case .published(let size):
            follower.logGrew()
            logger.debug("log_published", "checkpoint", ["size": LogValue(size)])
        case .failing(let error): logger.error(error.code.rawValue, error.message)
        case .recovered: logger.info("log_recovered", "the log takes records again")
        case .lossRecorded(let decisions, let early):
            logger.error(
                "log_loss_recorded", "a record tells of decisions that have none",
                ["decisions": LogValue(decisions), "early": LogValue(early)])
        case .lossUnrecorded(let decisions, let early):
            logger.error(
                "log_loss_unrecorded", "decisions have no record, and the log cannot say so",
                ["decisions": LogValue(decisions), "early": LogValue(early)])
        }
    }

    /// Waits for SIGTERM or SIGINT, then ends without losing a call or a record. SIGHUP reloads
    /// the policy, tokens and certificates.
    func runUntilTerminated() throws {
        var signal = try TerminationSignals.wait()
        while signal == TerminationSignals.reload {
            operatorSide.reload()
            signal = try TerminationSignals.wait()
        }
        operatorSide.drain()
        logger.info(
            "draining", "no new connections; calls in flight end", ["signal": LogValue(signal)])
        server.drain()
        server.wait()
        workers.stop()
        threats?.stop()
        operatorSide.stop()
        try log?.close()
        checkpoints?.stop()
        logger.info("stopped", "all calls are answered and recorded")
    }
}

/// What a start has begun so far, and how each of it ends when a later step fails.
private struct StartedParts {
    private var ends: [() -> Void] = []

    mutating func add(_ end: @escaping () -> Void) { ends.append(end) }

    /// The last one first.
    func end() {
        for end in ends.reversed() { end() }
    }
}

/// The loops that wait for the log.
private final class LoopList: Sendable {
    private let loops = Mutex<[LoopHandle]>([])

    func add(_ loop: LoopHandle) { loops.withLock { $0.append(loop) } }

    func wakeAll() { loops.withLock { for loop in $0 { loop.wake() } } }
}
