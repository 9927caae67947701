// SPDX-License-Identifier: Apache-2.0
import AgentContext
import DecisionLog
import LogReading
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
        let tiles = StorageTiles(
            try StorageFolder(configuration.log.directory, creating: false))
        let keys = try LogKey.history(configuration.log.key) + [log.verifierKey]
        let first = try LogView(tiles, keys: keys).firstKept
        if first > 0 {
            logger.warning(
                "context_incomplete",
                "records were deleted from the log: what they took from agents is not known",
                ["entries": LogValue(first)])
        }
        let report = try ContextRebuild.run(
            tiles, from: first, size: log.status.published, into: agents,
            lookBack: configuration.agents.lookBack)
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
