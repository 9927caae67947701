// SPDX-License-Identifier: Apache-2.0
import Admin
import AgentContext
import DecisionLog
import PDP
import Responders
import Server
import Synchronization
import TLS
import Telemetry

/// What serves operators rather than Envoy: metrics, the policy's reload, the API, responders.
final class OperatorSide: Sendable {
    let metrics: MetricRegistry
    let policy: PolicyReloader
    private let configuration: Configuration
    private let log: LocalLog?
    private let logger: Logger
    private let responders: ResponderService?
    private let api = Mutex<(server: AdminServer, credentials: CredentialWatch)?>(nil)
    /// nil without `listen.tls`.
    private let certificates: CredentialWatch?
    private let refusedClients: RefusedClients
    private let refusals: RefusedClientLog
    private let isDraining = Atomic(false)

    /// Comes before the server, so that no restriction starts that responders do not see.
    init(
        _ configuration: Configuration, _ files: ConfiguredFiles,
        _ policy: Current<PolicySnapshot>, _ log: LocalLog?, _ follower: LogFollower,
        _ metrics: MetricRegistry, _ logger: Logger
    ) throws {
        self.configuration = configuration
        self.metrics = metrics
        self.log = log
        self.logger = logger
        self.policy = PolicyReloader(configuration, policy, logger, metrics)
        responders = try ResponderStart.make(
            files.responders, configuration, log, metrics, logger)
        follower.follow(with: responders)
        refusedClients = files.refusedClients
        refusals = RefusedClientLog(refusedClients, logger)
        certificates =
            files.listen == nil ? nil : CredentialWatch(of: files.listenFiles, .listen, logger)
    }

    /// Serves operators; checks are answered already.
    func start(
        _ files: ConfiguredFiles, _ server: GRPCServer, _ agents: AgentStore?,
        _ operations: (any AgentOperations)?
    ) throws {
        metrics.describeProgram()
        metrics.describe(server)
        if configuration.listen.tls != nil { metrics.describeHandshakes(server) }
        if let agents { metrics.describe(agents) }
        if let log { metrics.describe(log) }
        try responders?.start()
        do {
            try startCertificates(server)
            try startAPI(files, operations)
        } catch {
            stopCertificates()
            responders?.stop()
            throw error
        }
    }

    private func startAPI(
        _ files: ConfiguredFiles, _ operations: (any AgentOperations)?
    ) throws {
        guard let listening = files.operators else { return }
        let services = AdminServices(
            operations: operations, policy: policy, health: { self.health }, metrics: metrics,
            logger: logger)
        let server = try AdminServer(listening, services)
        let settings = configuration.operators
        let credentials = CredentialWatch(of: files.operatorFiles, .operators, logger)
        do {
            try credentials.start { try AdminStart.renew(server, settings) }
        } catch {
            server.stop()
            throw error
        }
        api.withLock { $0 = (server, credentials) }
    }

    private func startCertificates(_ server: GRPCServer) throws {
        guard let tls = configuration.listen.tls else { return }
        try certificates?.start { [refusedClients] in
            server.renew(try ListenCredentials.read(tls, refused: refusedClients))
        }
        if tls.clients != nil { try refusals.start() }
    }

    private func stopCertificates() {
        certificates?.stop()
        refusals.stop()
    }

    /// Takes up what has changed on the disk: the policy, tokens and certificates.
    func reload() {
        // Its failure has been logged, and the policy before goes on.
        _ = try? policy.reload()
        let credentials = api.withLock { $0?.credentials }
        credentials?.renewIfChanged()
        certificates?.renewIfChanged()
    }

    private var health: HealthReport {
        let drain = isDraining.load(ordering: .relaxed) ? "the program ends" : nil
        var components = [HealthReport.Component("server", fault: drain)]
        if let log { components.append(.init("log", fault: log.status.failure?.message)) }
        if let responders { components.append(.init("responders", fault: responders.fault)) }
        return HealthReport(components)
    }

    /// Where the API listens.
    var addresses: [String] { api.withLock { $0?.server.addresses ?? [] } }

    /// The program is about to end.
    func drain() { isDraining.store(true, ordering: .relaxed) }

    /// Ends everything. The log is closed after this.
    func stop() {
        let running = api.withLock { api in
            defer { api = nil }
            return api
        }
        stopCertificates()
        running?.credentials.stop()
        running?.server.stop()
        responders?.stop()
    }
}
