// SPDX-License-Identifier: Apache-2.0
import Authorization
import RegoVM

/// `input.action` and `input.agent` as a policy reads them: whole, or one key at a time, so that
/// a policy that reads only the tool's name pays for nothing else.
extension ActionFacts {
    /// The keys of `input.action`.
    public static let keys: [StaticString] = [
        "protocol", "operation", "tool", "arguments", "resource", "model", "effect", "destination",
        "certain", "doubts", "destinations", "conversation", "tools", "tool_results", "batch",
    ]

    /// `input.action` as an object.
    public func value(in arena: Arena) -> Value {
        Value.object(Self.keys, in: arena) { self.value(of: $0, in: arena) }
    }

    /// The value under `key`; `.undefined` when there is none.
    public func value(of key: StaticString, in arena: Arena) -> Value {
        value(of: .string(key), in: arena)
    }

    /// The value under `key`, a string, of facts that are not copied for the few that policies
    /// mostly read.
    public static func value(
        _ facts: UnsafePointer<ActionFacts>, of key: Value, in arena: Arena
    ) -> Value {
        if key.equals("tool") { return .unlessEmpty(facts.pointee.tool, arena) }
        if key.equals("operation") { return .unlessEmpty(facts.pointee.operation, arena) }
        if key.equals("arguments") { return facts.pointee.arguments }
        if key.equals("certain") { return .boolean(facts.pointee.isCertain) }
        if key.equals("protocol") { return .string(facts.pointee.trafficProtocol.word) }
        if key.equals("effect") { return .string(facts.pointee.effect.word) }
        return facts.pointee.otherValue(of: key, in: arena)
    }

    /// The value under `key`, a string; `.undefined` when there is none.
    public func value(of key: Value, in arena: Arena) -> Value {
        withUnsafePointer(to: self) { Self.value($0, of: key, in: arena) }
    }

    private func otherValue(of key: Value, in arena: Arena) -> Value {
        if key.equals("destination") { return destination.value(in: arena) }
        if key.equals("resource") { return .unlessEmpty(resource, arena) }
        if key.equals("model") { return .unlessEmpty(model, arena) }
        if key.equals("doubts") { return doubts.value(in: arena) }
        return rareValue(of: key, in: arena)
    }

    private func rareValue(of key: Value, in arena: Arena) -> Value {
        if key.equals("conversation") { return .unlessEmpty(conversation, arena) }
        if key.equals("destinations") { return destinations(in: arena) }
        if key.equals("tools") { return OfferedTools.names(self, in: arena) }
        if key.equals("tool_results") { return toolResults(in: arena) }
        if key.equals("batch") { return messages(in: arena) }
        return .undefined
    }

    /// `input.action.destinations`: where the arguments point to; undefined when nowhere.
    private func destinations(in arena: Arena) -> Value {
        var list = ValueList(arena)
        ArgumentDestinations(self, arena: arena).forEach { found in
            let fields = CollectionBuilder.object(in: arena, capacity: 5)
            found.destination.add(to: fields, in: arena)
            if !found.scheme.isEmpty {
                fields.insert(.string("scheme"), .text(found.scheme, arena))
            }
            if !found.argument.isEmpty {
                fields.insert(.string("argument"), .text(found.argument, arena))
            }
            list.append(fields.finish())
        }
        return list.count == 0 ? .undefined : list.value
    }

    /// `input.action.tool_results`: what tools gave back, on its way to a model.
    private func toolResults(in arena: Arena) -> Value {
        guard modelAPI != .none else { return .undefined }
        var list = ValueList(arena)
        PromptReader(self).forEachPart { part in
            guard part.role == .toolResult else { return }
            let fields = CollectionBuilder.object(in: arena, capacity: 2)
            if !part.name.isEmpty { fields.insert(.string("name"), .text(part.name, arena)) }
            fields.insert(.string("text"), .text(part.text, arena))
            list.append(fields.finish())
        }
        return list.count == 0 ? .undefined : list.value
    }

    /// `input.action.batch`: every message of a batch, as its own action.
    private func messages(in arena: Arena) -> Value {
        guard batch.count > 0 else { return .undefined }
        var list = ValueList(arena)
        for message in batch { list.append(message.value(in: arena)) }
        return list.value
    }
}

extension Destination {
    /// `input.action.destination`.
    ///
    /// - Parameter firstSeen: whether the agent was never allowed to go there; nil when no context
    ///   is kept.
    public func value(firstSeen: Bool? = nil, in arena: Arena) -> Value {
        let fields = CollectionBuilder.object(in: arena, capacity: 4)
        add(to: fields, in: arena)
        if let firstSeen { fields.insert(.string("first_seen"), .boolean(firstSeen)) }
        return fields.finish()
    }

    func add(to fields: CollectionBuilder, in arena: Arena) {
        if !host.isEmpty { fields.insert(.string("host"), .text(host, arena)) }
        if port != 0 { fields.insert(.string("port"), .integer(Int(port))) }
        fields.insert(.string("internal"), .boolean(isInternal))
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
    public static let keys: [StaticString] =
        ["id", "provenance", "spiffe", "session", "session_provenance", "scopes"] + Principals.keys

    /// `input.agent` as an object.
    public func value(scopes: ScopeList, _ principals: Principals, in arena: Arena) -> Value {
        Value.object(Self.keys, in: arena) { key in
            if key.equals("scopes") { return scopes.value }
            let value = self.value(of: key, in: arena)
            return value.isDefined ? value : principals.value(of: key)
        }
    }

    /// The value under `key`, a string, but for `scopes` and what `Principals` has; `.undefined`
    /// when there is none.
    public func value(of key: Value, in arena: Arena) -> Value {
        if key.equals("id") { return .unlessEmpty(id, arena) }
        if key.equals("provenance") { return .string(provenance.word) }
        if key.equals("session") { return .unlessEmpty(session, arena) }
        if key.equals("session_provenance"), !session.isEmpty {
            return .string(Provenance.claimed.word)
        }
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
