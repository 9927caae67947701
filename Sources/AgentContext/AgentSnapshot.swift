// SPDX-License-Identifier: Apache-2.0
import Authorization
import RegoVM

/// A copy of what was known of one agent when a check began: `input.context`.
///
/// One instance belongs to one event loop and is filled again for each check, without allocating.
/// Values are built only when a policy reads them. All times in `input.context` are seconds since
/// 1970.
public final class AgentSnapshot {
    /// Behind a pointer that never changes, for the reason given at `AttributeContext`.
    private let content: UnsafeMutablePointer<Content>

    private struct Content {
        var state = AgentState()
        var marks = MarkList()
        var now: Int64 = 0
        var isKnown = false
    }

    public init() {
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
    public var stamp: ContextStamp { isKnown ? content.pointee.state.stamp : ContextStamp() }

    /// Forgets the last agent: nothing is known.
    ///
    /// - Parameter now: nanoseconds since 1970.
    public func clear(_ now: Int64) {
        content.pointee.now = now
        content.pointee.isKnown = false
    }

    func copy(_ source: UnsafeMutablePointer<AgentState>) {
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

    /// True while the agent is under the restriction.
    public func isRestricted(_ name: Bytes) -> Bool {
        has(.restriction, name)
    }

    /// True while the agent carries the label.
    public func isLabelled(_ name: Bytes) -> Bool {
        has(.label, name)
    }

    private func has(_ kind: Mark.Kind, _ name: Bytes) -> Bool {
        var isFound = false
        forEachMark(kind) { mark in isFound = isFound || mark.hasName(name) }
        return isFound
    }

    /// Calls `body` with the name of each restriction that holds, valid only inside of it.
    public func forEachRestriction(_ body: (Bytes) -> Void) {
        forEachMark(.restriction) { mark in mark.withName { body($0) } }
    }

    private func forEachMark(_ kind: Mark.Kind, _ body: (Mark) -> Void) {
        guard isKnown, let base = content.pointee.marks.base else { return }
        for index in 0..<Int(content.pointee.marks.count)
        where base[index].kind == kind && base[index].expires > content.pointee.now {
            body(base[index])
        }
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

// MARK: As a policy reads it

extension AgentSnapshot {
    /// The keys of `input.context`.
    public static let keys: [StaticString] = [
        "known", "first_seen", "last_seen", "counts", "denials", "events", "labels", "restrictions",
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
        if key.equals("known") { return .boolean(isKnown) }
        guard isKnown else { return .undefined }
        if key.equals("first_seen") { return Self.seconds(content.pointee.state.firstSeen) }
        if key.equals("last_seen") { return Self.seconds(content.pointee.state.lastSeen) }
        return .undefined
    }

    private static func seconds(_ time: Int64) -> Value { .integer(time / 1_000_000_000) }

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
            let id = arena.allocate(UInt8.self, count: DecisionID.textLength)
            mark.cause.write(to: id)
            entry.insert(.string("cause"), .string(id, DecisionID.textLength))
            builder.insert(mark.withName { Self.text($0, arena) }, entry.finish())
        }
        return builder.finish()
    }

    /// Recent events, the newest first.
    private func events(_ arena: Arena) -> Value {
        guard isKnown, content.pointee.state.events.count > 0 else { return .emptyArray }
        let count = Int(content.pointee.state.events.count)
        let memory = arena.values(count)
        var index = count
        content.pointee.state.events.forEach { entry in
            index -= 1
            memory[index] = Self.event(entry, arena)
        }
        return .array(sharing: memory, count: count)
    }

    private static func event(_ entry: EventLog.Entry, _ arena: Arena) -> Value {
        let builder = CollectionBuilder.object(in: arena, capacity: 11)
        builder.insert(.string("time"), seconds(entry.time))
        builder.insert(.string("action"), .string(entry.action.word))
        builder.insert(.string("allowed"), .boolean(entry.flags.contains(.allowed)))
        builder.insert(.string("effect"), .string(entry.effect.word))
        builder.insert(.string("protocol"), .string(entry.trafficProtocol.word))
        builder.insert(.string("internal"), .boolean(entry.flags.contains(.isInternal)))
        if entry.flags.contains(.cut) { builder.insert(.string("cut"), .true) }
        put("operation", entry.operation, builder, arena)
        put("tool", entry.tool, builder, arena)
        put("resource", entry.resource, builder, arena)
        put("destination", entry.destination, builder, arena)
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
