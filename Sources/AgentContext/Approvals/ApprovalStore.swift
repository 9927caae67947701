// SPDX-License-Identifier: Apache-2.0
import Authorization
import Synchronization

/// All approvals that are open, and the last ones that are not; shared by all threads.
///
/// Checks come here only when a policy asks for an approval, or reads those of an agent that has
/// any.
public final class ApprovalStore: Sendable {
    private let storage = Mutex(Storage())
    private let version = Atomic<Int>(0)

    init() {}

    /// How a request that needs an approval stands.
    public enum Standing: Sendable {
        /// Granted, and used up by this call.
        case granted(Approval)
        case pending(Approval)
        case denied(Approval)
        /// Nobody was asked yet, or what was asked has expired.
        case unasked
    }

    /// Grows whenever a person has decided; who holds checks looks at it.
    public var decisions: Int { version.load(ordering: .acquiring) }

    /// Finds the approval of an exact request; one that is granted is used up.
    ///
    /// - Parameters:
    ///   - digest: names agent, session, action, request, principals, arguments and policy.
    ///   - now: nanoseconds since 1970.
    public func settle(_ digest: String, now: Int64) -> Standing {
        storage.withLock { $0.settle(digest, now) }
    }

    /// The same for an approval that is known by its id, as replay knows it.
    ///
    /// - Returns: `unasked` too when it is another agent's or policy's.
    public func settle(
        _ id: DecisionID, agent: String, policyRevision: String, now: Int64
    ) -> Standing {
        storage.withLock { storage in
            guard let entry = storage.entries[id], entry.agent == agent,
                entry.policyRevision == policyRevision
            else { return .unasked }
            return storage.settle(id, now)
        }
    }

    /// Asks for an approval.
    ///
    /// - Returns: false when no place is left, for the agent or at all.
    public func request(_ step: ApprovalStep) -> Bool {
        storage.withLock { storage in
            guard storage.makeRoom(for: step.agent, step.time) else { return false }
            storage.apply(step)
            return true
        }
    }

    /// The arguments of an approval are kept elsewhere from now on.
    public func keep(_ text: ApprovalText, of approval: DecisionID) {
        storage.withLock { storage in
            storage.entries[approval]?.text = text
            storage.entries[approval]?.arguments = ""
        }
    }

    /// An approval reads so from now on.
    public func mask(_ approval: DecisionID, summary: String, session: String) {
        storage.withLock { storage in
            storage.entries[approval]?.summary = summary
            storage.entries[approval]?.session = session
        }
    }

    /// Applies a step, live or from the log; one that was applied already changes nothing.
    func apply(_ step: ApprovalStep) {
        storage.withLock { storage in
            if step.kind == .pending, storage.entries[step.approval] == nil {
                _ = storage.makeRoom(for: step.agent, step.time)
            }
            storage.apply(step)
        }
        if step.kind != .pending { version.add(1, ordering: .releasing) }
    }

    public func approval(_ id: DecisionID, now: Int64) -> Approval? {
        storage.withLock { $0.entries[id]?.approval(at: now) }
    }

    /// The newest first.
    public func approvals(_ filter: ApprovalFilter, now: Int64) -> [Approval] {
        storage.withLock { storage in
            var found: [Approval] = []
            for id in storage.order.reversed() {
                guard found.count < max(0, filter.limit) else { break }
                guard let entry = storage.entries[id] else { continue }
                if !filter.agent.isEmpty, entry.agent != filter.agent { continue }
                let approval = entry.approval(at: now)
                if let state = filter.state, approval.state != state { continue }
                found.append(approval)
            }
            return found
        }
    }
}

extension ApprovalStore {
    private struct Storage {
        var entries: [DecisionID: Approval] = [:]
        /// Oldest first. An id whose entry is gone is passed over, and removed now and then.
        var order: [DecisionID] = []
        /// The newest approval of each digest.
        var byDigest: [String: DecisionID] = [:]
        /// Oldest first.
        var byAgent: [String: [DecisionID]] = [:]

        mutating func settle(_ digest: String, _ now: Int64) -> Standing {
            guard let id = byDigest[digest] else { return .unasked }
            return settle(id, now)
        }

        mutating func settle(_ id: DecisionID, _ now: Int64) -> Standing {
            guard let approval = entries[id]?.approval(at: now) else { return .unasked }
            switch approval.state {
            case .pending: return .pending(approval)
            case .denied: return approval.expires > now ? .denied(approval) : .unasked
            case .used, .expired: return .unasked
            case .granted:
                entries[id]?.state = .used
                return .granted(approval)
            }
        }

        mutating func apply(_ step: ApprovalStep) {
            if entries[step.approval] == nil { insert(step) }
            switch step.kind {
            case .pending: break
            case .granted, .denied:
                guard entries[step.approval]?.state == .pending else { return }
                entries[step.approval]?.state = step.kind == .granted ? .granted : .denied
                entries[step.approval]?.decidedBy = step.origin
            case .used: entries[step.approval]?.state = .used
            }
        }

        private mutating func insert(_ step: ApprovalStep) {
            entries[step.approval] = Approval(
                id: step.approval.description, state: .pending, agent: step.agent,
                session: step.session, digest: step.digest, policyRevision: step.policyRevision,
                summary: step.summary, arguments: step.arguments, requested: step.requested,
                expires: step.expires)
            entries[step.approval]?.text = step.text
            order.append(step.approval)
            byDigest[step.digest] = step.approval
            byAgent[step.agent, default: []].append(step.approval)
        }

        /// Forgets approvals that are no longer open until one more fits.
        mutating func makeRoom(for agent: String, _ now: Int64) -> Bool {
            let own = byAgent[agent] ?? []
            let open = own.filter { isOpen($0, now) }.count
            guard open < Limits.openApprovalsOfAgent else { return false }
            if own.count >= Limits.approvalsOfAgent,
                let closed = own.first(where: { !isOpen($0, now) })
            {
                remove(closed)
            }
            guard entries.count >= Limits.approvals else { return true }
            guard let closed = order.first(where: { entries[$0] != nil && !isOpen($0, now) }) else {
                return false
            }
            remove(closed)
            return true
        }

        private func isOpen(_ id: DecisionID, _ now: Int64) -> Bool {
            guard let state = entries[id]?.approval(at: now).state else { return false }
            return state == .pending || state == .granted
        }

        private mutating func remove(_ id: DecisionID) {
            guard let entry = entries.removeValue(forKey: id) else { return }
            if byDigest[entry.digest] == id { byDigest[entry.digest] = nil }
            byAgent[entry.agent]?.removeAll { $0 == id }
            if byAgent[entry.agent]?.isEmpty == true { byAgent[entry.agent] = nil }
            if order.count > 2 * Limits.approvals { order.removeAll { entries[$0] == nil } }
        }
    }
}

extension Approval {
    /// The same as it stands at a moment: what is open ends with its time.
    fileprivate func approval(at now: Int64) -> Approval {
        guard state == .pending || state == .granted, expires <= now else { return self }
        var copy = self
        copy.state = .expired
        return copy
    }
}
