// SPDX-License-Identifier: Apache-2.0
import Authorization
import Telemetry

/// What checks came to: `portcullis_checks_total` by action and by who decided, how many of them no
/// policy was evaluated for, and how long they took. Each loop counts in cells of its own.
public final class CheckMetrics: @unchecked Sendable {
    /// Who decided.
    enum Decider: Int, CaseIterable {
        case policy
        /// Something that was taken from the agent.
        case restriction
        /// A request that can be read in several ways.
        case uncertain
        /// Our own failure, or a message that is none.
        case error

        var word: String {
            switch self {
            case .policy: "policy"
            case .restriction: "restriction"
            case .uncertain: "uncertain"
            case .error: "error"
            }
        }
    }

    /// Nanoseconds: upper bounds of the ranges of `portcullis_check_duration_seconds`.
    private static let bounds: [UInt64] = [
        1000, 2500, 5000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000,
        5_000_000, 10_000_000, 100_000_000, 1_000_000_000,
    ]

    private let registry: MetricRegistry
    /// One for each action and decider; lives as long as the program, as definitions do.
    fileprivate let counters: UnsafeMutablePointer<Counter>
    fileprivate let remembered: Counter
    fileprivate let duration: Histogram

    public init(_ registry: MetricRegistry) {
        self.registry = registry
        counters = .allocate(capacity: Action.allCases.count * Decider.allCases.count)
        for action in Action.allCases {
            for decider in Decider.allCases {
                let counter = registry.counter(
                    "portcullis_checks_total", "Checks that were answered.",
                    labels: [("action", "\(action.word)"), ("decided_by", decider.word)])
                (counters + Self.index(action, decider)).initialize(to: counter)
            }
        }
        remembered = registry.counter(
            "portcullis_answers_remembered_total",
            "Checks whose answer the policy gave before, for all that it reads of them.")
        duration = registry.histogram(
            "portcullis_check_duration_seconds",
            "From a call's arrival to its record, as duration_ns there, or else to its answer.",
            bounds: Self.bounds)
    }

    fileprivate static func index(_ action: Action, _ decider: Decider) -> Int {
        Int(action.rawValue) * Decider.allCases.count + decider.rawValue
    }

    func makeMeter() -> CheckMeter { CheckMeter(self, registry.makeCells()) }
}

/// The counts of one event loop.
final class CheckMeter {
    private let metrics: CheckMetrics
    private let cells: MetricCells

    fileprivate init(_ metrics: CheckMetrics, _ cells: MetricCells) {
        self.metrics = metrics
        self.cells = cells
    }

    /// - Parameters:
    ///   - entrypoint: of the policy that was asked; empty when none was.
    ///   - isAnswerRemembered: the policy was not evaluated for it.
    ///   - nanoseconds: from the call's arrival to its record.
    func count(
        _ decision: Decision, _ entrypoint: Bytes, isAnswerRemembered: Bool, nanoseconds: UInt64
    ) {
        let decider = Self.decider(decision, entrypoint)
        cells.add(metrics.counters[CheckMetrics.index(decision.action, decider)])
        if isAnswerRemembered { cells.add(metrics.remembered) }
        cells.observe(metrics.duration, nanoseconds)
    }

    private static func decider(_ decision: Decision, _ entrypoint: Bytes) -> CheckMetrics.Decider {
        if decision.isError { return .error }
        if !entrypoint.isEmpty { return .policy }
        guard let code = decision.reasons.first?.code, code.hasPrefix("agent_") else {
            return .uncertain
        }
        return .restriction
    }
}
