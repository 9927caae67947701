// SPDX-License-Identifier: Apache-2.0
import Authorization
import RegoVM

/// A copy of what was known of one agent when a check began: `input.context`.
///
/// One instance belongs to one event loop and is filled again for each check, without allocating.
/// Values are built only when a policy reads them: see `SnapshotValues.swift`.
public final class AgentSnapshot {
    /// Behind a pointer that never changes, for the reason given at `AttributeContext`.
    let content: UnsafeMutablePointer<Content>

    struct Content {
        var state = AgentState()
        var marks = MarkList()
        var now: Int64 = 0
        var names = Names()
        /// As the request or its caller holds it.
        var agent = Bytes.empty
        var isPresent = false
        var isKnown = false
        var isForPeople = false
    }

    /// Who asks, and the hashes that an agent's state knows them by.
    struct Names {
        var agent = Bytes.empty
        var agentHash: UInt64 = 0
        var session = Bytes.empty
        /// 0 for none.
        var sessionHash: UInt64 = 0
    }

    /// Where this agent's approvals are; asked only when a policy reads them.
    let approvals: ApprovalStore?

    public init(_ agents: AgentStore? = nil) {
        approvals = agents?.approvals
        content = .allocate(capacity: 1)
        content.initialize(to: Content())
    }

    deinit {
        content.pointee.marks.free()
        content.deallocate()
    }

    /// True when the agent was seen before.
    public var isKnown: Bool { content.pointee.isKnown }

    /// The events that the agent's context is made of.
    public var stamp: ContextStamp { isPresent ? content.pointee.state.stamp : ContextStamp() }

    /// True when anything is remembered of the agent, if only what others did to it.
    var isPresent: Bool { content.pointee.isPresent }

    /// The hash of the session that asks; 0 for none.
    var session: UInt64 { content.pointee.names.sessionHash }

    /// For whom the store was asked last; their texts are as valid as they were then.
    var names: Names { content.pointee.names }

    /// Names the agent for which the store was asked last.
    public var handle: AgentStore.Handle { AgentStore.Handle(hash: names.agentHash) }

    /// Signals about sessions are shown whichever session asks.
    public var isForPeople: Bool {
        get { content.pointee.isForPeople }
        set { content.pointee.isForPeople = newValue }
    }

    /// Forgets the last agent: nothing is known.
    ///
    /// - Parameters:
    ///   - now: nanoseconds since 1970.
    ///   - session: of the request; empty when it names none.
    public func clear(_ now: Int64, session: Bytes = .empty) {
        content.pointee.now = now
        content.pointee.names = Names(
            session: session, sessionHash: AgentState.sessionHash(session))
        content.pointee.isPresent = false
        content.pointee.isKnown = false
        content.pointee.agent = .empty
        content.pointee.marks.clear()
    }

    /// The store is asked for this agent.
    func ask(for agent: Bytes, _ hash: UInt64) {
        content.pointee.names.agent = agent
        content.pointee.names.agentHash = hash
    }

    /// - Parameter agent: must stay as it is while the snapshot is used.
    func copy(_ source: UnsafeMutablePointer<AgentState>, _ agent: Bytes) {
        content.pointee.agent = agent
        content.pointee.isPresent = true
        content.pointee.state = source.pointee
        content.pointee.marks.copy(source.pointee.marks)
        // The original's memory may be gone as soon as the lock is.
        content.pointee.state.marks = MarkList()
        content.pointee.state.key = .empty
        content.pointee.isKnown = source.pointee.total > 0
    }

    /// True while the agent is under any restriction.
    public var hasRestrictions: Bool {
        var isFound = false
        forEachMark(.restriction) { _ in isFound = true }
        return isFound
    }

    /// When this action of the agent was deferred first, in nanoseconds since 1970; nil when it
    /// was not, or long ago.
    public func deferredSince(_ action: ContextEvent) -> Int64? {
        guard isKnown else { return nil }
        let first = content.pointee.state.deferrals.first(
            AgentState.actionHash(action), at: AgentState.second(content.pointee.now))
        return first.map { Int64($0) * 1_000_000_000 }
    }

    /// Calls `body` with the name of each restriction that holds, valid only inside of it.
    public func forEachRestriction(_ body: (Bytes) -> Void) {
        forEachMark(.restriction) { mark in mark.withName { body($0) } }
    }

    func forEachMark(_ kind: Mark.Kind, _ body: (Mark) -> Void) {
        content.pointee.marks.forEach(kind, at: content.pointee.now, body)
    }

    /// True when the agent was allowed to go to this host before.
    public func hasSeen(destination: Bytes) -> Bool {
        isKnown && content.pointee.state.destinations.contains(AgentState.hash(destination))
    }

    /// True when the agent was allowed to call this tool before.
    public func hasSeen(tool: Bytes) -> Bool {
        isKnown && content.pointee.state.tools.contains(AgentState.hash(tool))
    }
}
