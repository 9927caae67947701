// SPDX-License-Identifier: Apache-2.0
import Authorization
import RegoVM

/// `input.context` as a policy reads it. All times are seconds since 1970.
extension AgentSnapshot {
    /// The keys of `input.context`.
    public enum Key: Int, InputKey {
        case known, firstSeen, lastSeen, counts, denials, events, labels, restrictions
        case signals, approvals, reputation, session, lineage

        public var word: StaticString {
            switch self {
            case .known: "known"
            case .firstSeen: "first_seen"
            case .lastSeen: "last_seen"
            case .counts: "counts"
            case .denials: "denials"
            case .events: "events"
            case .labels: "labels"
            case .restrictions: "restrictions"
            case .signals: "signals"
            case .approvals: "approvals"
            case .reputation: "reputation"
            case .session: "session"
            case .lineage: "lineage"
            }
        }
    }

    /// `input.context` as an object.
    public func value(in arena: Arena) -> Value {
        let builder = CollectionBuilder.object(in: arena, capacity: Key.allCases.count)
        for key in Key.allCases {
            let value = value(of: key, in: arena)
            if value.isDefined { builder.insert(.string(key.word), value) }
        }
        return builder.finish()
    }

    /// The value under `key`; `.undefined` when there is none.
    public func value(of key: Key, in arena: Arena) -> Value {
        switch key {
        case .known: .boolean(isKnown)
        case .firstSeen: isKnown ? Self.seconds(content.pointee.state.firstSeen) : .undefined
        case .lastSeen: isKnown ? Self.seconds(content.pointee.state.lastSeen) : .undefined
        case .counts: counts(content.pointee.state.requests, arena)
        case .denials: counts(content.pointee.state.denials, arena)
        case .events: events(arena)
        case .labels: marks(.label, arena)
        case .restrictions: marks(.restriction, arena)
        case .signals: signals(arena)
        case .approvals: approvalsValue(arena)
        case .reputation: .integer(reputation)
        case .session: sessionValue(arena)
        case .lineage: lineageValue(arena)
        }
    }

    static func seconds(_ time: Int64) -> Value { .integer(time / 1_000_000_000) }

    /// `{"1m": ..., "10m": ..., "1h": ...}`
    private func counts(_ known: WindowCounts, _ arena: Arena) -> Value {
        let counts = isKnown ? known : WindowCounts()
        let now = content.pointee.now
        let builder = CollectionBuilder.object(in: arena, capacity: 3)
        builder.insert(.string("1m"), .integer(counts.perMinute(now)))
        builder.insert(.string("10m"), .integer(counts.perTenMinutes(now)))
        builder.insert(.string("1h"), .integer(counts.perHour(now)))
        return builder.finish()
    }

    /// Marks that hold, by name: `{name: {"since": ..., "expires": ..., "cause": decision id}}`.
    private func marks(_ kind: Mark.Kind, _ arena: Arena) -> Value {
        let builder = CollectionBuilder.object(in: arena)
        forEachMark(kind) { mark in
            let entry = CollectionBuilder.object(in: arena, capacity: 3)
            entry.insert(.string("since"), Self.seconds(mark.since))
            entry.insert(.string("expires"), Self.seconds(mark.expires))
            entry.insert(.string("cause"), Self.id(mark.cause, arena))
            builder.insert(mark.withName { Self.text($0, arena) }, entry.finish())
        }
        return builder.finish()
    }

    /// What detectors say of the agent or of the session that asks.
    private func signals(_ arena: Arena) -> Value {
        let memory = arena.values(Limits.signals)
        var count = 0
        forEachMark(.signal) { mark in
            guard mark.session == 0 || mark.session == session || isForPeople else { return }
            let entry = CollectionBuilder.object(in: arena, capacity: 7)
            entry.insert(.string("kind"), mark.withName { Self.text($0, arena) })
            entry.insert(.string("severity"), .integer(Int(mark.severity)))
            entry.insert(.string("confidence"), .integer(Int(mark.confidence)))
            entry.insert(.string("scope"), .string(mark.session == 0 ? "agent" : "session"))
            entry.insert(.string("since"), Self.seconds(mark.since))
            entry.insert(.string("expires"), Self.seconds(mark.expires))
            entry.insert(.string("cause"), Self.id(mark.cause, arena))
            memory[count] = entry.finish()
            count += 1
        }
        return .array(sharing: memory, count: count)
    }

