// SPDX-License-Identifier: Apache-2.0
import AgentContext
import Authorization
import Inspection
import RegoVM

/// The parts of `input` that Portcullis adds to OPA-Envoy's document.
enum CheckSections {
    static let names = ["agent", "action", "context", "prompt", "threat"]
    static let agent = 0

    /// In the order of `names`.
    static func all() -> (
        agent: AgentSection, action: ActionSection, context: ContextSection,
        prompt: PromptSection, threat: ThreatSection
    ) {
        (
            AgentSection(name: names[0]), ActionSection(name: names[1]),
            ContextSection(name: names[2]), PromptSection(name: names[3]),
            ThreatSection(name: names[4])
        )
    }
}

/// `input.agent`
final class AgentSection: InputSection {
    unowned(unsafe) var subject: CheckSubject?

    override func value(in arena: Arena) -> Value {
        guard let subject else { return .undefined }
        return subject.identity.pointee.value(
            scopes: subject.scopes, subject.principals, in: arena)
    }

    override func value(of key: Value, in arena: Arena) -> Value {
        guard let subject else { return .undefined }
        if key.equals("scopes") { return subject.scopes.value }
        if Principals.has(key) { return subject.principals.value(of: key) }
        return subject.identity.pointee.value(of: key, in: arena)
    }
}

/// `input.action`
final class ActionSection: InputSection {
    unowned(unsafe) var subject: CheckSubject?
    /// nil when no context is kept. Its loop holds it.
    unowned(unsafe) var snapshot: AgentSnapshot?

    override func value(in arena: Arena) -> Value {
        guard let whole = subject?.facts.pointee.value(in: arena) else { return .undefined }
        let destination = Value.string("destination")
        let builder = CollectionBuilder.object(in: arena, capacity: whole.count)
        for index in 0..<whole.count where !whole.keys[index].equals("destination") {
            builder.insert(whole.keys[index], whole.values[index])
        }
        builder.insert(destination, value(of: destination, in: arena))
        return builder.finish()
    }

    override func value(of key: Value, in arena: Arena) -> Value {
        guard let facts = subject?.facts else { return .undefined }
        if key.equals("destination"), let snapshot {
            let host = facts.pointee.destination.host
            return facts.pointee.destination.value(
                firstSeen: !snapshot.hasSeen(destination: host), in: arena)
        }
        return ActionFacts.value(facts, of: key, in: arena)
    }
}

/// `input.context`
final class ContextSection: InputSection {
    unowned(unsafe) var subject: CheckSubject?
    /// nil when no context is kept. Its loop holds it.
    unowned(unsafe) var snapshot: AgentSnapshot?

    override func value(in arena: Arena) -> Value {
        guard let snapshot else { return .undefined }
        let builder = CollectionBuilder.object(in: arena, capacity: AgentSnapshot.keys.count + 1)
        for name in AgentSnapshot.keys {
            let value = snapshot.value(of: .string(name), in: arena)
            if value.isDefined { builder.insert(.string(name), value) }
        }
        builder.insert(.string("profile"), profile(snapshot, arena))
        return builder.finish()
    }

    override func value(of key: Value, in arena: Arena) -> Value {
        guard let snapshot else { return .undefined }
        if key.equals("profile") { return profile(snapshot, arena) }
        return snapshot.value(of: key, in: arena)
    }

    private func profile(_ snapshot: AgentSnapshot, _ arena: Arena) -> Value {
        guard let facts = subject?.facts else { return .undefined }
        let call = AgentSnapshot.Call(
            tool: facts.pointee.tool, destination: facts.pointee.destination.host,
            effect: facts.pointee.effect)
        return snapshot.profile(of: call, in: arena)
    }
}
