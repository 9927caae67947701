// SPDX-License-Identifier: Apache-2.0
import AgentContext
import Authorization
import DecisionLog
import Platform
import RegoVM
import Synchronization

/// What operators and detectors can do to this program's agents.
public final class Operations: AgentOperations {
    private let store: AgentStore
    private let control: ControlLog

    /// - Parameter log: nil when nothing is recorded.
    public init(_ agents: AgentStore, log: LocalLog?, clock: any Clock = SystemClock()) {
        store = agents
        control = ControlLog(agents, log: log, clock: clock)
    }

    public func agents(_ filter: AgentFilter) -> [AgentSummary] {
        store.summaries(filter, now: control.now)
    }

    public func agent(_ id: String) -> String? {
        let snapshot = AgentSnapshot()
        snapshot.isForPeople = true
        guard load(id, snapshot) else { return nil }
        let arena = Arena()
        defer { arena.destroy() }
        return snapshot.value(in: arena).description
    }

    private func load(_ id: String, _ snapshot: AgentSnapshot) -> Bool {
        var id = id
        return id.withUTF8 {
            store.peek(Bytes(UnsafeRawBufferPointer($0)), now: control.now, into: snapshot)
        }
    }

    public func restrict(
        _ agent: String, _ restriction: String, seconds: Int64, _ origin: Origin
    ) throws(OperationFailure) -> OperationReceipt {
        try OperationRules.agent(agent)
        try OperationRules.restriction(restriction)
        try OperationRules.seconds(seconds)
        return try commit(agent, origin, .restrict(name: restriction, seconds: seconds))
    }

    public func release(
        _ agent: String, _ restriction: String?, _ origin: Origin
    ) throws(OperationFailure) -> OperationReceipt {
        guard load(agent, AgentSnapshot()) else {
            throw OperationFailure(.unknownAgent, "agent `\(agent)` is not known")
        }
        if let restriction { try OperationRules.restriction(restriction) }
        return try commit(agent, origin, .release(name: restriction))
    }

    public func signal(_ signal: AgentSignal) throws(OperationFailure) -> OperationReceipt {
        try OperationRules.signal(signal)
        return try commit(
            signal.agent, signal.origin,
            .signal(
                ControlRecord.Signal(
                    session: signal.session, kind: signal.kind, severity: signal.severity,
                    confidence: signal.confidence, seconds: signal.seconds, detail: signal.detail)))
    }

    private func commit(
        _ agent: String, _ origin: Origin, _ content: ControlRecord.Content
    ) throws(OperationFailure) -> OperationReceipt {
        OperationReceipt(id: try control.commit(agent, origin, content).description)
    }
}

// Approvals.
extension Operations {
    public func approvals(_ filter: ApprovalFilter) -> [Approval] { [] }

    public func approval(_ id: String) -> Approval? { nil }

    public func grant(_ approval: String, _ origin: Origin) throws(OperationFailure) -> Approval {
        throw unknown(approval)
    }

    public func deny(_ approval: String, _ origin: Origin) throws(OperationFailure) -> Approval {
        throw unknown(approval)
    }

    private func unknown(_ approval: String) -> OperationFailure {
        OperationFailure(.unknownApproval, "approval `\(approval)` is not known")
    }
}
