// SPDX-License-Identifier: Apache-2.0
import Authorization
import RegoVM

/// `input.action` and `input.agent` as a policy reads them: whole, or one key at a time, so that
/// a policy that reads only the tool's name pays for nothing else.
extension ActionFacts {
    /// The keys of `input.action`.
    public static let keys: [StaticString] = [
        "protocol", "operation", "tool", "arguments", "resource", "model", "effect", "destination",
        "certain", "doubts",
    ]

    /// `input.action` as an object.
    public func value(in arena: Arena) -> Value {
        Value.object(Self.keys, in: arena) { self.value(of: $0, in: arena) }
    }

    /// The value under `key`; `.undefined` when there is none.
    public func value(of key: StaticString, in arena: Arena) -> Value {
        value(of: .string(key), in: arena)
    }

    /// The value under `key`, a string; `.undefined` when there is none.
    public func value(of key: Value, in arena: Arena) -> Value {
        if key.equals("tool") { return .unlessEmpty(tool, arena) }
        if key.equals("operation") { return .unlessEmpty(operation, arena) }
        if key.equals("arguments") { return arguments }
        if key.equals("certain") { return .boolean(isCertain) }
        if key.equals("protocol") { return .string(trafficProtocol.word) }
        if key.equals("effect") { return .string(effect.word) }
        if key.equals("destination") { return destination.value(in: arena) }
        if key.equals("resource") { return .unlessEmpty(resource, arena) }
        if key.equals("model") { return .unlessEmpty(model, arena) }
        if key.equals("doubts") { return doubts.value(in: arena) }
        return .undefined
    }
}

extension Destination {
    /// `input.action.destination`.
    ///
    /// - Parameter firstSeen: whether the agent was never allowed to go there; nil when no context
    ///   is kept.
    public func value(firstSeen: Bool? = nil, in arena: Arena) -> Value {
        Value.object(["host", "port", "internal", "first_seen"], in: arena) { key in
            if key.equals("first_seen") { return firstSeen.map { .boolean($0) } ?? .undefined }
            if key.equals("host") { return .unlessEmpty(host, arena) }
            if key.equals("port") { return port == 0 ? .undefined : .integer(Int(port)) }
            return .boolean(isInternal)
        }
    }
}

extension Doubts {
    /// The words of all doubts, as an array.
    public func value(in arena: Arena) -> Value {
        guard !isEmpty else { return .emptyArray }
        let memory = arena.values(Self.words.count)
        var count = 0
        for (bit, word) in Self.words.enumerated() where rawValue & (1 << UInt32(bit)) != 0 {
            memory[count] = .string(word)
            count += 1
        }
        return .array(sharing: memory, count: count)
    }
}

extension AgentIdentity {
    /// The keys of `input.agent`.
    public static let keys: [StaticString] = ["id", "provenance", "spiffe", "session", "scopes"]

    /// `input.agent` as an object.
    public func value(scopes: ScopeList, in arena: Arena) -> Value {
        Value.object(Self.keys, in: arena) { key in
            if key.equals("scopes") { return scopes.value }
            return self.value(of: key, in: arena)
        }
    }

    /// The value under `key`, a string, but for `scopes`; `.undefined` when there is none.
    public func value(of key: Value, in arena: Arena) -> Value {
        if key.equals("id") { return .unlessEmpty(id, arena) }
        if key.equals("provenance") { return .string(provenance.word) }
        if key.equals("session") { return .unlessEmpty(session, arena) }
        guard key.equals("spiffe"), let spiffe else { return .undefined }
        return Value.object(["trust_domain", "path"], in: arena) { key in
            .unlessEmpty(key.equals("path") ? spiffe.path : spiffe.trustDomain, arena)
        }
    }
}

extension Value {
    /// An object of those keys that have a value.
    static func object(_ keys: [StaticString], in arena: Arena, _ value: (Value) -> Value) -> Value
    {
        let builder = CollectionBuilder.object(in: arena, capacity: keys.count)
        for name in keys {
            let key = Value.string(name)
            let value = value(key)
            if value.isDefined { builder.insert(key, value) }
        }
        return builder.finish()
    }

    /// A string; `.undefined` for no bytes.
    static func unlessEmpty(_ text: Bytes, _ arena: Arena) -> Value {
        text.isEmpty ? .undefined : .text(text, arena)
    }

    /// A string; each byte that is not part of well-formed UTF-8 becomes `!`, as Envoy does it.
    static func text(_ text: Bytes, _ arena: Arena) -> Value {
        if UTF8Text.isValid(text.buffer) { return .string(text.start, text.count) }
        let copy = arena.allocate(UInt8.self, count: text.count)
        for index in 0..<text.count {
            copy[index] = text[index] < 0x80 ? text[index] : UInt8(ascii: "!")
        }
        return .string(copy, text.count)
    }
}
