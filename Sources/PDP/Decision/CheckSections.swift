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

/// A section about the check's subject and its agent's context, which `DecisionPoint` holds: asking
/// them counts no reference.
class SubjectSection: InputSection {
    private var heldSubject: Unmanaged<CheckSubject>?
    private var heldSnapshot: Unmanaged<AgentSnapshot>?

    final func use(_ subject: CheckSubject) { heldSubject = .passUnretained(subject) }

    /// - Parameter snapshot: nil when no context is kept.
    final func use(_ snapshot: AgentSnapshot?) {
        heldSnapshot = snapshot.map { .passUnretained($0) }
    }

    final func ask(_ body: (CheckSubject) -> Value) -> Value {
        heldSubject?._withUnsafeGuaranteedRef(body) ?? .undefined
    }

    /// `.undefined` when no context is kept.
    final func recall(_ body: (AgentSnapshot) -> Value) -> Value {
        heldSnapshot?._withUnsafeGuaranteedRef(body) ?? .undefined
    }

    final var hasContext: Bool { heldSnapshot != nil }
}

/// `input.agent`
final class AgentSection: SubjectSection {
    override func value(in arena: Arena) -> Value {
        ask { subject in
            subject.identity.pointee.value(
                scopes: subject.scopes, subject.principals, in: arena)
        }
    }

    override func place(of key: Value) -> Int { AgentIdentity.Key(key)?.rawValue ?? Self.nowhere }

    override func value(at place: Int, in arena: Arena) -> Value {
        guard let key = AgentIdentity.Key(rawValue: place) else { return .undefined }
        return ask { subject in
            if key == .scopes { return subject.scopes.value }
            if Principals.has(key) { return subject.principals.value(of: key) }
            return subject.identity.pointee.value(of: key, in: arena)
        }
    }
}

/// `input.action`
final class ActionSection: SubjectSection {
    override func value(in arena: Arena) -> Value {
        let whole = ask { $0.facts.pointee.value(in: arena) }
        let destination = Value.string("destination")
        let builder = CollectionBuilder.object(in: arena, capacity: whole.count)
        for index in 0..<whole.count where !whole.keys[index].equals("destination") {
            builder.insert(whole.keys[index], whole.values[index])
        }
        builder.insert(destination, value(of: .destination, in: arena))
        return builder.finish()
    }

    override func place(of key: Value) -> Int { ActionFacts.Key(key)?.rawValue ?? Self.nowhere }

    override func value(at place: Int, in arena: Arena) -> Value {
        ActionFacts.Key(rawValue: place).map { value(of: $0, in: arena) } ?? .undefined
    }

    private func value(of key: ActionFacts.Key, in arena: Arena) -> Value {
        ask { subject in
            let facts = subject.facts
            guard key == .destination, hasContext else {
                return ActionFacts.value(facts, of: key, in: arena)
            }
            return recall { snapshot in
                let destination = facts.pointee.destination
                return destination.value(
                    firstSeen: !snapshot.hasSeen(destination: destination.host), in: arena)
            }
        }
    }
}

/// `input.context`
final class ContextSection: SubjectSection {
    /// The place of the one key that a snapshot does not have by itself.
    private static let profile = AgentSnapshot.Key.allCases.count

    override func value(in arena: Arena) -> Value {
        recall { snapshot in
            let builder = CollectionBuilder.object(
                in: arena, capacity: AgentSnapshot.Key.allCases.count + 1)
            for key in AgentSnapshot.Key.allCases {
                let value = snapshot.value(of: key, in: arena)
                if value.isDefined { builder.insert(.string(key.word), value) }
            }
            builder.insert(.string("profile"), profile(snapshot, arena))
            return builder.finish()
        }
    }

    override func place(of key: Value) -> Int {
        if key.equals("profile") { return Self.profile }
        return AgentSnapshot.Key(key)?.rawValue ?? Self.nowhere
    }

    override func value(at place: Int, in arena: Arena) -> Value {
        recall { snapshot in
            if let key = AgentSnapshot.Key(rawValue: place) {
                return snapshot.value(of: key, in: arena)
            }
            return place == Self.profile ? profile(snapshot, arena) : .undefined
        }
    }

    private func profile(_ snapshot: AgentSnapshot, _ arena: Arena) -> Value {
        ask { subject in
            let facts = subject.facts
            let call = AgentSnapshot.Call(
                tool: facts.pointee.tool, destination: facts.pointee.destination.host,
                effect: facts.pointee.effect)
            return snapshot.profile(of: call, in: arena)
        }
    }
}
