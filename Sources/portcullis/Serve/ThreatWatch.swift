// SPDX-License-Identifier: Apache-2.0
import Platform
import Server
import Synchronization
import Telemetry
import ThreatIntelligence

/// Reads threat lists again when their files have changed, on a thread of its own. Lists that
/// cannot be read change nothing: the last good ones stay, and the error is told once.
final class ThreatWatch: Sendable {
    /// The lists that count now.
    let current: Current<ThreatIndex>
    private let lists: Mutex<ThreatLists>
    private let history: ThreatHistory?
    private let interval: Int64
    private let logger: Logger
    private let thread = PeriodicThread()

    /// - Parameters:
    ///   - lists: not read yet.
    ///   - history: keeps the lists for replay; nil when nothing is replayed.
    init(
        _ lists: consuming ThreatLists, history: ThreatHistory?, interval: Int64, _ logger: Logger
    ) throws(ThreatListFailure) {
        let reading = try lists.read()
        current = Current(reading.index)
        self.lists = Mutex(lists)
        self.history = history
        self.interval = interval
        self.logger = logger
        keep(reading.snapshot)
        logger.info(
            "threats_loaded", "threat lists are looked up",
            ["entries": LogValue(current.value.count)])
    }

    func start() throws(SystemError) {
        try thread.start(name: "threats", interval: interval) { [self] in
            lists.withLock { lists in
                if lists.hasChanged { reload(&lists) }
            }
        }
    }

    func stop() { thread.stop() }

    private func reload(_ lists: inout ThreatLists) {
        do throws(ThreatListFailure) {
            let reading = try lists.read()
            keep(reading.snapshot)
            current.replace(by: reading.index)
            logger.info(
                "threats_reloaded", "the threat lists have changed",
                ["entries": LogValue(reading.index.count)])
        } catch {
            for problem in error.errors {
                logger.error(
                    "threat_list_invalid", problem.message,
                    [
                        "file": LogValue(problem.file), "line": LogValue(problem.line),
                        "hint": LogValue(problem.hint ?? "the lists read before stay in use"),
                    ])
            }
        }
    }

    /// Without them replay cannot look up what these decisions looked up, and says so.
    private func keep(_ snapshot: ThreatSnapshot) {
        do {
            try history?.keep(snapshot)
        } catch {
            logger.error(
                "threats_not_kept",
                "decisions with these threat lists cannot be replayed: "
                    + "\(error)", ["revision": LogValue(snapshot.revision)])
        }
    }
}
