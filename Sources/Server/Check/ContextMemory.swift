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
    private var event = ContextEvent(agent: .empty, time: 0)
    /// Agents whose decisions are not committed yet.
    private var unsettled: [AgentStore.Handle] = []

    init(_ agents: AgentStore) {
        self.agents = agents
        fold = ContextFold(agents)
    }

    /// - Parameters:
    ///   - record: the decision's record; nil when none is written.
    ///   - isCut: the record lacks something.
    func remember(
        _ subject: CheckSubject, _ decision: Decision, _ now: Int64, _ record: Bytes?, isCut: Bool
    ) {
        fill(subject, decision, now)
        defer {
            // The decision's tables must be its own again before it is filled anew.
            event.labels = []
            event.restrictions = []
        }
        if let record {
            unsettled.append(agents.handle(event.agent))
            if isCut || !event.isVerbatim {
                // A record that cannot be read back would be our own fault; nothing is lost by it.
                if (try? fold.apply(UnsafeRawBufferPointer(record.buffer))) != nil { return }
            }
        }
        agents.apply(event)
    }

    private func fill(_ subject: CheckSubject, _ decision: Decision, _ now: Int64) {
        let identity = subject.identity
        let action = subject.facts
        event.agent = identity.pointee.id
        event.session = identity.pointee.session
        event.time = now
        event.decision = decision.id
        event.action = decision.action
        event.isAllowed = decision.isAllowed
        event.trafficProtocol = action.pointee.trafficProtocol
        event.effect = action.pointee.effect
        event.operation = action.pointee.operation
        event.tool = action.pointee.tool
        event.resource = action.pointee.resource
        event.destination = action.pointee.destination.host
        event.isInternal = action.pointee.destination.isInternal
        event.labels = decision.labels
        event.restrictions = decision.restrictions
        event.take(subject.lineage)
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
    /// Takes over what led to the request, without allocating once it has held as many.
    fileprivate mutating func take(_ found: CheckLineage?) {
        if !lineage.isEmpty { lineage.removeAll(keepingCapacity: true) }
        guard let found else { return }
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
            destination.isPlain, !resource.hasQuery
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

    /// Whether masking may change something: it hides what follows `?` and `#`.
    fileprivate var hasQuery: Bool {
        for byte in buffer where byte == UInt8(ascii: "?") || byte == UInt8(ascii: "#") {
            return true
        }
        return false
    }
}
