// SPDX-License-Identifier: Apache-2.0
import AgentContext
import DecisionLog
import PDP
import Platform
import Server
import Synchronization
import Telemetry

/// The running program: log, policy, agents and server, put together from the configuration.
final class Service: Sendable {
    let server: GRPCServer
    /// nil when no context is kept.
    let operations: Operations?
    private let workers: CheckWorkers
    private let log: LocalLog?
    private let logger: Logger

    /// Starts everything; checks are answered when it returns.
    init(_ configuration: Configuration, _ policy: PolicySnapshot, _ logger: Logger) throws {
        self.logger = logger
        let loops = LoopList()
        log = try configuration.log.isEnabled ? Self.openLog(configuration.log, loops, logger) : nil
        let settings = try DecisionPoint.Settings(configuration)
        let agents = try ContextStart.makeStore(configuration, log, logger)
        operations = agents.map { [log] in
            Operations($0, log: log, approvalDecided: { loops.wakeAll() })
        }
        let shared = SharedState(
            settings: settings, agents: agents, policy: CurrentPolicy(policy), log: log,
            network: configuration.network.network,
            memory: Int(configuration.limits.memory),
            deadline: UInt64(configuration.limits.deadline),
            hold: UInt64(configuration.approvals.hold))
        let workers = CheckWorkers(
            shared, threads: configuration.network.workers, queue: configuration.network.queue)
        self.workers = workers
        try log?.start()
        do {
            server = try GRPCServer.start(configuration: Self.transport(configuration)) { loop in
                loops.add(loop)
                return CheckService(shared, workers: workers, loop: loop)
            }
        } catch {
            try? log?.close()
            throw error
        }
    }

    private static func transport(_ configuration: Configuration) -> GRPCServer.Configuration {
        var transport = GRPCServer.Configuration()
        transport.listeners = configuration.listen.addresses
        transport.loops = configuration.loops > 0 ? configuration.loops : SystemThread.processors
        transport.methods = [CheckService.method]
        transport.limits.connections = configuration.limits.connections
        transport.limits.drainTime = UInt64(configuration.limits.drain)
        transport.limits.call.message = Int(configuration.limits.message)
        transport.limits.session.body = Int(configuration.limits.message) + 5
        return transport
    }

    private static func openLog(
        _ configuration: Configuration.Log, _ loops: LoopList, _ logger: Logger
    ) throws -> LocalLog {
        let isFirst =
            configuration.isCreatedFirst && !StorageFolder.exists(configuration.key)
            && !StorageFolder.exists(configuration.directory)
            && !StorageFolder.exists(configuration.journal)
        var options = configuration.options
        if isFirst {
            try LogKey.create(configuration.key)
            options.permissions.insert(.create)
        }
        let folders = LocalLog.Folders(
            log: try StorageFolder(configuration.directory, creating: isFirst),
            journal: try StorageFolder(configuration.journal, creating: isFirst))
        let log = try LocalLog.open(
            folders, signer: try LogKey.load(configuration.key, origin: configuration.origin),
            options, content: try openContent(configuration),
            onEvent: { report($0, logger) }, onDurable: { loops.wakeAll() })
        logger.info(
            isFirst ? "log_created" : "log_opened", "decisions go to `\(configuration.directory)`",
            [
                "vkey": LogValue(log.verifierKey.text),
                "published": LogValue(log.recovery.published),
                "recovered": LogValue(log.recovery.recovered),
            ])
        return log
    }

    /// Unlike the log, it may be missing at any start: a record whose text is gone says so.
    private static func openContent(_ configuration: Configuration.Log) throws -> ContentStore? {
        guard configuration.content.kept != .none else { return nil }
        return try ContentStore(
            try StorageFolder(configuration.contentDirectory, creating: true),
            configuration.content)
    }

    private static func report(_ event: LocalLog.Event, _ logger: Logger) {
        switch event {
        case .published(let size):
            logger.debug("log_published", "checkpoint", ["size": LogValue(size)])
        case .failing(let error): logger.error(error.code.rawValue, error.message)
        case .recovered: logger.info("log_recovered", "the log takes records again")
        }
    }

    /// Waits for SIGTERM or SIGINT, then ends without losing a call or a record.
    func runUntilTerminated() throws {
        let signal = try TerminationSignals.wait()
        logger.info(
            "draining", "no new connections; calls in flight end", ["signal": LogValue(signal)])
        server.drain()
        server.wait()
        workers.stop()
        try log?.close()
        logger.info("stopped", "all calls are answered and recorded")
    }
}

/// The loops that wait for the log.
private final class LoopList: Sendable {
    private let loops = Mutex<[LoopHandle]>([])

    func add(_ loop: LoopHandle) { loops.withLock { $0.append(loop) } }

    func wakeAll() { loops.withLock { for loop in $0 { loop.wake() } } }
}
