// SPDX-License-Identifier: Apache-2.0
import Authorization
import RegoVM

/// How an agent's approvals came out so far.
struct ApprovalCounts {
    /// An approval may be open until then; nanoseconds since 1970.
    var openUntil: Int64 = 0
    var requested: UInt16 = 0
    var granted: UInt16 = 0
    var denied: UInt16 = 0
    var used: UInt16 = 0

    mutating func count(_ step: ApprovalStep) {
        switch step.kind {
        case .pending: Self.add(&requested)
        case .granted: Self.add(&granted)
        case .denied: Self.add(&denied)
        case .used: Self.add(&used)
        }
    }

    private static func add(_ number: inout UInt16) { if number < .max { number += 1 } }
}

/// Everything that is kept of one agent: about 1.8 KB, plus its key, plus 192 bytes for each label,
/// restriction or signal.
struct AgentState {
    /// Memory of its own; guarded, as all of this, by the shard's lock.
    var key = Bytes.empty
    var firstSeen: Int64 = 0
    var lastSeen: Int64 = 0
    var total: UInt64 = 0
    var denied: UInt64 = 0
    /// Events applied, and what names them: see `ContextStamp`.
    var stamp = ContextStamp()
    var requests = WindowCounts()
    var denials = WindowCounts()
    var destinations = UsageSketch()
    var tools = UsageSketch()
    var effects = EffectCounts()
    var sessions = SessionTable()
    var deferrals = DeferralTable()
    var events = EventLog()
    var lineage = LineageTable()
    var marks = MarkList()
    var approvals = ApprovalCounts()

    /// The fold: all that a decision changes. Depends on the event alone, never on a clock.
    ///
    /// - Parameter event: not changed; see `AgentStore.apply(_:)`.
    mutating func apply(_ event: inout ContextEvent) {
        if total == 0 { firstSeen = event.time }
        lastSeen = max(lastSeen, event.time)
        total &+= 1
        stamp.add(event.decision.fingerprint)
        requests.add(at: event.time)
        if event.isAllowed {
            rememberUse(&event)
        } else {
            // What was refused did not happen, so it makes nothing familiar.
            denied &+= 1
            denials.add(at: event.time)
        }
        let second = Self.second(event.time)
        let session = event.sessionHash ?? Self.sessionHash(event.session)
        if session != 0 {
            sessions.add(Self.shortHash(session), at: second, isAllowed: event.isAllowed)
        }
        if event.action == .postpone { deferrals.add(Self.actionHash(event), at: second) }
        events.append(&event, session: session == 0 ? 0 : Self.shortHash(session))
        if !event.lineage.isEmpty { rememberLineage(event, session, second) }
        marks.expire(at: event.time)
        for label in event.labels {
            marks.add(
                .label, label.name, seconds: label.seconds, at: event.time, cause: event.decision)
        }
        for restriction in event.restrictions {
            marks.add(
                .restriction, restriction.name, seconds: restriction.seconds, at: event.time,
                cause: event.decision)
        }
    }

    mutating func apply(_ step: ApprovalStep) {
        stamp.add(step.fingerprint)
        approvals.count(step)
        if step.kind == .pending || step.kind == .granted {
            approvals.openUntil = max(approvals.openUntil, step.expires)
        }
    }

    /// The list on which the agent waits for its eviction.
    func properList(at time: Int64) -> Shard.List {
        approvals.openUntil > time ? .restricted : marks.properList(at: time)
    }

    private mutating func rememberUse(_ event: inout ContextEvent) {
        if !event.destination.isEmpty { destinations.add(Self.hash(event.destination)) }
        if !event.tool.isEmpty { tools.add(Self.hash(event.tool)) }
        effects.add(Int(event.effect.rawValue))
    }

    /// What a request brings along is known to the agent whatever became of the request; what it
    /// asks for only if it got it.
    private mutating func rememberLineage(
        _ event: ContextEvent, _ session: UInt64, _ second: UInt32
    ) {
        let session = Self.lineageSession(session)
        for link in event.lineage where event.isAllowed || link.source != .resource {
            lineage.add(link, session: session, at: second)
        }
    }

    /// Nothing is familiar any more.
    mutating func forgetFamiliar() {
        destinations = UsageSketch()
        tools = UsageSketch()
        effects = EffectCounts()
    }

    /// Seconds since 1970, up to 2106.
    static func second(_ time: Int64) -> UInt32 { UInt32(clamping: time / 1_000_000_000) }

    /// Of the hash of a text. Never 0.
    static func shortHash(_ hash: UInt64) -> UInt32 { max(1, UInt32(truncatingIfNeeded: hash)) }

    /// Of the hash of a session: 0 only for none.
    static func lineageSession(_ hash: UInt64) -> UInt16 {
        hash == 0 ? 0 : max(1, UInt16(truncatingIfNeeded: hash))
    }

    /// Names an action among those of its agent. What records mask in a resource (see
    /// `MaskedTarget`), and what follows `?` or `#`, is left out here.
    static func actionHash(_ event: ContextEvent) -> UInt32 {
        var result = UInt64(event.trafficProtocol.rawValue)
        func add(_ part: Bytes) { result = (result ^ hash(part)) &* 0x9E37_79B9_7F4A_7C15 }
        add(event.session)
        add(event.operation)
        add(event.tool)
        var resource = MaskedTarget(event.resource, hidesUserinfo: true)
        while let part = resource.next() {
            let isLast = part[part.count - 1] == UInt8(ascii: "?")
            add(isLast ? part[0..<(part.count - 1)] : part)
            if isLast { break }
        }
        add(event.destination)
        return UInt32(truncatingIfNeeded: result >> 32)
    }

    /// Keyed anew in each process, so that nobody can choose texts that collide.
    static func hash(_ bytes: Bytes) -> UInt64 { Value.string(bytes.start, bytes.count).hash }
}
