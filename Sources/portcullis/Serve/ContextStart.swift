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
        let view = try LogView(tiles, keys: keys)
        defer { view.destroy() }
        let first = try view.firstWhole()
        if first > 0 {
            logger.info(
                "context_from_pruned_log",
                "old records are not in the log any more, but for those that still hold",
                [
                    "entries": LogValue(first),
                    "kept": LogValue(view.kept.entries.count),
                ])
        }
        let report = try ContextRebuild.run(
            tiles, from: first, keeping: view.kept, size: log.status.published,
            into: agents,
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
