// SPDX-License-Identifier: Apache-2.0
import AgentContext
import Authorization
import DecisionLog
import Platform
import RegoVM
import Synchronization

/// What operators and detectors can do to this program's agents.
public final class Operations: AgentOperations {
    let store: AgentStore
    let control: ControlLog
    let texts: ApprovalTexts
    /// Called when a person has decided about an approval, on that person's thread.
    let approvalDecided: @Sendable () -> Void

    /// - Parameters:
    ///   - log: nil when nothing is recorded.
    ///   - approvalDecided: wakes the loops that hold checks.
    public init(
        _ agents: AgentStore, log: LocalLog?, clock: any Clock = SystemClock(),
        approvalDecided: @escaping @Sendable () -> Void = {}
    ) {
        store = agents
        self.approvalDecided = approvalDecided
        texts = ApprovalTexts(log?.content?.files)
        control = ControlLog(agents, log: log, clock: clock)
    }

    public func agents(_ filter: AgentFilter) -> [AgentSummary] {
        store.summaries(filter, now: control.now)
    }

    public func agent(_ id: String) -> String? {
        let snapshot = AgentSnapshot(store)
        snapshot.isForPeople = true
        let arena = Arena()
        defer { arena.destroy() }
        var id = id
        return id.withUTF8 {
            let id = Bytes(UnsafeRawBufferPointer($0))
            guard store.peek(id, now: control.now, into: snapshot) else { return nil }
            return snapshot.value(in: arena).description
        }
    }

    private func isKnown(_ agent: String) -> Bool {
        var agent = agent
        let snapshot = AgentSnapshot()
        return agent.withUTF8 {
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
        guard isKnown(agent) else {
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
