// SPDX-License-Identifier: Apache-2.0
import AgentContext
import Telemetry

/// What the API offers, done by others.
public struct AdminServices: Sendable {
    /// nil when no context of agents is kept.
    public var operations: (any AgentOperations)?
    public var policy: any PolicyControl
    public var health: @Sendable () -> HealthReport
    public var metrics: MetricRegistry
    public var logger: Logger

    public init(
        operations: (any AgentOperations)?, policy: any PolicyControl,
        health: @escaping @Sendable () -> HealthReport, metrics: MetricRegistry, logger: Logger
    ) {
        self.operations = operations
        self.policy = policy
        self.health = health
        self.metrics = metrics
        self.logger = logger
    }

    func requireOperations() throws(Problem) -> any AgentOperations {
        guard let operations else {
            throw .unavailable(
                "context_disabled", "no context of agents is kept: `agents.maximum` is 0")
        }
        return operations
    }
}

/// The policy that decides, and how to take up a changed one.
public protocol PolicyControl: Sendable {
    var state: PolicyState { get }
    /// Loads and compiles what the configuration names, and decides with it from the next check
    /// on. When that fails, everything stays as it was.
    func reload() throws(ReloadFailure) -> PolicyState
}

public struct PolicyState: Sendable, Equatable {
    public var revision: String
    /// The one of checks whose route names none comes first.
    public var entrypoints: [String]
    /// Nanoseconds since 1970.
    public var loaded: Int64

    public init(revision: String, entrypoints: [String], loaded: Int64) {
        self.revision = revision
        self.entrypoints = entrypoints
        self.loaded = loaded
    }
}

public struct ReloadFailure: Error, Sendable {
    /// Every error with its place, for people.
    public var message: String
    public init(_ message: String) { self.message = message }
}

/// Whether checks are answered as they should be.
public struct HealthReport: Sendable {
    public struct Component: Sendable {
        public var name: String
        /// nil when it works.
        public var fault: String?

        public init(_ name: String, fault: String? = nil) {
            self.name = name
            self.fault = fault
        }
    }

    public var components: [Component]
    public init(_ components: [Component]) { self.components = components }
    public var isReady: Bool { components.allSatisfy { $0.fault == nil } }
}
