// SPDX-License-Identifier: Apache-2.0
import AgentContext
import Authorization
import CText
import PDP
import RegoVM

/// Adds the decisions of one loop to their agents' context, once the log has accepted them.
///
/// The context must be what a rebuild from the log would give. So an event has the texts of its
/// record: they are the request's own where the record holds them unchanged, which is nearly
/// always, and are read back from the record where it had to cut, mask or escape something.
///
/// The next check must see this one before the turn's records are committed. If the commit then
/// fails, nothing was let through, and the context says more than the log does. That may only make
/// it stricter: denials, labels and restrictions stay, but what these checks made familiar is
/// forgotten.
final class ContextMemory {
    private let agents: AgentStore
    private let fold: ContextFold
    /// Behind a pointer that never changes, for the reason given at `AttributeContext`.
    private let event: UnsafeMutablePointer<ContextEvent>
    /// Agents whose decisions are not committed yet.
    private var unsettled: [AgentStore.Handle] = []

    /// Told when a record cannot be read back, and why.
    private let unreadable: (@Sendable (String) -> Void)?

    init(_ agents: AgentStore, unreadable: (@Sendable (String) -> Void)? = nil) {
        self.agents = agents
        self.unreadable = unreadable
        fold = ContextFold(agents)
        event = .allocate(capacity: 1)
        event.initialize(to: ContextEvent(agent: .empty, time: 0))
    }

    deinit {
        event.deinitialize(count: 1)
        event.deallocate()
    }

    /// - Parameters:
    ///   - agent: loaded for who asks.
    ///   - record: the decision's record; nil when none is written.
    ///   - isCut: the record lacks something.
    ///   - isVerbatim: the record holds all of its texts unchanged, and so the event's.
    func remember(
        _ agent: AgentSnapshot, _ subject: CheckSubject, _ decision: Decision, _ now: Int64,
        _ record: Bytes?, isCut: Bool, isVerbatim: Bool
    ) {
        event.pointee.takeNames(of: agent)
        event.pointee.fill(subject, decision, now)
        defer {
            // The decision's tables must be its own again before it is filled anew.
            if !event.pointee.labels.isEmpty { event.pointee.labels = [] }
            if !event.pointee.restrictions.isEmpty { event.pointee.restrictions = [] }
        }
        if let record {
            unsettled.append(agent.handle)
            if isCut || !(isVerbatim || event.pointee.isVerbatim) {
                // The next start, which reads the same record, ends with the same error.
                do throws(ContextRecord.Unreadable) {
                    try fold.apply(UnsafeRawBufferPointer(record.buffer))
                    return
                } catch {
                    unreadable?("record of decision \(decision.id): \(error.reason)")
                }
            }
        }
        agents.apply(&event.pointee)
    }

    /// What was remembered is in the log.
    func settle() {
        if !unsettled.isEmpty { unsettled.removeAll(keepingCapacity: true) }
    }

    /// What was remembered since `settle` did not get into the log.
    func distrust() {
        for handle in unsettled { agents.forgetFamiliar(handle) }
        settle()
    }
}

extension ContextEvent {
    /// Takes over what the check was about, and what was decided.
    fileprivate mutating func fill(_ subject: CheckSubject, _ decision: Decision, _ now: Int64) {
        let facts = subject.facts
        time = now
        self.decision = decision.id
        action = decision.action
        isAllowed = decision.isAllowed
        trafficProtocol = facts.pointee.trafficProtocol
        effect = facts.pointee.effect
        operation = facts.pointee.operation
        tool = facts.pointee.tool
        resource = facts.pointee.resource
        destination = facts.pointee.destination.host
        isInternal = facts.pointee.destination.isInternal
        if !decision.labels.isEmpty { labels = decision.labels }
        if !decision.restrictions.isEmpty { restrictions = decision.restrictions }
        if !lineage.isEmpty { lineage.removeAll(keepingCapacity: true) }
        if facts.pointee.mayShowLineage, let found = subject.lineage { take(found) }
    }

    /// Takes over what led to the request, without allocating once it has held as many.
    private mutating func take(_ found: CheckLineage) {
        for document in found.documents {
            lineage.append(LineageLink(document.source, digest: document.digest.prefix))
        }
        // The newest of all, so that no document pushes it out.
        if let prompt = found.prompt {
            lineage.append(LineageLink(.prompt, digest: prompt.prefix))
        }
    }

    /// Whether a record holds all texts of the event as they are.
    fileprivate var isVerbatim: Bool {
        guard agent.isPlain, session.isPlain, operation.isPlain, tool.isPlain, resource.isPlain,
            destination.isPlain, !MaskedTarget.changes(resource)
        else { return false }
        for label in labels where !label.name.isPlain { return false }
        for restriction in restrictions where !restriction.name.isPlain { return false }
        return true
    }
}

extension Bytes {
    /// Printable ASCII that JSON writes without an escape.
    fileprivate var isPlain: Bool {
        guard let start else { return true }
        return text_plain_run(start, count) == count
    }
}
