// SPDX-License-Identifier: Apache-2.0
import Authorization
import RegoVM

/// `input.context` as a policy reads it. All times are seconds since 1970.
extension AgentSnapshot {
    /// The keys of `input.context`.
    public static let keys: [StaticString] = [
        "known", "first_seen", "last_seen", "counts", "denials", "events", "labels", "restrictions",
        "signals", "approvals", "reputation", "session", "lineage",
    ]

    /// `input.context` as an object.
    public func value(in arena: Arena) -> Value {
        let builder = CollectionBuilder.object(in: arena, capacity: Self.keys.count)
        for name in Self.keys {
            let value = value(of: .string(name), in: arena)
            if value.isDefined { builder.insert(.string(name), value) }
        }
        return builder.finish()
    }

    /// The value under `key`, a string; `.undefined` when there is none.
    public func value(of key: Value, in arena: Arena) -> Value {
        if key.equals("labels") { return marks(.label, arena) }
        if key.equals("restrictions") { return marks(.restriction, arena) }
        if key.equals("counts") { return counts(content.pointee.state.requests, arena) }
        if key.equals("denials") { return counts(content.pointee.state.denials, arena) }
        if key.equals("events") { return events(arena) }
        if key.equals("signals") { return signals(arena) }
        if key.equals("approvals") { return approvalsValue(arena) }
        if key.equals("reputation") { return .integer(reputation) }
        if key.equals("session") { return sessionValue(arena) }
        if key.equals("lineage") { return lineageValue(arena) }
        if key.equals("known") { return .boolean(isKnown) }
        guard isKnown else { return .undefined }
        if key.equals("first_seen") { return Self.seconds(content.pointee.state.firstSeen) }
        if key.equals("last_seen") { return Self.seconds(content.pointee.state.lastSeen) }
        return .undefined
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