    private static func id(_ id: DecisionID, _ arena: Arena) -> Value {
        let text = arena.allocate(UInt8.self, count: DecisionID.textLength)
        id.write(to: text)
        return .string(text, DecisionID.textLength)
    }

    /// Recent events, the newest first.
    private func events(_ arena: Arena) -> Value {
        guard isKnown, content.pointee.state.events.count > 0 else { return .emptyArray }
        let count = Int(content.pointee.state.events.count)
        let memory = arena.values(count)
        var index = count
        content.pointee.state.events.forEach { entry in
            index -= 1
            memory[index] = event(entry, arena)
        }
        return .array(sharing: memory, count: count)
    }

    /// What is known of the session that asks: `{"known", "first_seen", "last_seen", "requests",
    /// "denials"}`; `.undefined` when the request names none. Its events are those of
    /// `input.context.events` with `same_session`.
    private func sessionValue(_ arena: Arena) -> Value {
        guard session != 0 else { return .undefined }
        let found = isKnown ? content.pointee.state.sessions.find(shortSession) : nil
        let builder = CollectionBuilder.object(in: arena, capacity: 5)
        builder.insert(.string("known"), .boolean(found != nil))
        builder.insert(.string("requests"), .integer(Int(found?.requests ?? 0)))
        builder.insert(.string("denials"), .integer(Int(found?.denials ?? 0)))
        if let found {
            builder.insert(.string("first_seen"), .integer(Int(found.firstSeen)))
            builder.insert(.string("last_seen"), .integer(Int(found.lastSeen)))
        }
        return builder.finish()
    }

    /// As the event log and the table of sessions keep it.
    private var shortSession: UInt32 { max(1, UInt32(truncatingIfNeeded: session)) }

    private func event(_ entry: EventLog.Entry, _ arena: Arena) -> Value {
        let builder = CollectionBuilder.object(in: arena, capacity: 12)
        builder.insert(.string("time"), Self.seconds(entry.time))
        builder.insert(.string("action"), .string(entry.action.word))
        builder.insert(.string("allowed"), .boolean(entry.flags.contains(.allowed)))
        builder.insert(.string("effect"), .string(entry.effect.word))
        builder.insert(.string("protocol"), .string(entry.trafficProtocol.word))
        builder.insert(.string("internal"), .boolean(entry.flags.contains(.isInternal)))
        if entry.flags.contains(.cut) { builder.insert(.string("cut"), .true) }
        if session != 0 {
            builder.insert(.string("same_session"), .boolean(entry.session == shortSession))
        }
        Self.put("operation", entry.operation, builder, arena)
        Self.put("tool", entry.tool, builder, arena)
        Self.put("resource", entry.resource, builder, arena)
        Self.put("destination", entry.destination, builder, arena)
        return builder.finish()
    }

    private static func put(
        _ key: StaticString, _ bytes: Bytes, _ builder: CollectionBuilder, _ arena: Arena
    ) {
        if !bytes.isEmpty { builder.insert(.string(key), text(bytes, arena)) }
    }

    /// A copy of the bytes; those that are not part of well-formed UTF-8 become `!`.
    private static func text(_ bytes: Bytes, _ arena: Arena) -> Value {
        let isValid = UTF8Text.isValid(bytes.buffer)
        let copy = arena.allocate(UInt8.self, count: bytes.count)
        for index in 0..<bytes.count {
            copy[index] = isValid || bytes[index] < 0x80 ? bytes[index] : UInt8(ascii: "!")
        }
        return .string(copy, bytes.count)
    }
}
