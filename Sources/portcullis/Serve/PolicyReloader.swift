// SPDX-License-Identifier: Apache-2.0
import Admin
import PDP
import Platform
import Server
import Synchronization
import Telemetry

/// Takes up changed policies and data while checks are answered with what there was.
final class PolicyReloader: PolicyControl {
    private let configuration: Configuration
    private let current: Current<PolicySnapshot>
    private let logger: Logger
    private let latest: Mutex<PolicyState>
    /// Held while a reload runs: another one comes after it, and sees all that it saw.
    private let turn = Mutex(())
    private let cells: Mutex<MetricCells>
    private let reloads: Counter
    private let failures: Counter

    init(
        _ configuration: Configuration, _ current: Current<PolicySnapshot>, _ logger: Logger,
        _ metrics: MetricRegistry
    ) {
        self.configuration = configuration
        self.current = current
        self.logger = logger
        latest = Mutex(Self.describe(configuration, current.value))
        let name = "portcullis_policy_reloads_total"
        let help = "Attempts to take up changed policies."
        reloads = metrics.counter(name, help, labels: [("outcome", "done")])
        failures = metrics.counter(name, help, labels: [("outcome", "failed")])
        cells = Mutex(metrics.makeCells())
    }

    private static func describe(
        _ configuration: Configuration, _ snapshot: PolicySnapshot
    ) -> PolicyState {
        PolicyState(
            revision: snapshot.policy.revision,
            entrypoints: [configuration.entrypoint] + configuration.routeEntrypoints,
            loaded: SystemClock().wall())
    }

    var state: PolicyState { latest.withLock { $0 } }

    func reload() throws(ReloadFailure) -> PolicyState {
        let (before, outcome) = turn.withLock { _ in (state.revision, load()) }
        do throws(ReloadFailure) {
            let snapshot = try outcome.get()
            cells.withLock { $0.add(reloads) }
            logger.info(
                "policy_reloaded",
                snapshot.revision == before
                    ? "policies and data are what they were" : "a new policy decides",
                ["revision": LogValue(snapshot.revision)])
            return snapshot
        } catch {
            cells.withLock { $0.add(failures) }
            logger.error("policy_reload_failed", error.message)
            throw error
        }
    }

    /// Compiles on a thread of its own: the caller's stack may be small.
    private func load() -> Result<PolicyState, ReloadFailure> {
        let slot = ReloadSlot()
        do throws(SystemError) {
            let thread = try SystemThread.start(name: "policy-reload") {
                let outcome = self.compile()
                slot.outcome.withLock { $0 = outcome }
            }
            thread.join()
            return slot.outcome.withLock { $0 }
        } catch {
            return .failure(ReloadFailure("no thread to compile on: \(error)"))
        }
    }

    private func compile() -> Result<PolicyState, ReloadFailure> {
        do throws(PolicyCompilation.Failure) {
            let snapshot = try PolicyCompilation.load(configuration)
            current.replace(by: snapshot)
            let state = Self.describe(configuration, snapshot)
            latest.withLock { $0 = state }
            return .success(state)
        } catch {
            return .failure(ReloadFailure(error.text(configuration)))
        }
    }
}

/// Where a reload's thread leaves what came of it.
private final class ReloadSlot: Sendable {
    let outcome = Mutex<Result<PolicyState, ReloadFailure>>(.failure(ReloadFailure("no outcome")))
}
