// SPDX-License-Identifier: Apache-2.0
import AgentContext
import DecisionLog
import Platform
import Server
import Telemetry

/// The agents' context as it is when the first check comes.
enum ContextStart {
    /// - Returns: nil when the configuration keeps no context.
    /// - Throws: when the log cannot be read: a context that lacks something would let agents do
    ///   what was taken from them.
    static func makeStore(
        _ configuration: Configuration, _ log: LocalLog?, _ logger: Logger
    ) throws -> AgentStore? {
        guard configuration.agents.maximum > 0 else { return nil }
        let agents = AgentStore(maximumAgents: configuration.agents.maximum)
        guard let log else { return agents }
        let report = try ContextRebuild.run(
            StorageTiles(try StorageFolder(configuration.log.directory, creating: false)),
            size: log.status.published, into: agents, lookBack: configuration.agents.lookBack)
        logger.info(
            "context_rebuilt", "the agents' context is what the log says",
            [
                "entries": LogValue(report.entries), "folded": LogValue(report.folded),
                "agents": LogValue(agents.count),
                "milliseconds": LogValue(Int(report.nanoseconds / 1_000_000)),
            ])
        return agents
    }
}
