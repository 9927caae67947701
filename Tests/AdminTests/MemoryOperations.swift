// SPDX-License-Identifier: Apache-2.0
import AgentContext
import Synchronization

@testable import Admin

/// Operations in memory, as the API sees them.
final class MemoryOperations: AgentOperations {
    struct State {
        var restrictions: [String: [String: Int64]] = [:]
        var signals: [AgentSignal] = []
        var approvals: [Approval] = []
        var origins: [Origin] = []
        var failure: OperationFailure?
        var count = 0
    }

    let state = Mutex(State())

    init() {
        state.withLock { state in
            state.restrictions = [
                "spiffe://acme.example/agents/a b": [:], "spiffe://acme.example/b": [:],
            ]
            for name in ["one", "two"] {
                state.approvals.append(
                    Approval(
                        id: name, state: .pending, agent: "spiffe://acme.example/b", session: "s",
                        digest: String(repeating: "0", count: 64), policyRevision: "r1",
                        summary: "mcp tools/call pay", arguments: #"{"amount":"\"1\""}"#,
                        requested: 1_000_000_000, expires: 2_000_000_000))
            }
        }
    }

    func agents(_ filter: AgentFilter) -> [AgentSummary] {
        state.withLock { state in
            state.restrictions.sorted { $0.key < $1.key }
                .filter { $0.key.contains(filter.contains) || filter.contains.isEmpty }
                .filter { !filter.isRestrictedOnly || !$0.value.isEmpty }
                .prefix(filter.limit)
                .map { id, marks in
                    AgentSummary(
                        id: id, lastSeen: 1_700_000_000_123_000_000, requests: 3,
                        restrictions: marks.map { .init(name: $0.key, expires: $0.value) },
                        labels: [.init(name: "tainted", expires: 0)])
                }
        }
    }

    func agent(_ id: String) -> String? {
        state.withLock { $0.restrictions[id] == nil ? nil : #"{"known":true}"# }
    }

    func restrict(_ agent: String, _ restriction: String, seconds: Int64, _ origin: Origin)
        throws(OperationFailure) -> OperationReceipt
    {
        try change(origin) { state in state.restrictions[agent, default: [:]][restriction] = seconds
        }
    }

    func release(_ agent: String, _ restriction: String?, _ origin: Origin)
        throws(OperationFailure) -> OperationReceipt
    {
        guard self.agent(agent) != nil else { throw OperationFailure(.unknownAgent, "not known") }
        return try change(origin) { state in
            if let restriction {
                state.restrictions[agent]?[restriction] = nil
            } else {
                state.restrictions[agent] = [:]
            }
        }
    }

    func signal(_ signal: AgentSignal) throws(OperationFailure) -> OperationReceipt {
        try change(signal.origin) { $0.signals.append(signal) }
    }

    func approvals(_ filter: ApprovalFilter) -> [Approval] {
        state.withLock { state in
            state.approvals.filter { filter.state == nil || $0.state == filter.state }
                .filter { filter.agent.isEmpty || $0.agent == filter.agent }
        }
    }

    func approval(_ id: String) -> Approval? {
        state.withLock { $0.approvals.first { $0.id == id } }
    }

    func grant(_ approval: String, _ origin: Origin) throws(OperationFailure) -> Approval {
        try decide(approval, .granted, origin)
    }

    func deny(_ approval: String, _ origin: Origin) throws(OperationFailure) -> Approval {
        try decide(approval, .denied, origin)
    }

    private func decide(_ id: String, _ outcome: Approval.State, _ origin: Origin)
        throws(OperationFailure) -> Approval
    {
        guard let known = approval(id) else {
            throw OperationFailure(.unknownApproval, "not known")
        }
        guard known.state == .pending else {
            throw OperationFailure(.approvalDecided, "the approval is `\(known.state.rawValue)`")
        }
        return state.withLock { state in
            let index = state.approvals.firstIndex { $0.id == id } ?? 0
            state.approvals[index].state = outcome
            state.approvals[index].decidedBy = origin
            return state.approvals[index]
        }
    }

    private func change(_ origin: Origin, _ body: (inout State) -> Void)
        throws(OperationFailure) -> OperationReceipt
    {
        let outcome = state.withLock { state -> Result<OperationReceipt, OperationFailure> in
            if let failure = state.failure { return .failure(failure) }
            body(&state)
            state.origins.append(origin)
            state.count += 1
            return .success(OperationReceipt(id: "record-\(state.count)"))
        }
        return try outcome.get()
    }
}

/// A policy that reloads, or does not.
final class MemoryPolicy: PolicyControl {
    let failure = Mutex<String?>(nil)

    var state: PolicyState {
        PolicyState(revision: "r1", entrypoints: ["portcullis/authz/decision"], loaded: 0)
    }

    func reload() throws(ReloadFailure) -> PolicyState {
        if let message = failure.withLock({ $0 }) { throw ReloadFailure(message) }
        return PolicyState(revision: "r2", entrypoints: ["portcullis/authz/decision"], loaded: 1)
    }
}
