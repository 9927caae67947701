// SPDX-License-Identifier: Apache-2.0
import Authorization
import RegoVM

/// `input.action` and `input.agent` as a policy reads them: whole, or one key at a time, so that
/// a policy that reads only the tool's name pays for nothing else.
extension ActionFacts {
    /// The keys of `input.action`.
    public enum Key: Int, InputKey {
        case `protocol`, operation, tool, arguments, resource, model, effect, destination
        case certain, doubts, destinations, conversation, tools, toolResults, batch

        public var word: StaticString {
            switch self {
            case .protocol: "protocol"
            case .operation: "operation"
            case .tool: "tool"
            case .arguments: "arguments"
            case .resource: "resource"
            case .model: "model"
            case .effect: "effect"
            case .destination: "destination"
            case .certain: "certain"
            case .doubts: "doubts"
            case .destinations: "destinations"
            case .conversation: "conversation"
            case .tools: "tools"
            case .toolResults: "tool_results"
            case .batch: "batch"
            }
        }
    }

    /// `input.action` as an object.
    public func value(in arena: Arena) -> Value {
        withUnsafePointer(to: self) { facts in
            Value.object(Key.self, in: arena) { Self.value(facts, of: $0, in: arena) }
        }
    }

    /// The value under `key`; `.undefined` when there is none.
    public func value(of key: Key, in arena: Arena) -> Value {
        withUnsafePointer(to: self) { Self.value($0, of: key, in: arena) }
    }

    /// The value under `key` of facts that are not copied for the few that policies mostly read.
    public static func value(
        _ facts: UnsafePointer<ActionFacts>, of key: Key, in arena: Arena
    ) -> Value {
        switch key {
        case .tool: .unlessEmpty(facts.pointee.tool, arena)
        case .operation: .unlessEmpty(facts.pointee.operation, arena)
        case .arguments: facts.pointee.arguments
        case .certain: .boolean(facts.pointee.isCertain)
        case .protocol: .string(facts.pointee.trafficProtocol.word)
        case .effect: .string(facts.pointee.effect.word)
        case .destination: facts.pointee.destination.value(in: arena)
        case .resource: .unlessEmpty(facts.pointee.resource, arena)
        case .model: .unlessEmpty(facts.pointee.model, arena)
        case .doubts: facts.pointee.doubts.value(in: arena)
        case .conversation: .unlessEmpty(facts.pointee.conversation, arena)
        case .destinations, .tools, .toolResults, .batch: facts.pointee.list(of: key, in: arena)
        }
    }

    private func list(of key: Key, in arena: Arena) -> Value {
        switch key {
        case .destinations: destinations(in: arena)
        case .tools: OfferedTools.names(self, in: arena)
        case .toolResults: toolResults(in: arena)
        case .batch: messages(in: arena)
        default: .undefined
        }
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
    public enum Key: Int, InputKey {
        case id, provenance, spiffe, session, sessionProvenance, scopes, human, service
        case delegation, token

        public var word: StaticString {
            switch self {
            case .id: "id"
            case .provenance: "provenance"
            case .spiffe: "spiffe"
            case .session: "session"
            case .sessionProvenance: "session_provenance"
            case .scopes: "scopes"
            case .human: "human"
            case .service: "service"
            case .delegation: "delegation"
            case .token: "token"
            }
        }
    }

    /// `input.agent` as an object.
    public func value(scopes: ScopeList, _ principals: Principals, in arena: Arena) -> Value {
        Value.object(Key.self, in: arena) { key in
            if key == .scopes { return scopes.value }
            return Principals.has(key) ? principals.value(of: key) : value(of: key, in: arena)
        }
    }

    /// The value under `key`, but for `scopes` and what `Principals` has; `.undefined` when there
    /// is none.
    public func value(of key: Key, in arena: Arena) -> Value {
        switch key {
        case .id: .unlessEmpty(id, arena)
        case .provenance: .string(provenance.word)
        case .session: .unlessEmpty(session, arena)
        case .sessionProvenance:
            session.isEmpty ? .undefined : .string(Provenance.claimed.word)
        case .spiffe: spiffeValue(in: arena)
        case .scopes, .human, .service, .delegation, .token: .undefined
        }
    }

    private func spiffeValue(in arena: Arena) -> Value {
        guard let spiffe else { return .undefined }
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

    /// The same for the keys of a part of `input`.
    static func object<Key: InputKey>(
        _ keys: Key.Type, in arena: Arena, _ value: (Key) -> Value
    ) -> Value {
        let builder = CollectionBuilder.object(in: arena, capacity: keys.allCases.count)
        for key in keys.allCases {
            let value = value(key)
            if value.isDefined { builder.insert(.string(key.word), value) }
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
